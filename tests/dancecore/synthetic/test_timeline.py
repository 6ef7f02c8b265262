"""Tempo, cuts and playback speed: when what is seen and heard."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.synthetic.dance import Dance, Take
from dancecore.synthetic.generators import Step
from dancecore.synthetic.settings import DrumSettings
from dancecore.synthetic.timeline import beat_times, beats_ms, cuts_s, heard, segments, timeline
from dancecore.types import OTHER

STEPS = (
    Step("mv_dab", 8, False, True), Step("nd_stretch", 4, False, False), Step("mv_floss", 4, True, True),
)  # fmt: skip
PLAIN = Dance(120.0, 0.0, 0.0, 7, "uniform", STEPS, 0.8, (Take(0.0, 16.0, 1.0),), DrumSettings((50, 50), (200, 200)))
"""Two beats a second, sixteen beats."""


def edited(*takes: tuple[float, float, float], **changed: float) -> Dance:
    return replace(PLAIN, takes=tuple(Take(*take) for take in takes), **changed)


def named(dance: Dance) -> list[tuple[str, int, int]]:
    return [(part.move_id, part.start_ms, part.end_ms) for part in segments(dance)]


def test_one_take_at_an_even_tempo() -> None:
    beats, take = timeline(PLAIN, 4.0)
    assert beats == pytest.approx(np.arange(32) / 2)
    assert (take == 0).all()
    assert named(PLAIN) == [("mv_dab", 0, 4000), (OTHER, 4000, 6000), ("mv_floss", 6000, 8000)]
    assert [part.mirror for part in segments(PLAIN)] == [False, False, True]
    assert beats_ms(PLAIN) == pytest.approx(np.arange(16) * 500)


CUTS = {
    "a start within a beat": ([(0.5, 16, 1)], [("mv_dab", 0, 3750), (OTHER, 3750, 5750), ("mv_floss", 5750, 7750)]),
    "a cut that only changes the camera": (
        [(0, 6, 1), (6, 16, 1)], [("mv_dab", 0, 4000), (OTHER, 4000, 6000), ("mv_floss", 6000, 8000)],
    ),
    "a cut that skips": ([(0, 6, 1), (14, 16, 1)], [("mv_dab", 0, 3000), ("mv_floss", 3000, 4000)]),
    "a cut within a step that skips": ([(0, 2, 1), (6, 8, 1)], [("mv_dab", 0, 2000)]),
    "played twice as fast": ([(0, 16, 2)], [("mv_dab", 0, 2000), (OTHER, 2000, 3000), ("mv_floss", 3000, 4000)]),
    "slowed down after a cut": ([(0, 8, 1), (8, 12, 0.5)], [("mv_dab", 0, 4000), (OTHER, 4000, 8000)]),
    "a take that ends within a step": ([(0, 9, 1)], [("mv_dab", 0, 4000), (OTHER, 4000, 4500)]),
}  # fmt: skip


@pytest.mark.parametrize(("takes", "parts"), CUTS.values(), ids=CUTS.keys())
def test_segments_follow_the_edit(takes: list[tuple[float, float, float]], parts: list[tuple[str, int, int]]) -> None:
    assert named(edited(*takes)) == parts


def test_beats_follow_the_edit() -> None:
    dance = edited((0.5, 2.5, 1), (9.25, 11.25, 0.5))
    assert beats_ms(dance) == pytest.approx([250, 750, 1000 + 750, 1000 + 1750])
    assert cuts_s(dance) == pytest.approx([0, 1, 3])


beats = st.integers(0, 31).map(lambda n: n / 2)
takes = st.lists(st.tuples(beats, st.floats(0.5, 8), st.floats(0.7, 1.4)), min_size=1, max_size=4)
dances = st.builds(
    lambda takes, drift, seed: edited(
        *((start, min(start + length, 16.0), speed) for start, length, speed in takes), drift=drift, music_seed=seed
    ),
    takes, st.floats(0, 0.05), st.integers(0, 99),
)  # fmt: skip


@given(dances, st.sampled_from([20.0, 24.0, 30.0]))
def test_frames_segments_and_beats_agree(dance: Dance, rate: float) -> None:
    """Each frame shows the step that its segment names; beats fall where frames pass whole beats."""
    shown, take = timeline(dance, rate)
    parts, end = segments(dance), 1000 * cuts_s(dance)[-1]
    assert parts[0].start_ms == 0
    assert parts[-1].end_ms == pytest.approx(end, abs=1)
    assert all(a.end_ms == b.start_ms for a, b in pairwise(parts))
    assert len(shown) == pytest.approx(end / 1000 * rate, abs=1)
    assert (np.diff(take) >= 0).all()
    bounds = np.cumsum([step.beats for step in dance.steps])
    for frame in range(len(shown)):
        at = 1000 * frame / rate
        assert dance.takes[take[frame]].start_beat - 1e-6 <= shown[frame] <= dance.takes[take[frame]].end_beat + 1e-6
        if min(abs(shown[frame] - bounds)) > 0.02 and all(abs(at - p.start_ms) > 2 for p in parts) and at < end - 2:
            step = dance.steps[int(np.searchsorted(bounds, shown[frame], side="right"))]
            part = next(p for p in parts if p.start_ms <= at < p.end_ms)
            assert part.move_id == (step.move_id if step.dance else OTHER)
    struck = beats_ms(dance)
    assert (np.diff(struck) >= 0).all()
    passed = sum(len(np.arange(np.ceil(t.start_beat), t.end_beat)) for t in dance.takes)
    assert len(struck) == passed


@given(st.sampled_from([0.0, 0.01, 0.05]), st.integers(0, 999))
def test_the_tempo_drifts_no_further_than_it_may(drift: float, seed: int) -> None:
    long = replace(PLAIN, drift=drift, music_seed=seed, steps=(Step("mv_dab", 64, False, True),))
    tempo = 60 / np.diff(beat_times(long))
    assert tempo.max() <= 120 * (1 + drift) + 1e-9
    assert tempo.min() >= 120 * (1 - drift) - 1e-9
    assert np.ptp(tempo) >= 120 * 1.9 * drift, "over two swings it gets all the way up and down"
    assert np.abs(np.diff(tempo)).max() <= 120 * drift * 0.2, "slowly"


def test_the_sound_follows_the_picture() -> None:
    """A click on every beat of the dance is heard on every beat of the clip."""
    dance = edited((0.5, 4.5, 1), (9, 13, 0.5), (2, 3, 1.25), drift=0.03)
    rate = 8000
    music = np.zeros(round(beat_times(dance)[-1] * rate) + 1, np.float32)
    music[np.round(beat_times(dance) * rate).astype(int)] = 1.0
    sound = heard(music, rate, dance)
    assert len(sound) == pytest.approx(cuts_s(dance)[-1] * rate, abs=1)
    clicks = 1000 * np.flatnonzero(sound > 0.2) / rate
    assert all(np.abs(clicks - at).min() < 1.5 for at in beats_ms(dance))
    assert all(np.abs(beats_ms(dance) - at).min() < 1.5 for at in clicks)


def test_a_take_at_its_own_speed_keeps_every_sample() -> None:
    music = np.random.default_rng(0).normal(size=64000).astype(np.float32)
    assert np.array_equal(heard(music, 8000, edited((2, 10, 1))), music[8000 : 8000 + 32000])
