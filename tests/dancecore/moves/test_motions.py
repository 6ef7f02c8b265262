"""Every move that ships is something a body can do."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dancecore.moves.anatomy import strains
from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.footing import runs, slips
from dancecore.moves.invariants import broken
from dancecore.moves.motion import RIG
from dancecore.moves.posture import POSTURES, entry, leave
from dancecore.moves.sequence import around, mirrored, retime
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX

FEET = [[INDEX[f"{side}_{part}"] for part in ("heel", "foot_index")] for side in ("left", "right")]
TALL = NEUTRAL.varied(height=1.15, legs=1.05, arms=0.95, shoulders=1.2)
STANDS = 0.3
"""Metres a second, well below the slowest slide: a foot on the floor that is slower stands."""


@pytest.mark.parametrize("body", [NEUTRAL, TALL], ids=["neutral", "tall"])
def test_feet_stand_and_glide_as_declared(move: Move, body: Proportions) -> None:
    assert slips(move, body) == []


def test_what_stands_is_declared(move: Move) -> None:
    """A foot that is on the floor and still for half a beat, at 120 bpm."""
    ends = joints(move.motion)[:, FEET]
    speed = np.linalg.norm(np.gradient(ends[..., [0, 2]], 0.5 / 16, axis=0), axis=-1)
    stands = ((ends[..., 1] < 0.01) & (speed < STANDS)).any(axis=2)
    for foot, side in enumerate(("left", "right")):
        for start, end in runs(stands[:, foot]):
            declared = (move.contacts | move.glides)[start:end, foot]
            silent = f"{side} foot stands undeclared at beats {move.motion.beats[start]:.2f}.."
            assert end - start <= 8 or declared.any(), silent


def test_the_loop_closes_in_place_and_speed(move: Move) -> None:
    """The joints of the next phrase, further by the travel, go on from where and how fast this one ends."""
    world = joints(move.motion)
    next_phrase = joints(around(move.motion, np.array([0.0, 1 / 16]) + move.beats))
    assert next_phrase[0] == pytest.approx(world[-1], abs=1e-6)
    step = np.diff(world, axis=0)
    jump_of_step = np.linalg.norm(next_phrase[1] - next_phrase[0] - step[-1], axis=-1).max()
    within = np.linalg.norm(np.diff(step, axis=0), axis=-1).max()
    assert jump_of_step <= max(1.5 * within, 1e-3), "the seam of the loop is rougher than the move itself"


def test_the_lowest_foot_is_on_the_floor(move: Move) -> None:
    low = joints(move.motion)[:, FEET, 1].min(axis=(1, 2))
    assert low.min() > -0.02, f"sinks to {low.min():.3f} m"
    down = (move.contacts | move.glides).any(axis=1)
    assert low[down].max() < 0.02, f"floats at {low[down].max():.3f} m"
    assert low.max() < 0.45, "higher than people jump"


def test_every_dance_touches_the_floor(move: Move) -> None:
    assert (move.contacts | move.glides).any(axis=1).mean() > 0.3


def test_joints_stay_within_their_range(move: Move) -> None:
    """Knees and elbows bend the right way, among all others."""
    assert strains(move.motion) == []


def test_elbows_and_knees_are_hinges(move: Move) -> None:
    for joint, axis in (("elbow", 1), ("knee", 0)):
        for side in ("left", "right"):
            turned = Rotation.from_matrix(move.motion.rotation[:, RIG.index(f"{side}_{joint}")]).as_rotvec()
            assert np.delete(turned, axis, axis=1) == pytest.approx(0, abs=1e-6)


def test_the_move_shows_what_every_performance_shows(move: Move) -> None:
    assert broken(move) == []


def test_it_begins_and_ends_in_the_same_posture(move: Move) -> None:
    assert entry(move) in POSTURES
    assert leave(move) == entry(move), "a phrase that loops ends as it begins"


def test_the_mirror_of_the_mirror_is_the_move(move: Move) -> None:
    twice = mirrored(mirrored(move.motion))
    assert np.array_equal(twice.rotation, move.motion.rotation)
    assert np.array_equal(twice.root, move.motion.root)


def test_no_limb_is_faster_than_a_dancer(move: Move) -> None:
    """At the fastest tempo; a boxer's fist reaches 9-10 m/s (Walilko, Viano & Bir 2005)."""
    world = joints(retime(move.motion, move.bpm[1], 100))
    speed = np.linalg.norm(np.diff(world, axis=0), axis=-1) * 100
    assert speed.max() < 9.5


def test_rotations_are_rotations(move: Move) -> None:
    r = move.motion.rotation
    assert np.allclose(r @ r.swapaxes(-1, -2), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(r), 1)
