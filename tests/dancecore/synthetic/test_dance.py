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
from dancecore.moves import body as stick
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.choreography import MARGIN, beats_ms, choreograph, frame, segments
from dancecore.synthetic.dance import Knobs, draw_knobs
from dancecore.synthetic.idle import load_non_dance
from dancecore.types import OTHER

NUMBERS = settings().synthetic


def end_ms(knobs: Knobs) -> float:
    return (sum(step.beats for step in knobs.steps) - knobs.first_beat) * 60_000 / knobs.bpm


def test_the_same_seed_gives_the_same_dance(taxonomy: Taxonomy) -> None:
    assert draw_knobs(7, NUMBERS, taxonomy) == draw_knobs(7, NUMBERS, taxonomy)


def test_no_two_seeds_share_a_body_or_a_camera(taxonomy: Taxonomy) -> None:
    many = [draw_knobs(seed, NUMBERS, taxonomy) for seed in range(200)]
    assert len({knobs.shape for knobs in many}) == len({knobs.view for knobs in many}) == 200


@given(seed=st.integers(0, 2**32 - 1))
@hypothesis_settings(max_examples=60, deadline=None)
def test_what_is_drawn_lies_within_the_settings(taxonomy: Taxonomy, seed: int) -> None:
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    assert NUMBERS.bpm[0] <= knobs.bpm <= NUMBERS.bpm[1]
    assert NUMBERS.seconds[0] <= end_ms(knobs) / 1000 <= NUMBERS.seconds[1]
    assert NUMBERS.yaw[0] <= knobs.view.yaw <= NUMBERS.yaw[1]
    assert (knobs.view.width, knobs.view.height) in NUMBERS.sizes
    for step in knobs.steps:
        if step.dance:
            move = taxonomy.moves[step.move_id]
            assert move.bpm[0] <= knobs.bpm <= move.bpm[1]
            assert step.beats in NUMBERS.move_beats
            assert step.beats % move.beats == 0
            assert move.mirrorable or not step.mirror
        else:
            assert step.move_id in load_non_dance()
    assert all(a.move_id != b.move_id for a, b in zip(knobs.steps, knobs.steps[1:], strict=False))


def test_every_move_and_every_non_dance_gets_its_turn(taxonomy: Taxonomy) -> None:
    steps = [step for seed in range(300) for step in draw_knobs(seed, NUMBERS, taxonomy).steps]
    assert {step.move_id for step in steps if step.dance} == set(taxonomy.moves)
    assert {step.move_id for step in steps if not step.dance} == set(load_non_dance())
    rested = np.mean([not step.dance for step in steps])
    assert rested == pytest.approx(NUMBERS.other_share, abs=0.05)


def test_a_tempo_that_nothing_is_danced_at_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match=r"at 300\.0 bpm"):
        draw_knobs(0, replace(NUMBERS, bpm=(300.0, 300.0)), taxonomy)


@pytest.mark.parametrize("seed", range(6))
def test_segments_cover_the_clip_and_change_on_beats(seed: int, taxonomy: Taxonomy) -> None:
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    parts, beats = segments(knobs), beats_ms(knobs)
    assert parts[0].start_ms == 0
    assert parts[-1].end_ms == pytest.approx(end_ms(knobs), abs=1)
    assert all(a.end_ms == b.start_ms for a, b in pairwise(parts))
    assert all(part.start_ms in beats for part in parts[1:])
    assert [part.move_id for part in parts] == [s.move_id if s.dance else OTHER for s in knobs.steps]
    assert np.diff(beats) == pytest.approx(60_000 / knobs.bpm, abs=1)


def test_a_segment_shows_its_move(taxonomy: Taxonomy) -> None:
    """Away from the blends, as written and unstyled, the dance is the move at the beats of its phrase."""
    drawn = draw_knobs(3, NUMBERS, taxonomy)
    plain = replace(drawn.style, amplitude=1.0, sharpness=0.0, delay=0.0, asymmetry=0.0, noise_deg=0.0)
    knobs = replace(drawn, style=plain, first_beat=0.0)
    dance, start = choreograph(knobs, taxonomy), 0
    for step in knobs.steps:
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


@pytest.mark.parametrize("seed", range(8))
def test_the_dancer_stays_in_the_picture_and_fills_it(seed: int, taxonomy: Taxonomy) -> None:
    knobs = draw_knobs(seed, NUMBERS, taxonomy)
    joints = stick.joints(choreograph(knobs, taxonomy))
    camera = frame(knobs.view, joints)
    share = camera.project(joints) / [camera.width, camera.height]
    assert share.min() > MARGIN
    assert share.max() < 1 - MARGIN
    assert np.ptp(share[..., 1], axis=1).max() > 0.3
    assert camera.yaw == knobs.view.yaw
