"""The right picture at every tick, upright, whatever the container."""

import gc
import os
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.media import frames, write_video
from dancecore.media.timeline import Timeline
from tests.dancecore.media.clips import colours, corners, make, number, picture

TICK = 50_000_000


def shown(path: Path, rate_hz: int = 20, batch: int = 32) -> list[int]:
    return [number(image) for part in frames(path, rate_hz, batch) for image in part.images]


@pytest.mark.parametrize("fps", [10, 12, 20, 24, 25, 30, 30000 / 1001, 50, 60])
def test_each_tick_shows_the_picture_of_its_time(tmp_path: Path, fps: float) -> None:
    count = min(59, int(fps * 2))
    write_video(tmp_path / "clip.mp4", (picture(i) for i in range(count)), fps, crf=10)
    exact = Fraction(fps).limit_denominator(1001)
    ticks = range(-int(-count / exact * 20 // 1))
    assert shown(tmp_path / "clip.mp4") == [int(Fraction(k, 20) * exact) for k in ticks]


VARYING = {
    "a pause": ([0, 40, 80, 1500, 1540], [0, 1] + [2] * 28 + [3]),
    "slower and slower": ([0, 20, 60, 140, 300, 620], [0, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]),
    "starts late": ([5000, 5050, 5100, 5150], [0, 1, 2, 3]),
    "a burst between two ticks": ([0, 51, 60, 70, 80, 90, 100, 150], [0, 0, 6, 7]),
}


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize(("times_ms", "expected"), VARYING.values(), ids=VARYING)
def test_variable_frame_rate(tmp_path: Path, suffix: str, times_ms: list[int], expected: list[int]) -> None:
    path = make(tmp_path / f"clip.{suffix}", [picture(i) for i in range(len(times_ms))], times_ms, options={"crf": "5"})
    assert shown(path)[: len(expected)] == expected


def test_ticks_are_exact_and_batches_full(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", (picture(i) for i in range(50)), 25)
    parts = list(frames(tmp_path / "clip.mp4", 20, batch=16))
    assert [len(part.time_ns) for part in parts] == [16, 16, 8]
    assert np.concatenate([part.time_ns for part in parts]).tolist() == [TICK * k for k in range(40)]


MATRICES = {  # a, b, c, d of the display matrix: where the corners red, green, blue, white go
    "as it is": ((1, 0, 0, 1), "rgbw"),
    "quarter turn right": ((0, 1, -1, 0), "brwg"),
    "half turn": ((-1, 0, 0, -1), "wbgr"),
    "quarter turn left": ((0, -1, 1, 0), "gwrb"),
    "mirrored": ((-1, 0, 0, 1), "grwb"),
    "upside down": ((1, 0, 0, -1), "bwrg"),
    "transposed": ((0, 1, 1, 0), "rbgw"),
    "transposed the other way": ((0, -1, -1, 0), "wgbr"),
}


@pytest.mark.parametrize(("matrix", "expected"), MATRICES.values(), ids=MATRICES)
def test_display_matrix(tmp_path: Path, matrix: tuple[int, int, int, int], expected: str) -> None:
    path = tmp_path / "clip.mp4"
    write_video(path, [corners()] * 8, 20)
    a, b, c, d = (v * 65536 for v in matrix)
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44  # ISO 14496-12, section 8.3.2
    content[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(content)
    (part,) = frames(path, 20)
    assert colours(part.images[0]) == expected
    assert part.images.shape[1:3] == ((96, 64) if matrix[0] == 0 else (64, 96))


def test_pixels_are_made_square(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mp4", [corners()] * 8, range(0, 400, 50), aspect=Fraction(3, 2))
    (part,) = frames(path, 20)
    assert part.images.shape[1:3] == (64, 144)
    assert colours(part.images[0]) == "rgbw"


FORMATS = [
    ("mp4", "libx264", "yuv444p"), ("mkv", "libx264", "yuv420p10le"),
    ("mov", "mjpeg", "yuvj420p"), ("mkv", "ffv1", "bgr0"), ("mkv", "ffv1", "yuv422p"), ("avi", "mpeg4", "yuv420p"),
    ("webm", "libvpx", "yuv420p"), ("webm", "libvpx-vp9", "yuv420p"), ("ts", "libx264", "yuv420p"),
    ("flv", "libx264", "yuv420p"),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "codec", "pix_fmt"), FORMATS)
def test_containers_and_pixel_formats(tmp_path: Path, suffix: str, codec: str, pix_fmt: str) -> None:
    count = 24
    images = [picture(2 * i) for i in range(count)]
    path = make(tmp_path / f"clip.{suffix}", images, range(0, 40 * count, 40), codec, pix_fmt)
    found = shown(path)
    assert len(found) in (19, 20)  # 960 ms; MPEG's and AVI's ends are a frame uncertain
    assert np.abs(np.array(found[:18]) - [2 * int(k * 1.25) for k in range(18)]).max() <= 1


def test_a_change_of_size_midway_keeps_the_first_size(tmp_path: Path) -> None:
    small = make(tmp_path / "a.ts", [picture(5)] * 10, range(0, 500, 50))
    large = make(tmp_path / "b.ts", [picture(50, 192, 128)] * 10, range(500, 1000, 50))
    (tmp_path / "both.ts").write_bytes(small.read_bytes() + large.read_bytes())
    (part,) = frames(tmp_path / "both.ts", 20)
    assert part.images.shape[1:3] == (64, 96)
    assert {number(image) for image in part.images} == {5, 50}


def test_damage_in_the_middle_is_bridged(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = [
        np.clip(picture(i).astype(int) + rng.integers(-6, 6, (64, 96, 1)), 0, 255).astype(np.uint8) for i in range(59)
    ]
    path = make(tmp_path / "clip.mp4", noisy, range(0, 59 * 50, 50), options={"g": "10", "crf": "20"})
    whole = shown(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 10] = rng.bytes(len(content) // 10)
    path.write_bytes(content)
    hurt = shown(path)
    assert len(hurt) == len(whole) == 59
    assert sum(a == b for a, b in zip(whole, hurt, strict=True)) > 30


def test_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    def peak(seconds: int) -> int:
        path = tmp_path / f"{seconds}.mp4"
        write_video(path, (picture(i, 320, 240) for i in range(20 * seconds)), 20)
        tracemalloc.start()
        for _ in frames(path, 20, batch=8):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(40) < 1.1 * peak(5)


def test_files_are_closed_even_when_left_early(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", (picture(i) for i in range(59)), 20)
    next(frames(tmp_path / "clip.mp4", 20, batch=1)).time_ns  # noqa: B018
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        next(frames(tmp_path / "clip.mp4", 20, batch=1))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


@given(
    steps=st.lists(st.integers(1, 400), min_size=1, max_size=40), start=st.integers(-(10**6), 10**6),
    rate=st.sampled_from([1, 10, 20, 25, 60]), base=st.sampled_from([1000, 90000, 30000, 15360]),
)  # fmt: skip
@hypothesis(max_examples=200)
def test_timeline_by_its_definition(steps: list[int], start: int, rate: int, base: int) -> None:
    pts = start + np.cumsum(steps)
    line = Timeline(pts.astype(np.int64), int(pts[-1]) + 40, Fraction(1, base))
    ticks = line.ticks(rate)
    assert ticks[0] == 0
    assert ticks[-1] < line.duration_ns <= ticks[-1] + 1e9 // rate + 1
    expected = {max(int(p) for p in pts if line.ns(int(p)) <= tick) for tick in ticks.tolist()}
    assert line.sampled(rate) == expected


def test_writing_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    for images in ([], [picture(0, 95, 64)], [picture(0), picture(0, 128, 64)], [np.zeros((64, 96), np.uint8)]):
        with pytest.raises(DanceError, match="INVALID_INPUT"):
            write_video(tmp_path / "clip.mp4", images, 20)
    assert list(tmp_path.iterdir()) == []  # nothing half-written is left


def test_a_clip_that_fails_midway_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_video(path, [picture(3)] * 20, 20)
    before = path.read_bytes()

    def broken():  # type: ignore[no-untyped-def]
        yield picture(9)
        raise RuntimeError("the renderer failed")

    with pytest.raises(RuntimeError, match="renderer"):
        write_video(path, broken(), 20)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_pictures_give_the_same_file(tmp_path: Path) -> None:
    """Whatever lay in memory before."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (200, 200, 3), np.uint8)
    images = [np.ascontiguousarray(noise[i % 40 : i % 40 + 128, 2 * i % 60 : 2 * i % 60 + 96]) for i in range(60)]
    written = set()
    for attempt in range(4):
        left = [np.full(rng.integers(1000, 3_000_000), rng.integers(256), np.uint8) for _ in range(50)]
        del left
        write_video(tmp_path / f"{attempt}.mp4", images, 24, crf=26)
        written.add((tmp_path / f"{attempt}.mp4").read_bytes())
    assert len(written) == 1
