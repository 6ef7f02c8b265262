"""Synthetic music: beats where they are put."""

from functools import partial

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.music.beats import track_beats
from dancecore.synthetic import music
from dancecore.synthetic.music import RATE
from dancecore.types import BeatGrid

compose = partial(music.compose, drums=settings().synthetic.dance.drums)


@pytest.mark.parametrize("bars", [0, 1, 2])
def test_every_bar_starts_to_the_sample(bars: int) -> None:
    """The first sample that differs from the piece without the bars from here on is its first beat's own."""
    beats = 0.25 + np.arange(12) * 0.5
    whole, before = (compose(each, 0.0, 7.0, seed=3) for each in (beats, beats[: 4 * bars]))
    first = np.flatnonzero(whole != before)[0]
    assert abs(first - round(beats[4 * bars] * RATE)) <= 1


def hear(beats: np.ndarray, swing: float, seed: int) -> BeatGrid:
    heard = track_beats(compose(beats, swing, float(beats[-1]) + 0.5, seed), RATE, settings().music)
    assert heard is not None
    return heard


def misses(beats: np.ndarray, heard: BeatGrid) -> np.ndarray:
    """Seconds from every beat that is heard to the nearest one that was put."""
    inside = heard.beats_ns / 1e9
    inside = inside[(inside > beats[0] - 0.1) & (inside < beats[-1] + 0.1)]
    return np.abs(inside[:, None] - beats).min(1)


@pytest.mark.parametrize("swing", [0.0, 0.33])
@pytest.mark.parametrize(("bpm", "seed"), [(90.0, 0), (104.0, 1), (120.0, 2), (133.0, 3)])
def test_beats_are_heard_where_they_were_put(bpm: float, seed: int, swing: float) -> None:
    beats = 0.3 + np.arange(int(12 * bpm / 60) // 4 * 4) * 60 / bpm
    heard = hear(beats, swing, seed)
    assert heard.bpm == pytest.approx(bpm, rel=0.02)
    assert np.median(misses(beats, heard)) < 0.04


@pytest.mark.parametrize("seed", range(3))
def test_beats_are_heard_where_they_drift_to(seed: int) -> None:
    """A tempo that wanders by 3 % up and down."""
    tempo = 110 * (1 + 0.03 * np.sin(2 * np.pi * (np.arange(28) / 32 + seed / 3)))
    beats = 0.3 + np.concatenate([[0.0], np.cumsum(60 / tempo)[:-1]])
    assert np.median(misses(beats, hear(beats, 0.0, seed))) < 0.04


def test_swing_makes_off_beats_late_and_leaves_beats() -> None:
    """The first sample that differs from straight playing is the off-beat that is missing; swung, it comes later."""
    beats = np.arange(16) * 0.5
    straight, swung, more = (compose(beats, swing, 8.0, seed=0) for swing in (0.0, 0.2, 0.4))
    where = [np.flatnonzero(straight != other)[0] / RATE for other in (swung, more)]
    assert where == pytest.approx([0.25, 0.25], abs=1e-4)
    assert np.flatnonzero(swung != more)[0] / RATE == pytest.approx(0.25 * 1.2, abs=1e-4)
    beat = slice(round(0.5 * RATE) - 200, round(0.5 * RATE) + 200)
    assert np.array_equal(np.argmax(straight[beat]), np.argmax(swung[beat]))


def test_what_lies_between_uneven_beats_keeps_its_place() -> None:
    """With only the second beat longer, all before it sounds the same."""
    even, late = np.arange(8) * 0.5, np.arange(8) * 0.5 + (np.arange(8) > 1) * 0.2
    one, other = (compose(beats, 0.0, 4.5, seed=1) for beats in (even, late))
    differs = np.flatnonzero(one != other)[0] / RATE
    assert 0.45 <= differs <= 0.75, "the bass of the second beat is longer, its off-beat later"


def test_seeds_differ_and_repeat() -> None:
    beats = np.arange(8) * 0.5
    one, again, other = (compose(beats, 0.0, 4.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.1


def test_it_is_sound_of_the_asked_length() -> None:
    piece = compose(np.arange(4) * 0.5, 0.0, 3.0, seed=0)
    assert piece.dtype == np.float32
    assert piece.shape == (3 * RATE,)
    assert np.abs(piece).max() <= 1
