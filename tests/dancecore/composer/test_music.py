"""Beats that were heard, tapped or told; half and double; eight-counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.composer.music import Music, from_json, tapped, to_json, told
from dancecore.errors import DanceError
from dancecore.types import MS, SECOND, BeatGrid


def seconds(music: Music) -> list[float]:
    return (music.grid.beats_ns / SECOND).tolist()


def test_told_beats_are_even_before_and_after_the_first() -> None:
    music = told(120, 1.25, 6.0)
    assert seconds(music) == pytest.approx(np.arange(0.25, 6, 0.5))
    assert (music.grid.bpm, music.source, music.first) == (120, "told", 2)
    assert (music.eights_ns / SECOND).tolist() == pytest.approx([1.25, 5.25])


@given(st.floats(40, 200), st.floats(0, 2), st.integers(0, 99), st.sets(st.integers(1, 14), max_size=4))
def test_taps_override_what_was_heard(bpm: float, first: float, seed: int, left_out: set[int]) -> None:
    """Taps off by a few hundredths of a beat, some left out, still give the tempo and the phase."""
    period, rng = 60 / bpm, np.random.default_rng(seed)
    beats = np.array([beat for beat in range(16) if beat not in left_out])
    taps = np.maximum(0, first + period * (beats + rng.normal(0, 0.02, len(beats))))
    music = tapped(taps, 60.0)
    assert music.grid.bpm == pytest.approx(bpm, rel=0.01)
    nearest = np.abs(np.array(seconds(music)) - (first + 8 * period)).min()
    assert nearest < 0.05 * period
    assert music.grid.beats_ns[music.first] == pytest.approx(first * SECOND, abs=0.06 * period * SECOND)
    assert 0 < music.grid.confidence <= 1


def test_half_and_double_time() -> None:
    grid = BeatGrid(90.0, np.arange(1, 13) * SECOND * 2 // 3, 0.7)
    music = Music(grid, "heard", 8500, first=3)
    same, half, double = music.candidates()
    assert same == music
    assert (half.grid.bpm, double.grid.bpm) == (45, 180)
    assert half.grid.beats_ns[half.first] == double.grid.beats_ns[double.first] == grid.beats_ns[3]
    assert set(half.grid.beats_ns.tolist()) < set(grid.beats_ns.tolist()) < set(double.grid.beats_ns.tolist())
    assert len(double.grid.beats_ns) == 24
    slow, fast = told(50, 0, 9), told(160, 0, 9)
    assert [c.grid.bpm for c in slow.candidates()] == [50, 100]
    assert [c.grid.bpm for c in fast.candidates()] == [160, 80]


def test_it_is_kept_without_its_sound() -> None:
    music = told(97.3, 0.4, 20.0)
    again = from_json(to_json(music))
    assert (again.grid.bpm, again.source, again.length_ms, again.first) == (97.3, "told", 20_000, music.first)
    assert np.abs(again.grid.beats_ns - music.grid.beats_ns).max() < MS


REFUSED = [
    lambda: told(20, 0, 9),
    lambda: told(100, 9, 9),
    lambda: tapped([0, 0.5, 1.0], 9),
    lambda: tapped([0, 0.5, 0.4, 1.5], 9),
    lambda: tapped([0, 0.5, 0.9, 1.8, 2.0, 2.85, 3.1], 9),
    lambda: tapped([0, 0.05, 0.1, 0.15], 9),
    lambda: from_json("{"),
    lambda: from_json("{}"),
    lambda: from_json('{"schema": "music.v2", "source": "told"}'),
    lambda: from_json(to_json(told(100, 0, 9)).replace('"first": 0', '"first": 99')),
    lambda: Music(BeatGrid(400.0, np.arange(4) * SECOND, 1.0), "heard", 9000),
]


@pytest.mark.parametrize("make", REFUSED)
def test_what_is_no_beat_is_refused(make) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        make()
