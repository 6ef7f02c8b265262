"""Tempo, mirrors and joins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, between, heading, join, mirrored, placed, retime, sample
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.skeleton import INDEX, TWIN

BLEND = 0.6
"""Beats of a blend in these tests: 6 analysis frames at 120 bpm."""

angles = st.floats(-np.pi, np.pi)


def test_the_mirror_image_of_a_move(move: Move) -> None:
    seen = joints(mirrored(move.motion))
    assert np.array_equal(seen, joints(move.motion)[:, TWIN] * np.array([-1.0, 1.0, 1.0]))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_between_two_rotations(seed: int, share: float) -> None:
    a, b = Rotation.random(2, rng=np.random.default_rng(seed))
    middle = Rotation.from_matrix(between(a.as_matrix(), b.as_matrix(), np.array(share)))
    whole = (a.inv() * b).magnitude()
    assert (a.inv() * middle).magnitude() == pytest.approx(share * whole, abs=1e-6)
    assert (middle.inv() * b).magnitude() == pytest.approx((1 - share) * whole, abs=1e-6)


def test_sampling_at_the_frames_changes_nothing(move: Move) -> None:
    again = sample(move.motion, move.motion.beats)
    assert np.allclose(again.rotation, move.motion.rotation, atol=1e-9)
    assert np.allclose(again.root, move.motion.root)


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


def test_travel_and_turns_add_up() -> None:
    square = join([walk(np.pi / 2)] * 4, 0.0001)
    assert square.root[-1] == pytest.approx([0, 0, 0], abs=1e-6), "four sides of a square"
    assert square.root[64] == pytest.approx([1, 0, 1], abs=1e-6)
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
    twice = join([move.motion, move.motion], BLEND)
    assert np.allclose(joints(twice), joints(around(move.motion, twice.beats)), atol=1e-6)


def test_joins_are_smooth_and_stay_on_the_floor(taxonomy: Taxonomy) -> None:
    """Every move before and after every fifth one, at 120 bpm: no limb jumps, no foot goes through the floor."""
    moves = list(taxonomy.moves.values())
    for i, a in enumerate(moves):
        for b in moves[i % 5 :: 5]:
            dance = join([a.motion, b.motion], BLEND)
            assert dance.beats == pytest.approx(np.arange(len(dance.beats)) / 16)
            world = joints(dance)
            speed = np.linalg.norm(np.diff(world, axis=0), axis=-1) * 32
            seam = slice(16 * a.beats - 8, 16 * a.beats + 8)
            assert speed[seam].max() < 15, f"{a.move_id} to {b.move_id}: {speed[seam].max():.1f} m/s"
            assert np.abs(np.diff(dance.root, axis=0)).max() < 0.12, "the root is continuous"
            assert world[seam, 29:33, 1].min() > -0.02


def test_the_dance_outside_the_blends_is_as_written(taxonomy: Taxonomy) -> None:
    a, b = taxonomy.moves["mv_spin"], taxonomy.moves["mv_dab"]
    dance = joints(join([a.motion, b.motion, a.motion], BLEND))
    assert np.allclose(dance[:59], joints(a.motion)[:59], atol=1e-9)
    assert np.allclose(dance[64 + 6 : 128 - 6], joints(b.motion)[6:58], atol=1e-6), "no drift after a spin"


def test_nothing_cannot_be_joined(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match="nothing to join"):
        join([], BLEND)
    with pytest.raises(DanceError, match="shorter than a blend"):
        join([taxonomy.moves["mv_dab"].motion], 5.0)
