"""What a camera sees of known joints: how they are turned, what hides them, what lies outside."""

import numpy as np
import pytest

from dancecore.moves import body as stick
from dancecore.skeleton import INDEX as J
from dancecore.synthetic.body import T_POSE
from dancecore.synthetic.sight import look
from tests.dancecore.synthetic.stick_samples import filmed

POSE = stick.joints(T_POSE)


def with_wrist(*place: float) -> np.ndarray:
    """The T-pose with the left hand somewhere else."""
    moved = POSE.copy()
    for part in ("wrist", "pinky", "index", "thumb"):
        moved[0, J[f"left_{part}"]] = place
    moved[0, J["left_elbow"]] = (np.array(place) + POSE[0, J["left_shoulder"]]) / 2 + [0.15, 0, 0]
    return moved


@pytest.mark.parametrize(("yaw", "turn"), [(0, 0), (90, -90), (-90, 90), (180, 180), (40, -40)])
def test_turn_is_the_angle_from_the_camera(yaw: float, turn: float) -> None:
    seen = np.degrees(look(POSE, filmed(1, yaw=yaw)).turn[0])
    assert abs((seen - turn + 180) % 360 - 180) < 1


BEHIND, BEFORE = (0.0, 1.15, -0.25), (0.0, 1.15, 0.25)
HIDING = [
    ("a hand behind the back", with_wrist(*BEHIND), 0.0, "left_wrist", 1.0),
    ("the same hand from behind", with_wrist(*BEHIND), 180.0, "left_wrist", 0.0),
    ("a hand before the belly", with_wrist(*BEFORE), 0.0, "left_wrist", 0.0),
    ("the same hand from behind its owner", with_wrist(*BEFORE), 180.0, "left_wrist", 1.0),
    ("the far elbow in profile", with_wrist(0.25, 0.9, 0.0), -90.0, "left_elbow", 1.0),
    ("the near elbow in profile", with_wrist(0.25, 0.9, 0.0), 90.0, "left_elbow", 0.0),
    ("the far knee in profile", POSE, -90.0, "left_knee", 1.0),
    ("a knee from the front", POSE, 0.0, "left_knee", 0.0),
]


@pytest.mark.parametrize(("joints", "yaw", "joint", "hidden"), [c[1:] for c in HIDING], ids=[c[0] for c in HIDING])
def test_body_parts_hide_what_is_behind_them(joints: np.ndarray, yaw: float, joint: str, hidden: float) -> None:
    assert look(joints, filmed(1, yaw=yaw)).hidden[0, J[joint]] == pytest.approx(hidden, abs=0.3)


def test_somebody_else_hides_whatever_they_stand_before() -> None:
    camera = filmed(1, yaw=0.0)
    before, beside = (POSE + np.array(place) for place in ([0, 0, 0.8], [2.5, 0, 0.8]))
    hips, nose = [J["left_hip"], J["right_hip"]], J["nose"]
    assert look(POSE, camera).hidden[0, [*hips, nose]].max() == 0
    assert look(POSE, camera, [before]).hidden[0, [*hips, nose]].min() > 0.9
    assert look(POSE, camera, [beside]).hidden[0, [*hips, nose]].max() == 0


def test_outside_is_in_torso_lengths_beyond_the_edge() -> None:
    near = look(POSE, filmed(1, yaw=0.0, distance=1.2))
    wrist = J["left_wrist"]
    beyond = near.xy[0, wrist, 0] - 360
    assert near.outside[0, wrist] == pytest.approx(beyond / near.torso_px[0])
    assert near.outside[0, J["left_hip"]] == 0


def test_the_torso_is_as_long_as_it_would_be_upright() -> None:
    """Bending towards the camera changes nothing; coming nearer does."""
    upright = look(POSE, filmed(1, yaw=0.0))
    shown = upright.xy[0, [J["left_shoulder"], J["right_shoulder"]]].mean(0) - upright.xy[
        0, [J["left_hip"], J["right_hip"]]].mean(0)  # fmt: skip
    assert upright.torso_px[0] == pytest.approx(np.linalg.norm(shown), rel=0.06)
    nearer = look(POSE, filmed(1, yaw=0.0, distance=1.75))
    assert nearer.torso_px[0] == pytest.approx(2 * upright.torso_px[0], rel=0.02)
