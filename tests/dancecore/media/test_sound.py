"""Sound that starts with the picture, at any rate, from any layout."""

from pathlib import Path

import numpy as np
import pytest

from dancecore.media import audio, write_video
from dancecore.types import Float
from tests.dancecore.media.clips import make, picture

PICTURES = [picture(i) for i in range(40)]
TIMES = range(0, 2000, 50)


def burst(at_s: float, seconds: float = 2.0, rate: int = 44100) -> Float:
    """Silence with 100 ms of a 1 kHz tone from `at_s` on."""
    time = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 1000 * time) * ((time >= at_s) & (time < at_s + 0.1))).astype(np.float32)


def heard_at(samples: Float, rate: int) -> float:
    """Seconds of the middle of what sounds."""
    power = samples.astype(np.float64) ** 2
    return float((power * np.arange(len(power))).sum() / power.sum() / rate)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_sound_keeps_its_place_at_any_rate(tmp_path: Path, rate: int) -> None:
    write_video(tmp_path / "clip.mp4", PICTURES, 20, burst(1.2))
    samples = audio(tmp_path / "clip.mp4", rate)
    assert samples is not None
    assert samples.dtype == np.float32
    assert len(samples) == 2 * rate
    assert heard_at(samples, rate) == pytest.approx(1.25, abs=0.01)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts"])
@pytest.mark.parametrize("late_ms", [0, 500])
@pytest.mark.parametrize("start_ms", [0, 3000])
def test_time_zero_is_the_first_picture(tmp_path: Path, suffix: str, late_ms: int, start_ms: int) -> None:
    times = [t + start_ms for t in TIMES]
    path = make(
        tmp_path / f"clip.{suffix}", PICTURES, times, sound=burst(0.4, 1.0), sound_from_ms=start_ms + late_ms
    )  # fmt: skip
    samples = audio(path, 16000)
    assert samples is not None
    assert heard_at(samples, 16000) == pytest.approx(0.45 + late_ms / 1000, abs=0.03)  # AAC's frames are 23 ms


def test_sound_is_cut_or_filled_to_the_picture(tmp_path: Path) -> None:
    for seconds in (0.5, 5.0):
        write_video(tmp_path / "clip.mp4", PICTURES, 20, burst(0.1, seconds))
        samples = audio(tmp_path / "clip.mp4", 22050)
        assert samples is not None
        assert len(samples) == 44100
        assert heard_at(samples, 22050) == pytest.approx(0.15, abs=0.01)


def test_sound_before_the_picture_is_left_out(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mkv", PICTURES, [t + 1000 for t in TIMES], sound=burst(1.5, 2.5))
    samples = audio(path, 16000)
    assert samples is not None
    assert heard_at(samples, 16000) == pytest.approx(0.55, abs=0.02)


def test_no_sound(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", PICTURES, 20)
    assert audio(tmp_path / "clip.mp4", 22050) is None
