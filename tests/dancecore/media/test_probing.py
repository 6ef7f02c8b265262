"""What is accepted, and every way a file can be refused."""

import hashlib
import os
import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.media import audio, frames, preview, probe, write_video
from tests.dancecore.media.clips import make, picture

LIMITS = settings().media


def noisy(count: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    """Pictures that do not compress to nothing."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def whole(folder: Path, suffix: str = "mp4") -> Path:
    """Four seconds with sound, the index in front."""
    path = folder / f"whole.{suffix}"
    sound = np.sin(np.arange(4 * 44100) / 20).astype(np.float32)
    if suffix == "mp4":
        write_video(path, noisy(80), 20, sound)
        return path
    codec = "libvpx" if suffix == "webm" else "libx264"
    return make(path, noisy(80), range(0, 4000, 50), codec, sound=None if suffix == "webm" else sound)


def test_what_a_clip_is(tmp_path: Path) -> None:
    path = whole(tmp_path)
    info = probe(path, LIMITS)
    assert (info.width, info.height, info.duration_ms, info.has_audio, info.codec) == (96, 64, 4000, True, "h264")
    assert info.fps == pytest.approx(20)
    assert info.bytes == path.stat().st_size
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi", "ts", "flv", "webm"])
def test_whole_files_of_any_container_pass(tmp_path: Path, suffix: str) -> None:
    info = probe(whole(tmp_path, suffix), LIMITS)
    assert info.duration_ms == pytest.approx(4000, abs=110)  # AVI keeps no time for its last B-frames
    assert info.fps == pytest.approx(20, rel=0.03)


@pytest.mark.parametrize("name", ["solo/pose_1.mp4", "solo/left_right_step.webm", "bachata/basic_front.mp4"])
def test_size_and_length_agree_with_the_frames(real_data: Path, name: str) -> None:
    path = real_data / "video" / name
    info = probe(path, LIMITS)
    parts = list(frames(path, 20))
    assert parts[0].images.shape[1:3] == (info.height, info.width)
    assert sum(len(p.time_ns) for p in parts) == -(-info.duration_ms * 20 // 1000)


def text(folder: Path) -> Path:
    (folder / "dance.mp4").write_text("these are only words\n" * 99)
    return folder / "dance.mp4"


def script_behind_a_header(folder: Path) -> Path:
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    (folder / "dance.mp4").write_bytes(head + b"#!/bin/sh\nrm -rf /\n" * 50)
    return folder / "dance.mp4"


def playlist(folder: Path) -> Path:
    secret = whole(folder)
    (folder / "dance.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    )
    return folder / "dance.mp4"


def concatenation(folder: Path) -> Path:
    (folder / "dance.mp4").write_text(f"ffconcat version 1.0\nfile {whole(folder).name}\n")
    return folder / "dance.mp4"


def photograph(folder: Path) -> Path:
    Pillow.fromarray(noisy(1)[0]).save(folder / "dance.mp4", format="JPEG")
    return folder / "dance.mp4"


def song(folder: Path) -> Path:
    path = folder / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def empty(folder: Path) -> Path:
    (folder / "dance.mp4").touch()
    return folder / "dance.mp4"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "dance.mp4")
    return folder / "dance.mp4"


def directory(folder: Path) -> Path:
    (folder / "dance.mp4").mkdir()
    return folder / "dance.mp4"


def missing(folder: Path) -> Path:
    return folder / "dance.mp4"


def cut(suffix: str, share: float) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = whole(folder, suffix)
        os.truncate(path, int(path.stat().st_size * share))
        return path

    made.__name__ = f"{suffix} cut off at {share:.0%}"
    return made


def last_byte_missing(folder: Path) -> Path:
    path = whole(folder)
    os.truncate(path, path.stat().st_size - 1)
    return path


def index_never_written(folder: Path) -> Path:
    content = whole(folder, "mov").read_bytes()  # this muxer writes its index at the end
    (folder / "dance.mov").write_bytes(content[: content.rindex(b"moov") - 4])
    return folder / "dance.mov"


def no_pictures(folder: Path) -> Path:
    path = folder / "dance.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuvj420p"
        sound = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4 * 44100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux([*sound.encode(frame), *sound.encode(None)])
    return path


def garbage_for_pictures(folder: Path) -> Path:
    path = whole(folder)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    path.write_bytes(content)
    return path


def gigantic(folder: Path) -> Path:
    path = folder / "dance.avi"
    with av.open(str(path), "w") as container:
        video = container.add_stream("rawvideo", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for image in noisy(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
    content = path.read_bytes().replace(struct.pack("<II", 96, 64), struct.pack("<II", 16000, 16000))
    path.write_bytes(content)
    return path


def of(seconds: float, width: int = 96, height: int = 64) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        write_video(folder / "dance.mp4", (picture(i, width, height) for i in range(int(20 * seconds))), 20)
        return folder / "dance.mp4"

    made.__name__ = f"{seconds} s of {width} x {height}"
    return made


REFUSED = [
    (missing, "FILE_NOT_FOUND"), (empty, "EMPTY_FILE"), (pipe, "NOT_A_VIDEO"), (directory, "NOT_A_VIDEO"),
    (text, "NOT_A_VIDEO"), (script_behind_a_header, "NOT_A_VIDEO"), (playlist, "NOT_A_VIDEO"),
    (concatenation, "NOT_A_VIDEO"), (photograph, "NOT_A_VIDEO"), (song, "NO_VIDEO_STREAM"),
    (cut("mp4", 0.5), "TRUNCATED"), (cut("mp4", 0.95), "TRUNCATED"), (last_byte_missing, "TRUNCATED"),
    (cut("mkv", 0.6), "TRUNCATED"), (cut("avi", 0.6), "TRUNCATED"), (cut("flv", 0.6), "TRUNCATED"),
    (cut("webm", 0.6), "TRUNCATED"), (cut("mov", 0.6), "TRUNCATED"), (index_never_written, "TRUNCATED"),
    (no_pictures, "ZERO_FRAMES"), (garbage_for_pictures, "CORRUPT_VIDEO"), (gigantic, "BAD_DIMENSIONS"),
    (of(4, 4098, 64), "BAD_DIMENSIONS"), (of(4, 62, 96), "BAD_DIMENSIONS"), (of(2.9), "TOO_SHORT"),
]  # fmt: skip


@pytest.mark.parametrize(("make_file", "code"), REFUSED, ids=[f"{m.__name__}: {c}" for m, c in REFUSED])
def test_refused_with_a_code_and_plain_words(tmp_path: Path, make_file: Callable[[Path], Path], code: str) -> None:
    path = make_file(tmp_path)
    with pytest.raises(DanceError) as refusal:
        probe(path, LIMITS)
    assert refusal.value.code == code
    assert path.name in refusal.value.message
    again = pickle.loads(pickle.dumps(refusal.value))
    assert (again.code, again.message) == (code, refusal.value.message)


@pytest.mark.parametrize("make_file", [m for m, c in REFUSED], ids=[m.__name__ for m, _ in REFUSED])
def test_no_other_error_comes_out_of_any_of_them(tmp_path: Path, make_file: Callable[[Path], Path]) -> None:
    path = make_file(tmp_path)
    for read in (lambda: list(frames(path, 1)), lambda: audio(path, 8000)):
        with suppress(DanceError):
            read()


def test_limits_that_are_set(tmp_path: Path) -> None:
    path = whole(tmp_path)
    for limit, code in (({"max_ms": 3900}, "TOO_LONG"), ({"max_bytes": 1000}, "TOO_LARGE")):
        with pytest.raises(DanceError) as refusal:
            probe(path, replace(LIMITS, **limit))
        assert refusal.value.code == code


def test_a_preview_moves_and_is_small(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", (picture(i, 640, 360) for i in range(59)), 12)
    preview(tmp_path / "clip.mp4", tmp_path / "clip.gif", LIMITS)
    with Pillow.open(tmp_path / "clip.gif") as gif:
        assert gif.format == "GIF"
        assert gif.size == (LIMITS.preview_px, LIMITS.preview_px * 360 // 640)
        assert gif.n_frames > 20
        assert gif.info["duration"] == 1000 // LIMITS.preview_hz
        assert gif.info["loop"] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.gif", "clip.mp4"]
