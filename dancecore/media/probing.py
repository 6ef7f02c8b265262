"""What a clip is, or why it is refused: every packet is read, a key picture of every second is decoded."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dancecore.errors import DanceError
from dancecore.media.container import opened, seconds, video_stream
from dancecore.media.timeline import Shown, Timeline, shown, timeline_of
from dancecore.media.upright import viewed_size
from dancecore.settings import MediaSettings
from dancecore.types import MS, SECOND, ClipInfo

KEY_SPACING_S = 1.0
"""Key pictures nearer than this to the last decoded one are passed over: some codecs have nothing else."""

MISSING_S = 0.5
"""How much earlier than the header says the last packet may end: streams of one file end a little apart."""


@dataclass(slots=True)
class _Scan:
    """What reading all packets told."""

    pictures: list[Shown] = field(default_factory=list)
    size: tuple[int, int] | None = None
    tried: int = 0
    decoded: int = 0
    sounds: int = 0
    end_s: float = 0.0
    cut: bool = False


def probe(path: Path, settings: MediaSettings) -> ClipInfo:
    """Read a whole clip and say what it is.

    Every packet is read, so that a cut-off file is found; of the pictures one key picture a second is decoded.
    Damage that leaves most key pictures whole is let through: `frames` bridges it. Raises DanceError FILE_NOT_FOUND,
    EMPTY_FILE, NOT_A_VIDEO, NO_VIDEO_STREAM, TOO_LARGE, TRUNCATED, ZERO_FRAMES, CORRUPT_VIDEO, BAD_DIMENSIONS,
    TOO_SHORT or TOO_LONG.
    """
    with opened(path) as container:
        size = path.stat().st_size
        if size > settings.max_bytes:
            raise DanceError("TOO_LARGE", f"{path.name} is {size} bytes; at most {settings.max_bytes} are accepted")
        stream = video_stream(container, path)
        promised = stream.codec_context.width, stream.codec_context.height
        if all(promised):  # some headers leave the size to the pictures
            _check_sides(path, promised, settings)
        scan = _scan(container, stream)
        _check_whole(path, container, stream, scan)
        times = timeline_of(scan.pictures, stream, path)
        width, height = _check_decoded(path, scan)
        _check_sides(path, (width, height), settings)
        _check_length(path, times, settings)
        return ClipInfo(
            path=path, sha256=sha256_of(path), bytes=size, duration_ms=times.duration_ns // MS,
            fps=len(times.pts) * SECOND / times.duration_ns, width=width, height=height,
            has_audio=scan.sounds > 0, codec=stream.codec_context.name,
        )  # fmt: skip


def _scan(container: InputContainer, stream: VideoStream) -> _Scan:
    scan, last_key_s = _Scan(), float("-inf")
    for packet in container.demux():
        if not packet.size:
            continue
        time_s = seconds(packet.pts, packet.time_base)
        if time_s is not None:
            scan.end_s = max(scan.end_s, time_s + (seconds(packet.duration, packet.time_base) or 0))
        scan.cut = packet.is_corrupt
        scan.sounds += packet.stream.type == "audio"
        if packet.stream.index != stream.index:
            continue
        if (picture := shown(packet)) is not None:
            scan.pictures.append(picture)
        if packet.is_keyframe and (time_s is None or time_s >= last_key_s + KEY_SPACING_S):
            last_key_s = time_s or 0.0
            _decode_key(stream, packet, scan)
    return scan


def _decode_key(stream: VideoStream, packet: Packet, scan: _Scan) -> None:
    """Decode one key picture on its own and note its size."""
    scan.tried += 1
    frames: list[VideoFrame] = []
    try:
        frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
    except av.InvalidDataError:
        pass  # counted as tried and not decoded
    finally:
        stream.codec_context.flush_buffers()
    scan.decoded += bool(frames)
    if frames:
        scan.size = viewed_size(stream, frames[0])


def _check_whole(path: Path, container: InputContainer, stream: VideoStream, scan: _Scan) -> None:
    """Refuse a file that ends before its index or its header says."""
    size = path.stat().st_size
    missing = sum(entry.pos + entry.size > size for entry in stream.index_entries)
    start_s = (container.start_time or 0) / av.time_base
    promised_s = start_s + (container.duration or 0) / av.time_base
    if missing or scan.cut or promised_s > scan.end_s + MISSING_S:
        raise DanceError(
            "TRUNCATED",
            f"{path.name} is cut off: it ends at {scan.end_s:.1f} s, its header promises {promised_s:.1f} s",
        )


def _check_decoded(path: Path, scan: _Scan) -> tuple[int, int]:
    if scan.size is None or scan.decoded * 2 < scan.tried:
        raise DanceError(
            "CORRUPT_VIDEO", f"only {scan.decoded} of {scan.tried} key pictures of {path.name} can be decoded"
        )
    return scan.size


def _check_sides(path: Path, sides: tuple[int, int], settings: MediaSettings) -> None:
    least, most = settings.min_side_px, settings.max_side_px
    if not all(least <= side <= most for side in sides):
        raise DanceError(
            "BAD_DIMENSIONS", f"{path.name} is {sides[0]} x {sides[1]} pixels; a side must have {least} to {most}"
        )


def _check_length(path: Path, times: Timeline, settings: MediaSettings) -> None:
    ms = times.duration_ns // MS
    if ms < settings.min_ms:
        raise DanceError("TOO_SHORT", f"{path.name} is {ms} ms long; at least {settings.min_ms} are needed")
    if ms > settings.max_ms:
        raise DanceError("TOO_LONG", f"{path.name} is {ms} ms long; at most {settings.max_ms} are accepted")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
