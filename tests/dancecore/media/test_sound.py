"""Sound that starts with the picture, at any rate, from any layout."""

from pathlib import Path

import av
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


def spliced(folder: Path, layout: str, rate: int) -> Path:
    """A second with mono sound at 44.1 kHz, then one whose sound is of another kind: two recordings joined."""
    parts = []
    for second, (channels, hertz) in enumerate((("mono", 44100), (layout, rate))):
        parts.append(folder / f"{second}.ts")
        with av.open(str(parts[-1]), "w") as container:
            video = container.add_stream("libx264", rate=20)
            video.height, video.width, video.pix_fmt = 64, 96, "yuv420p"
            sound = container.add_stream("aac", rate=hertz, layout=channels)
            for i in range(20):
                shown = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
                shown.pts = 20 * second + i
                container.mux(video.encode(shown))
            tone = np.tile(burst(0.4, 1.0, hertz), (1 if channels == "mono" else 2, 1))
            heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout=channels)
            heard.sample_rate, heard.pts = hertz, second * hertz
            container.mux([*video.encode(None), *sound.encode(heard), *sound.encode(None)])
    (folder / "both.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    return folder / "both.ts"


@pytest.mark.parametrize(("layout", "rate"), [("stereo", 44100), ("mono", 48000)])
def test_sound_that_changes_its_kind_midway(tmp_path: Path, layout: str, rate: int) -> None:
    samples = audio(spliced(tmp_path, layout, rate), 16000)
    assert samples is not None
    for second in samples[:14000], samples[-16000:]:  # joined, the two overlap by two pictures
        assert heard_at(second, 16000) == pytest.approx(0.45, abs=0.05)


def test_no_sound(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", PICTURES, 20)
    assert audio(tmp_path / "clip.mp4", 22050) is None
