"""The body does what the Motion says, whoever it belongs to."""

import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dancecore import skeleton
from dancecore.errors import DanceError
from dancecore.moves import body as stick
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic import rig
from dancecore.synthetic.body import T_POSE, Body
from dancecore.synthetic.landmarks import load_landmarks
from dancecore.synthetic.rig import Shape

J = skeleton.INDEX

LIMBS = {
    f"{side} {limb}": (J[f"{side}_{a}"], J[f"{side}_{b}"])
    for side in ("left", "right")
    for limb, a, b in (
        ("upper arm", "shoulder", "elbow"),
        ("forearm", "elbow", "wrist"),
        ("thigh", "hip", "knee"),
        ("shin", "knee", "ankle"),
    )
}


def directions(joints: np.ndarray) -> np.ndarray:
    """(F, 8, 3) unit vectors along the limbs."""
    along = np.stack([joints[:, b] - joints[:, a] for a, b in LIMBS.values()], axis=1)
    return along / np.linalg.norm(along, axis=-1, keepdims=True)


def posed(turns: dict[str, tuple[str, float]]) -> Motion:
    """One frame: the T-pose with these joints turned, each (axis, degrees)."""
    rotation = np.tile(np.eye(3), (1, len(RIG), 1, 1))
    for joint, (axis, degrees) in turns.items():
        rotation[0, RIG.index(joint)] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    return Motion(np.zeros(1), rotation, np.zeros((1, 3)))


def test_the_identity_is_a_t_pose_on_the_floor(body: Body) -> None:
    mesh = body.pose(T_POSE)[0]
    joints = body.points(body.transforms(T_POSE))
    straight = {"arm": [1, 0, 0], "forearm": [1, 0, 0], "thigh": [0, -1, 0], "shin": [0, -1, 0]}
    want = np.array([np.array(straight[name.split()[-1]]) * ([1, 1, 1] if name.startswith("left") else [-1, 1, 1])
                     for name in LIMBS])  # fmt: skip
    np.testing.assert_allclose(directions(joints)[0], want, atol=1e-3)
    assert mesh[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert 1.4 < mesh[:, 1].max() < 2.2
    assert joints[0, J["left_foot_index"], 2] > joints[0, J["left_ankle"], 2] + 0.1
    assert joints[0, J["left_index"], 2] > joints[0, J["left_pinky"], 2] + 0.03


@pytest.mark.parametrize("name", ["mv_two_step", "mv_floss", "mv_sprinkler", "mv_spin", "mv_jumping_jack"])
def test_limbs_point_where_the_motion_says(name: str, body: Body, taxonomy: Taxonomy) -> None:
    motion = taxonomy.moves[name].motion
    cosine = (directions(body.points(body.transforms(motion))) * directions(stick.joints(motion))).sum(-1)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert angle.max() < 6
    assert np.median(angle) < 1.5


def test_feet_stand_on_the_floor_and_leave_it_in_jumps(body: Body, taxonomy: Taxonomy) -> None:
    motion = taxonomy.moves["mv_jumping_jack"].motion
    lowest = body.pose(motion)[..., 1].min(axis=1)
    meant = stick.joints(motion)[:, [J["left_heel"], J["right_heel"], J["left_foot_index"], J["right_foot_index"]], 1]
    np.testing.assert_allclose(lowest, meant.min(axis=1) * body.leg_m / stick.NEUTRAL.leg, atol=0.012)


TWISTS = {
    "palm up at the wrist": {"left_wrist": ("x", 150.0)},
    "palm up from the shoulder": {"left_shoulder": ("x", -120.0)},
    "arm overhead": {"left_shoulder": ("z", 80.0)},
    "arm hanging": {"left_shoulder": ("z", -80.0)},
}


@pytest.mark.parametrize("turns", TWISTS.values(), ids=list(TWISTS))
def test_no_limb_is_wrung(turns: dict[str, tuple[str, float]], body: Body) -> None:
    """The skin of the arm keeps at least 55 % of its thickness about the bone: no candy wrapper."""
    rest, turned = (_thinnest(body, motion) for motion in (T_POSE, posed(turns)))
    assert (turned / rest).min() > 0.55


def _thinnest(body: Body, motion: Motion) -> np.ndarray:
    """(8,) mean distance of the skin from the bone in slices along the left forearm."""
    mesh, joints = body.pose(motion)[0], body.points(body.transforms(motion))[0]
    still = body.standing
    elbow, wrist = (body.points(body.transforms(T_POSE))[0, J[f"left_{name}"]] for name in ("elbow", "wrist"))
    share = (still[:, 0] - elbow[0]) / (wrist[0] - elbow[0])
    near = np.abs(still[:, 1] - elbow[1]) < 0.12
    axis = joints[J["left_wrist"]] - joints[J["left_elbow"]]
    off = np.cross(mesh - joints[J["left_elbow"]], axis / np.linalg.norm(axis))
    thick = np.linalg.norm(off, axis=1)
    slices = [(share > a) & (share <= a + 0.1) & near for a in np.arange(0.15, 0.95, 0.1)]
    return np.array([thick[part].mean() for part in slices])


def test_left_and_right_mirror_each_other(body: Body) -> None:
    raised = body.joints(body.transforms(posed({"left_shoulder": ("z", 40.0), "left_hip": ("z", 30.0)})))[0]
    other = body.joints(body.transforms(posed({"right_shoulder": ("z", -40.0), "right_hip": ("z", -30.0)})))[0]
    np.testing.assert_allclose(other[skeleton.TWIN] * [-1, 1, 1], raised, atol=0.01)


def test_landmarks_are_those_of_the_skin(body: Body) -> None:
    """Points by summed transforms equal the same sums over the posed skin."""
    motion = posed({"head": ("y", 40.0), "left_ankle": ("x", 20.0)})
    mesh, joints = body.pose(motion)[0].astype(float), body.points(body.transforms(motion))[0]
    for name in ("nose", "mouth_left", "left_heel", "right_ear"):
        np.testing.assert_allclose(joints[J[name]], body.rest.regressors[name] @ mesh, atol=1e-4)


def test_landmarks_move_with_their_joints(body: Body) -> None:
    """BlazePose's landmarks are off the body's points as the table says, in the axes of the limb they belong to."""
    motion = posed({"pelvis": ("y", 30.0), "head": ("x", 25.0), "left_knee": ("x", 70.0), "right_wrist": ("y", 40.0)})
    table, transforms = load_landmarks(), body.transforms(motion)
    turned = motion.world_rotation()[0, table.moves_with]
    want = (turned @ (body.leg_m * table.offset)[..., None])[..., 0]
    np.testing.assert_allclose(body.joints(transforms)[0] - body.points(transforms)[0], want, atol=2e-3)
    assert np.abs(want).max() > 0.02


BAD = [
    ("a child", {"age": 0.4}, "adults"),
    ("too heavy", {"weight": 1.2}, "0..1"),
    ("nobody", {"height": float("nan")}, "0..1"),
]


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_shapes_that_are_refused(change: dict[str, float], words: str) -> None:
    whole = {"gender": 0.5, "age": 0.7, "muscle": 0.5, "weight": 0.5, "height": 0.5, "proportions": 0.5}
    with pytest.raises(DanceError, match=words):
        Shape(**(whole | change))


def test_without_anny_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anny", None)
    with pytest.raises(DanceError, match=r"danceapp\[synthetic\]") as caught:
        rig._model.__wrapped__()
    assert caught.value.code == "MISSING_EXTRA"
