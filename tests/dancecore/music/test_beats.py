"""Beats against clicks whose times are known, against mir_eval, and on real music."""

from pathlib import Path

import librosa
import mir_eval
import numpy as np
import pytest
import soundfile

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.music import track_beats
from dancecore.types import Float, IntT

RATE = settings().music.rate_hz


def clicks(bpm: float, seconds: float, noise: float = 0.0, jitter_s: float = 0.0, seed: int = 0) -> tuple[Float, Float]:
    """Accented clicks in 4/4 from 0.1 s on, and when they sound."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.1, seconds - 0.1, 60 / bpm)
    times = times + rng.normal(0, jitter_s, len(times)) if jitter_s else times
    ring = np.arange(RATE // 10)
    ring = np.exp(-ring / 300) * np.sin(2 * np.pi * 1000 * ring / RATE)
    sound = rng.normal(0, noise, int(seconds * RATE)) if noise else np.zeros(int(seconds * RATE))
    for beat, start in enumerate(np.maximum(times * RATE, 0).astype(int)):
        part = ring[: len(sound) - start]
        sound[start : start + len(part)] += part * (1.0 if beat % 4 == 0 else 0.6)
    return sound.astype(np.float32), times.astype(np.float32)


def speech(seconds: float, seed: int) -> Float:
    """Syllables of random length, pitch and pause: bursts without a pulse."""
    rng, sound, now = np.random.default_rng(seed), np.zeros(int(seconds * RATE), np.float32), 0.0
    while now < seconds:
        length, start = int((rng.gamma(3, 0.05) + 0.04) * RATE), int(now * RATE)
        wave = np.hanning(length) * np.sin(2 * np.pi * rng.uniform(100, 500) * np.arange(length) / RATE)
        sound[start : start + length] += wave[: max(0, len(sound) - start)].astype(np.float32)
        now += length / RATE + rng.gamma(1.2, 0.08)
    return sound


@pytest.mark.parametrize("bpm", [62, 70, 80, 96, 110, 120, 128, 140, 155, 170, 175])
def test_tempo_and_beats_of_clicks(bpm: int) -> None:
    sound, truth = clicks(bpm, 20)
    grid = track_beats(sound, RATE, settings().music)
    assert grid is not None
    assert grid.bpm == pytest.approx(bpm, rel=0.02)
    assert mir_eval.beat.f_measure(truth, grid.beats_ns / 1e9, f_measure_threshold=0.04) > 0.9
    assert grid.confidence > 0.7


def test_beats_are_not_late() -> None:
    sound, truth = clicks(120, 20)
    grid = track_beats(sound, RATE, settings().music)
    assert grid is not None
    nearest = [
        float(np.abs(truth - t).min() * np.sign((t - truth)[np.abs(truth - t).argmin()])) for t in grid.beats_ns / 1e9
    ]
    assert abs(np.median(nearest)) < 0.01


def test_five_seconds_in_noise_suffice() -> None:
    sound, truth = clicks(128, 5, noise=0.05)
    grid = track_beats(sound, RATE, settings().music)
    assert grid is not None
    assert grid.bpm == pytest.approx(128, rel=0.02)
    assert mir_eval.beat.f_measure(truth, grid.beats_ns / 1e9, f_measure_threshold=0.07) > 0.9
    assert grid.confidence > settings().music.min_confidence


NOTHING = {
    "silence": np.zeros(5 * RATE, np.float32),
    "hiss of a muted microphone": np.random.default_rng(0).normal(0, 1e-4, 5 * RATE).astype(np.float32),
    "a steady offset": np.full(5 * RATE, 0.5, np.float32),
    "no samples": np.zeros(0, np.float32),
    "one second": clicks(120, 1)[0],
}


@pytest.mark.parametrize("sound", NOTHING.values(), ids=NOTHING)
def test_no_beats_where_there_are_none(sound: Float) -> None:
    assert track_beats(sound, RATE, settings().music) is None


DOUBTFUL = {
    "white noise": np.random.default_rng(1).normal(0, 0.1, 10 * RATE).astype(np.float32),
    "speech": speech(15, 2),
    "other speech": speech(30, 3),
    "clicks without a pulse": clicks(120, 20, jitter_s=0.15)[0],
}


@pytest.mark.parametrize("sound", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_has_no_pulse_is_not_trusted(sound: Float) -> None:
    grid = track_beats(sound, RATE, settings().music)
    assert grid is None or grid.confidence < 0.4


@pytest.mark.parametrize("sound", [np.zeros((2, 9), np.float32), np.zeros(9), np.full(9, np.nan, np.float32)])
def test_other_arrays_are_refused(sound: Float) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        track_beats(sound, RATE, settings().music)


@pytest.fixture(scope="module", params=["sweet-waltz", "ragtime", "Fishin", "Sugar_Plum", "Vibe_Ace", "Drum-bass"])
def music(request: pytest.FixtureRequest, real_data: Path) -> Float:
    """Thirty seconds of a real recording."""
    (path,) = (real_data / "audio").glob(f"*{request.param}*.ogg")
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return librosa.resample(sound.mean(axis=1)[: 30 * rate], orig_sr=rate, target_sr=RATE)


def half_beats(beats_ns: IntT) -> Float:
    """Seconds of the beats and the middles between them: what spans snap to, whichever half is called the beat."""
    return np.sort(np.concatenate([beats_ns, (beats_ns[:-1] + beats_ns[1:]) // 2])) / 1e9


def test_real_music_has_a_pulse(music: Float) -> None:
    grid = track_beats(music, RATE, settings().music)
    assert grid is not None
    assert grid.confidence > 0.5
    assert settings().music.min_bpm <= grid.bpm <= settings().music.max_bpm


def test_a_part_agrees_with_the_whole_where_beats_are_trusted(music: Float) -> None:
    whole = track_beats(music, RATE, settings().music)
    part = track_beats(music[8 * RATE : 20 * RATE], RATE, settings().music)
    assert whole is not None
    assert part is not None
    if min(whole.confidence, part.confidence) < settings().music.min_confidence:
        pytest.skip(f"these beats are not trusted: {whole.confidence:.2f}")
    truth = half_beats(whole.beats_ns) - 8
    assert part.bpm == pytest.approx(whole.bpm, rel=0.05)
    assert mir_eval.beat.f_measure(truth[(truth > 0) & (truth < 12)], half_beats(part.beats_ns)) > 0.8


def test_music_played_faster_has_a_faster_beat(music: Float) -> None:
    slow, fast = (track_beats(music, rate, settings().music) for rate in (RATE, round(RATE * 1.08)))
    assert slow is not None
    assert fast is not None
    octaves = np.log2(fast.bpm / (1.08 * slow.bpm))
    assert abs(octaves - round(octaves)) < 0.04, f"{slow.bpm} became {fast.bpm}"
