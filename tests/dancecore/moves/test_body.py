"""Forward kinematics against places that follow from the lengths alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.sequence import mirrored
from dancecore.skeleton import INDEX, TWIN

LENGTHS = {
    ("left_shoulder", "left_elbow"): NEUTRAL.upper_arm, ("right_elbow", "right_wrist"): NEUTRAL.forearm,
    ("left_hip", "left_knee"): NEUTRAL.thigh, ("right_knee", "right_ankle"): NEUTRAL.shank,
    ("left_hip", "right_hip"): NEUTRAL.hip_width,
}  # fmt: skip


def still(**turned: np.ndarray) -> Motion:
    """One frame of the T-pose with some joints turned."""
    rotation = np.tile(np.eye(3), (1, len(RIG), 1, 1))
    for name, value in turned.items():
        rotation[0, RIG.index(name)] = value
    return Motion(np.zeros(1), rotation, np.zeros((1, 3)))


def any_motion(seed: int) -> Motion:
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(2 * len(RIG), rng=rng).as_matrix().reshape(2, len(RIG), 3, 3)
    return Motion(np.arange(2.0), rotation, rng.normal(size=(2, 3)))


def at(world: np.ndarray, name: str) -> np.ndarray:
    return world[0, INDEX[name]]


def test_the_t_pose_stands_on_the_floor_with_level_arms() -> None:
    world = joints(still())
    for side, sign in (("left", 1), ("right", -1)):
        arm = NEUTRAL.shoulder_width / 2 + NEUTRAL.upper_arm + NEUTRAL.forearm
        assert at(world, f"{side}_wrist") == pytest.approx([sign * arm, NEUTRAL.leg + NEUTRAL.trunk, 0])
        assert at(world, f"{side}_heel") == pytest.approx([sign * NEUTRAL.hip_width / 2, 0, -NEUTRAL.heel])
        assert at(world, f"{side}_foot_index")[2] == pytest.approx(NEUTRAL.toe)
    assert 1.5 < at(world, "nose")[1] < 1.65


BENT = {
    "left elbow forward": ("left_elbow", ("y", -90), "left_wrist", (0, 0, 1)),
    "right elbow forward": ("right_elbow", ("y", 90), "right_wrist", (0, 0, 1)),
    "left arm down": ("left_shoulder", ("z", -90), "left_elbow", (0, -1, 0)),
    "left knee back": ("left_knee", ("x", 90), "left_ankle", (0, 0, -1)),
    "right thigh forward": ("right_hip", ("x", -90), "right_knee", (0, 0, 1)),
}


@pytest.mark.parametrize(("joint", "turn", "tip", "direction"), BENT.values(), ids=BENT.keys())
def test_a_right_angle_points_the_limb(joint: str, turn: tuple[str, float], tip: str, direction: tuple) -> None:
    world = joints(still(**{joint: Rotation.from_euler(*turn, degrees=True).as_matrix()}))
    limb = at(world, tip) - at(world, joint)
    assert limb / np.linalg.norm(limb) == pytest.approx(np.array(direction), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_bones_keep_their_length_and_mirrors_are_exact(seed: int) -> None:
    motion = any_motion(seed)
    world = joints(motion)
    for (a, b), length in LENGTHS.items():
        assert np.linalg.norm(world[:, INDEX[a]] - world[:, INDEX[b]], axis=1) == pytest.approx(length)
    assert np.array_equal(joints(mirrored(motion)), world[:, TWIN] * np.array([-1.0, 1.0, 1.0]))
    twice = mirrored(mirrored(motion))
    assert np.array_equal(twice.rotation, motion.rotation)
    assert np.array_equal(twice.root, motion.root)


def test_proportions_vary_what_they_say() -> None:
    body = NEUTRAL.varied(height=1.1, legs=0.9, arms=1.05, shoulders=1.2)
    assert body.leg == pytest.approx(NEUTRAL.leg * 1.1 * 0.9)
    assert body.forearm == pytest.approx(NEUTRAL.forearm * 1.1 * 1.05)
    assert body.shoulder_width == pytest.approx(NEUTRAL.shoulder_width * 1.1 * 1.2)
    assert body.trunk == pytest.approx(NEUTRAL.trunk * 1.1)
    assert NEUTRAL.varied() == NEUTRAL


def test_the_neutral_body_is_as_tall_as_it_says() -> None:
    """Drillis & Contini: hip joint at 0.530 of the stature, shoulder at 0.818."""
    assert Proportions().leg / 1.70 == pytest.approx(0.530)
    assert (Proportions().leg + Proportions().trunk) / 1.70 == pytest.approx(0.818)
    assert NEUTRAL.leg + NEUTRAL.trunk + NEUTRAL.neck + NEUTRAL.head == pytest.approx(1.70)
