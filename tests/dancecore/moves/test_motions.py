"""Every move that ships is something a body can do."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.motion import RIG
from dancecore.moves.sequence import retime
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX
from dancecore.types import Float64

FEET = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("heel", "foot_index")]
TALL = NEUTRAL.varied(height=1.15, legs=1.05, arms=0.95, shoulders=1.2)


def flexion(world: Float64, side: str, names: tuple[str, str, str]) -> Float64:
    """(F,) degrees by which the middle joint is bent; 0 is straight."""
    a, b, c = (world[:, INDEX[f"{side}_{name}"]] for name in names)
    u, v = b - a, c - b
    cosine = (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    return np.degrees(np.arccos(cosine.clip(-1, 1)))


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_the_loop_closes_in_place_and_speed(move: Move) -> None:
    world = joints(move.motion)
    assert np.abs(world[0] - world[-1]).max() < 1e-9
    step = np.diff(world, axis=0)
    jump_of_step = np.linalg.norm(step[0] - step[-1], axis=-1).max()
    within = np.linalg.norm(np.diff(step, axis=0), axis=-1).max()
    assert jump_of_step <= max(1.5 * within, 1e-3), "the seam of the loop is rougher than the move itself"


def test_the_lowest_foot_is_on_the_floor(move: Move) -> None:
    low = joints(move.motion)[:, FEET, 1].min(axis=1)
    assert low.min() > -0.02, f"sinks to {low.min():.3f} m"
    flight = 0.12 if move.sub_family in ("jump", "hop") else 0.02
    assert low.max() < flight, f"floats at {low.max():.3f} m"


@pytest.mark.parametrize("body", [NEUTRAL, TALL], ids=["neutral", "tall"])
def test_a_standing_foot_does_not_slide(move: Move, body: Proportions) -> None:
    world = joints(move.motion, body)
    for foot, side in enumerate(("left", "right")):
        parts = [INDEX[f"{side}_heel"], INDEX[f"{side}_foot_index"]]
        for start, end in runs(move.contacts[:, foot]):
            stood = world[start:end][:, parts]
            on_floor = stood[:, np.argmin(stood[..., 1].mean(axis=0))]
            assert np.linalg.norm(on_floor - on_floor[0], axis=1).max() < 0.02


def test_every_dance_has_a_foot_to_stand_on(move: Move) -> None:
    slides = move.move_id in ("mv_running_man", "mv_jumping_jack", "mv_spin")
    assert slides or move.contacts.any(axis=1).mean() > 0.7


def test_knees_and_elbows_bend_the_way_they_bend(move: Move) -> None:
    for side, sign in (("left", -1), ("right", 1)):
        elbow = Rotation.from_matrix(move.motion.rotation[:, RIG.index(f"{side}_elbow")]).as_rotvec(degrees=True)
        assert (sign * elbow[:, 1]).min() > -1
        assert (sign * elbow[:, 1]).max() < 150
        assert np.abs(elbow[:, [0, 2]]).max() < 1e-6, "an elbow is a hinge"
        knee = Rotation.from_matrix(move.motion.rotation[:, RIG.index(f"{side}_knee")]).as_rotvec(degrees=True)
        assert knee[:, 0].min() > 0
        assert knee[:, 0].max() < 145
        assert np.abs(knee[:, 1:]).max() < 1e-4, "a knee is a hinge"


def test_the_angle_of_the_joints_is_the_angle_of_the_rotation(move: Move) -> None:
    world = joints(move.motion)
    for side in ("left", "right"):
        for rig, names in (("knee", ("hip", "knee", "ankle")), ("elbow", ("shoulder", "elbow", "wrist"))):
            turned = Rotation.from_matrix(move.motion.rotation[:, RIG.index(f"{side}_{rig}")]).magnitude()
            assert np.allclose(flexion(world, side, names), np.degrees(turned), atol=1e-3)


RANGES = {"spine": 40, "chest": 55, "neck": 30, "head": 30, "left_collar": 30, "left_ankle": 75, "left_hip": 135}


@pytest.mark.parametrize("joint", RANGES)
def test_joints_stay_within_their_range(move: Move, joint: str) -> None:
    for name in {joint, joint.replace("left", "right")}:
        turned = Rotation.from_matrix(move.motion.rotation[:, RIG.index(name)]).magnitude()
        assert np.degrees(turned).max() < RANGES[joint], f"{name} turns {np.degrees(turned).max():.0f} degrees"


def test_no_limb_is_faster_than_a_dancer(move: Move) -> None:
    """At the fastest tempo; a boxer's fist reaches 9-10 m/s (Walilko, Viano & Bir 2005)."""
    world = joints(retime(move.motion, move.bpm[1], 100))
    speed = np.linalg.norm(np.diff(world, axis=0), axis=-1) * 100
    assert speed.max() < 9.5


def test_rotations_are_rotations(move: Move) -> None:
    r = move.motion.rotation
    assert np.allclose(r @ r.swapaxes(-1, -2), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(r), 1)
