"""Opening what claims to be a video, and refusing what is not, before anything is decoded."""

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from dancecore.errors import DanceError

DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mp3,wav,flac,aac"
"""What may be opened. Playlists (hls, concat, dash) are left out: they make the demuxer open other files and hosts.
The sound formats are here so that a song is refused as a file without a picture rather than as no media at all."""

MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"sidx", b"styp", b"pdin", b"meta"}

logging.getLogger("libav").setLevel(logging.CRITICAL)  # a damaged clip would print a line for every broken packet


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The open container of a regular, non-empty file in a known format; always closed.

    Raises DanceError FILE_NOT_FOUND, EMPTY_FILE, TRUNCATED (an MP4 that was cut off before its index) or NOT_A_VIDEO;
    whatever the demuxer or decoder raises inside the block becomes CORRUPT_VIDEO.
    """
    _check_file(path)
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        container = av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise _unopenable(path) from error
    try:
        with container:
            yield container
    except av.FFmpegError as error:
        raise DanceError("CORRUPT_VIDEO", f"{path.name} cannot be decoded: {error.strerror}") from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The main picture stream, set to one thread: a worker owns one core. Cover art is not a picture stream.

    Raises DanceError("NO_VIDEO_STREAM").
    """
    moving = [s for s in container.streams.video if s.codec_context is not None and not _is_cover(s)]
    if not moving:
        raise DanceError("NO_VIDEO_STREAM", f"{path.name} has no video in it, only {_kinds(container)}")
    stream = max(moving, key=lambda s: (s.codec_context.width or 0) * (s.codec_context.height or 0))
    stream.codec_context.thread_count = 1
    return stream


def seconds(pts: int | None, time_base: Fraction | None) -> float | None:
    """A timestamp in seconds, None where the container gives none."""
    return None if pts is None or time_base is None else float(pts * time_base)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise DanceError("FILE_NOT_FOUND", f"there is no file {path}")
    if not path.is_file():
        raise DanceError("NOT_A_VIDEO", f"{path} is not a regular file")
    if path.stat().st_size == 0:
        raise DanceError("EMPTY_FILE", f"{path.name} is empty (0 bytes)")


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _kinds(container: InputContainer) -> str:
    return " and ".join(sorted({s.type for s in container.streams})) or "nothing"


def _unopenable(path: Path) -> DanceError:
    if _cut_mp4(path):
        return DanceError("TRUNCATED", f"{path.name} was cut off before its index was written")
    return DanceError("NOT_A_VIDEO", f"{path.name} is not a video in a format we read")


def _cut_mp4(path: Path) -> bool:
    """True for an MP4 (ISO 14496-12, section 4.2) made of true boxes that ends inside one or has no `moov`."""
    size, position, seen = path.stat().st_size, 0, set()
    with path.open("rb") as file:
        while position + 8 <= size:
            file.seek(position)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind not in MP4_BOXES:
                return False
            if length == 1:
                length = int.from_bytes(file.read(8), "big")
            seen.add(kind)
            position = position + length if length >= 8 else size
    return b"mdat" in seen and (b"moov" not in seen or position > size)
