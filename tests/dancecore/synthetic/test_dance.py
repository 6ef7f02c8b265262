"""Knobs, choreography and framing: everything that follows from a seed before anything is drawn."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.choreography import beats_ms, motions, segments
from dancecore.synthetic.dance import Dance, draw_knobs
from dancecore.synthetic.idle import load_non_dance
from dancecore.types import OTHER

NUMBERS = settings().synthetic


def end_ms(dance: Dance) -> float:
    return (sum(step.beats for step in dance.steps) - dance.takes[0].start_beat) * 60_000 / dance.bpm


def test_the_same_seed_gives_the_same_dance(taxonomy: Taxonomy) -> None:
    assert draw_knobs(7, NUMBERS, taxonomy) == draw_knobs(7, NUMBERS, taxonomy)


def test_no_two_seeds_share_a_body_or_a_camera(taxonomy: Taxonomy) -> None:
    many = [draw_knobs(seed, NUMBERS, taxonomy) for seed in range(200)]
    assert len({knobs.dancers[0].shape for knobs in many}) == len({knobs.scene.views for knobs in many}) == 200


@given(seed=st.integers(0, 2**32 - 1))
@hypothesis_settings(max_examples=60, deadline=None)
def test_what_is_drawn_lies_within_the_settings(taxonomy: Taxonomy, seed: int) -> None:
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    dance, scene = knobs.dance, knobs.scene
    assert NUMBERS.dance.bpm[0] <= dance.bpm <= NUMBERS.dance.bpm[1]
    assert NUMBERS.dance.seconds[0] <= end_ms(dance) / 1000 <= NUMBERS.dance.seconds[1]
    assert (scene.width, scene.height) in NUMBERS.scene.sizes
    for step in dance.steps:
        if step.dance:
            move = taxonomy.moves[step.move_id]
            assert move.bpm[0] <= dance.bpm <= move.bpm[1]
            assert step.beats in NUMBERS.dance.move_beats
            assert step.beats % move.beats == 0
            assert move.mirrorable or not step.mirror
        else:
            assert step.move_id in load_non_dance()
    assert all(a.move_id != b.move_id for a, b in pairwise(dance.steps))


def test_every_move_and_every_non_dance_gets_its_turn(taxonomy: Taxonomy) -> None:
    steps = [step for seed in range(300) for step in draw_knobs(seed, NUMBERS, taxonomy).dance.steps]
    assert {step.move_id for step in steps if step.dance} == set(taxonomy.moves)
    assert {step.move_id for step in steps if not step.dance} == set(load_non_dance())
    rested = np.mean([not step.dance for step in steps])
    assert rested == pytest.approx(NUMBERS.dance.other_share, abs=0.05)


def test_a_tempo_that_nothing_is_danced_at_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match=r"at 300\.0 bpm"):
        draw_knobs(0, replace(NUMBERS, dance=replace(NUMBERS.dance, bpm=(300.0, 300.0))), taxonomy)


@pytest.mark.parametrize("seed", range(6))
def test_segments_cover_the_clip_and_change_on_beats(seed: int, taxonomy: Taxonomy) -> None:
    dance = draw_knobs(seed, NUMBERS, taxonomy).dance
    parts, beats = segments(dance), beats_ms(dance)
    assert parts[0].start_ms == 0
    assert parts[-1].end_ms == pytest.approx(end_ms(dance), abs=1)
    assert all(a.end_ms == b.start_ms for a, b in pairwise(parts))
    assert all(part.start_ms in beats for part in parts[1:])
    assert [part.move_id for part in parts] == [s.move_id if s.dance else OTHER for s in dance.steps]
    assert np.diff(beats) == pytest.approx(60_000 / dance.bpm, abs=1)


def test_a_segment_shows_its_move(taxonomy: Taxonomy) -> None:
    """Away from the blends, as written and unstyled, the dance is the move at the beats of its phrase."""
    knobs = draw_knobs(3, NUMBERS, taxonomy)
    plain = replace(knobs.dancers[0].style, amplitude=1.0, sharpness=0.0, delay=0.0, asymmetry=0.0, noise_deg=0.0)
    knobs = replace(knobs, dancers=(replace(knobs.dancers[0], style=plain),))
    (dance,), start = motions(knobs, taxonomy), 0
    for step in knobs.dance.steps:
        middle = start + step.beats / 2
        at = int(np.argmin(np.abs(dance.beats - middle)))
        if step.dance and not step.mirror:
            move = taxonomy.moves[step.move_id].motion
            phase = (dance.beats[at] - start) % move.beats[-1]
            same = int(np.argmin(np.abs(move.beats - phase)))
            elbow = 7
            turn = dance.rotation[at, elbow].T @ move.rotation[same, elbow]
            assert np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))) < 15
        start += step.beats
