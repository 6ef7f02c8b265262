"""Synthetic music: beats where they are put."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.music.beats import track_beats
from dancecore.synthetic.music import RATE, compose


def test_every_beat_starts_to_the_sample() -> None:
    """With the sound before each beat taken away, the first sample that differs is the beat's own."""
    beats = 0.25 + np.arange(8) * 0.5
    with_all = compose(beats, 120.0, 5.0, seed=3)
    silent = compose(beats[:0], 120.0, 5.0, seed=3)
    assert (silent == 0).all()
    first = np.flatnonzero(with_all)[0]
    assert abs(first - round(0.25 * RATE)) <= 1


@pytest.mark.parametrize(("bpm", "seed"), [(90.0, 0), (104.0, 1), (120.0, 2), (133.0, 3)])
def test_beats_are_heard_where_they_were_put(bpm: float, seed: int) -> None:
    beats = 0.3 + np.arange(int(12 * bpm / 60) // 4 * 4) * 60 / bpm
    heard = track_beats(compose(beats, bpm, 12.5, seed), RATE, settings().music)
    assert heard is not None
    assert heard.bpm == pytest.approx(bpm, rel=0.02)
    inside = heard.beats_ns / 1e9
    inside = inside[(inside > beats[0] - 0.1) & (inside < beats[-1] + 0.1)]
    off = np.abs(inside[:, None] - beats).min(1)
    assert np.median(off) < 0.04


def test_seeds_differ_and_repeat() -> None:
    beats = np.arange(8) * 0.5
    one, again, other = (compose(beats, 120.0, 4.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.1


def test_it_is_sound_of_the_asked_length() -> None:
    piece = compose(np.arange(4) * 0.5, 120.0, 3.0, seed=0)
    assert piece.dtype == np.float32
    assert piece.shape == (3 * RATE,)
    assert np.abs(piece).max() <= 1
