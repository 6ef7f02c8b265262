"""Tempo, mirrors and joins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import Part, around, heading, join, mirrored, placed, retime, sample, travel
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.skeleton import INDEX, TWIN

BLEND = 0.8
"""Beats of a blend in these tests: 8 analysis frames at 120 bpm."""

angles = st.floats(-np.pi, np.pi)


def test_the_mirror_image_of_a_move(move: Move) -> None:
    seen = joints(mirrored(move.motion))
    assert np.array_equal(seen, joints(move.motion)[:, TWIN] * np.array([-1.0, 1.0, 1.0]))


def test_sampling_at_the_frames_changes_nothing(move: Move) -> None:
    again = sample(move.motion, move.motion.beats)
    assert np.array_equal(again.rotation, move.motion.rotation)
    assert np.array_equal(again.root, move.motion.root)


def test_sampling_outside_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match=r"0\.\.4"):
        sample(taxonomy.moves["mv_dab"].motion, np.array([0.0, 4.5]))


@pytest.mark.parametrize(("bpm", "rate_hz"), [(60.0, 20.0), (120.0, 20.0), (97.3, 30.0), (140.0, 24.0)])
def test_retime_keeps_the_beats(taxonomy: Taxonomy, bpm: float, rate_hz: float) -> None:
    motion = taxonomy.moves["mv_jumping_jack"].motion
    played = retime(motion, bpm, rate_hz)
    seconds = np.arange(len(played.beats)) / rate_hz
    assert played.beats == pytest.approx(seconds * bpm / 60)
    assert 0 <= motion.beats[-1] - played.beats[-1] < bpm / 60 / rate_hz
    hands = joints(played)[:, INDEX["left_wrist"], 1]
    assert played.beats[hands.argmax()] == pytest.approx(1, abs=bpm / 60 / rate_hz), "arms are up on beat 1"


def test_a_loop_goes_on_around(move: Move) -> None:
    length = move.motion.beats[-1]
    later = around(move.motion, move.motion.beats[:-1] + 3 * length)
    world = joints(move.motion)
    assert np.allclose(joints(later), world[:-1] + 3 * (world[-1] - world[0]), atol=1e-6), "further by the travel"


def walk(turn: float) -> Motion:
    """Two beats that carry the body one leg length forward while it turns."""
    beats = np.linspace(0, 2, 33)
    rotation = np.tile(np.eye(3), (33, 19, 1, 1))
    rotation[:, 0] = Rotation.from_euler("Y", beats[:, None] / 2 * turn).as_matrix()
    return Motion(beats, rotation, np.outer(beats / 2, [0.0, 0.0, 1.0]))


def whole(motion: Motion) -> Part:
    return Part(motion, float(motion.beats[-1]))


def test_travel_and_turns_add_up() -> None:
    square = join([Part(walk(np.pi / 2), 2.0)] * 4, [0.0] * 3)
    assert square.root[-1] == pytest.approx([0, 0, 0], abs=1e-6), "four sides of a square"
    assert square.root[64, [0, 2]] == pytest.approx([1, 1], abs=1e-6)
    assert heading(square)[-1] == pytest.approx(2 * np.pi)


def test_a_walk_goes_on_around() -> None:
    there = around(walk(np.pi / 2), np.array([-2.0, 0.0, 2.0, 4.0, 8.0]))
    assert there.root[:, [0, 2]] == pytest.approx(np.array([[1, 0], [0, 0], [0, 1], [1, 1], [0, 0]]), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(angles, angles)
def test_placing_twice_is_placing_once(first: float, second: float) -> None:
    motion, nowhere = walk(1.0), np.zeros(3)
    twice, once = placed(placed(motion, first, nowhere), second, nowhere), placed(motion, first + second, nowhere)
    assert np.allclose(twice.root, once.root)
    assert np.allclose(twice.rotation, once.rotation)


def test_a_join_of_one_move_with_itself_is_its_loop(move: Move) -> None:
    twice = join([whole(move.motion)] * 2, [BLEND])
    assert np.allclose(joints(twice), joints(around(move.motion, twice.beats)), atol=1e-6)


def test_a_part_that_is_cut_short_goes_on_into_the_crossing(every: dict[str, Move]) -> None:
    """Half of fixing a shoe: crouching, the dancer stays down until the crossing lifts them."""
    crouch, clap = every["nd_tie_shoe"].motion, every["mv_clap"].motion
    dance = join([Part(crouch, 6.0), Part(clap, 4.0)], [1.0])
    goes_on = around(crouch, dance.beats)
    early = (dance.beats > 5.5) & (dance.beats <= 5.75)
    assert np.abs(dance.root - goes_on.root)[early].max() < 0.12
    assert np.abs(np.diff(dance.root[:, 1])).max() < 0.12, "no jump at the seam"


def assert_rotations(motion: Motion) -> None:
    assert np.allclose(motion.rotation @ motion.rotation.swapaxes(-1, -2), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(motion.rotation), 1)


def nth(every: dict[str, Move], which: int) -> Motion:
    return list(every.values())[which % len(every)].motion


which = st.integers(0, 9999)
at_beats = st.lists(st.floats(-20, 20), min_size=1, max_size=9).map(np.array)


@given(which, which, st.floats(0.8, 1.0))
def test_a_join_begins_and_ends_as_its_parts(every: dict[str, Move], a: int, b: int, blend: float) -> None:
    """Whatever is joined, the crossing leaves the first motion and arrives at the second without a jump."""
    first, second = nth(every, a), nth(every, b)
    dance = join([whole(first), whole(second)], [blend])
    assert_rotations(dance)
    world, seam = joints(dance), len(first.beats) - 1
    edge = int(blend / 2 * 16) + 1
    assert np.allclose(world[: seam - edge + 1], joints(first)[: seam - edge + 1], atol=1e-9)
    assert np.allclose(world[seam + edge :], joints(placed(second, *travel(first)))[edge:], atol=1e-6)
    for motion, part in (
        (first, slice(seam - edge, seam - edge + 3)),
        (second, slice(seam + edge - 2, seam + edge + 1)),
    ):
        usual = np.abs(np.diff(joints(around(motion, np.arange(-9, 10) / 16)), 2, axis=0)).max()
        assert np.abs(np.diff(world[part], 2, axis=0)).max() < usual + 0.1, "it does not jump"


@given(which, at_beats, angles)
def test_rotations_stay_rotations(every: dict[str, Move], a: int, beats: np.ndarray, yaw: float) -> None:
    """At any beats, before the start and after the end, mirrored and placed."""
    assert_rotations(placed(mirrored(around(nth(every, a), beats)), yaw, np.ones(3)))


@given(which, at_beats)
def test_mirroring_is_an_involution_at_any_beat(every: dict[str, Move], a: int, beats: np.ndarray) -> None:
    motion = nth(every, a)
    twice = mirrored(mirrored(motion))
    assert np.array_equal(twice.rotation, motion.rotation)
    assert np.array_equal(twice.root, motion.root)
    one, other = mirrored(around(motion, beats)), around(mirrored(motion), beats)
    assert np.allclose(one.rotation, other.rotation, atol=1e-9)
    assert np.allclose(one.root, other.root, atol=1e-9)


@given(which, st.floats(60, 180), st.integers(2, 4))
def test_retiming_changes_when_not_what(every: dict[str, Move], a: int, bpm: float, times: int) -> None:
    """Filmed with more frames a second, and danced so much faster, every frame shows what it did."""
    motion = nth(every, a)
    slow, fast = retime(motion, bpm, 20.0), retime(motion, bpm * times, 20.0 * times)
    assert np.allclose(slow.rotation, fast.rotation, atol=1e-6)
    assert np.allclose(slow.root, fast.root, atol=1e-6)


def test_nothing_cannot_be_joined(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match="nothing to join"):
        join([], [])
    with pytest.raises(DanceError, match="longer than a part"):
        join([whole(taxonomy.moves["mv_dab"].motion)] * 2, [5.0])
