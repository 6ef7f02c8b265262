from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.features import COLUMNS, FEATURE_VERSION, GROUPS, SCALE, confidence, extract, mirror
from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.skeleton import INDEX
from dancecore.types import Float, PoseTrack

from .skeletons import FAR, dance, motion, placed, random_track, seen, times

TUNED = settings().features
TRUE_DEPTH = replace(TUNED, depth_gain=1.0)
AT = {column.name: i for i, column in enumerate(COLUMNS)}
AXES_FREE = [i for i, c in enumerate(COLUMNS) if c.group in ("angles", "distances", "view_robust")]


def measured(track: PoseTrack, name: str) -> Float:
    """(T,) a column in its unit."""
    return extract(track, TRUE_DEPTH).values[:, AT[name]] * SCALE[AT[name]]


SHOULDER, DOWN, SIDE, BACK = (0.18, -0.5, 0.0), (0.18, -0.2, 0.0), (0.48, -0.5, 0.0), (0.18, -0.5, 0.3)
ELBOWS = [
    pytest.param(DOWN, (0.48, -0.2, 0.0), np.pi / 2, id="a right angle in the picture's plane"),
    pytest.param(DOWN, (0.18, -0.2, 0.3), np.pi / 2, id="a right angle in depth"),
    pytest.param(SIDE, (0.78, -0.5, 0.0), np.pi, id="a straight arm"),
    pytest.param(BACK, (0.18, -0.5, 0.0), 0.0, id="folded on itself"),
    pytest.param(SIDE, (0.48 + 0.3 * np.cos(np.pi / 3), -0.5 + 0.3 * np.sin(np.pi / 3), 0.0), np.pi * 2 / 3, id="120"),
]


@pytest.mark.parametrize(("elbow", "wrist", "angle"), ELBOWS)
def test_elbow_angle(elbow: tuple[float, ...], wrist: tuple[float, ...], angle: float) -> None:
    track = placed(left_shoulder=SHOULDER, left_elbow=elbow, left_wrist=wrist)
    assert measured(track, "angle.left_elbow") == pytest.approx(angle, abs=1e-4)


TURNS = [
    pytest.param({}, "angle.left_arm_spread", np.pi, id="T-pose: the arm continues the shoulders"),
    pytest.param({}, "angle.right_knee", np.pi, id="T-pose: straight legs"),
    pytest.param({"left_hip": ("x", -np.pi / 2)}, "angle.left_hip_bend", np.pi / 2, id="thigh level in front"),
    pytest.param({"left_knee": ("x", np.pi / 2)}, "angle.left_knee", np.pi / 2, id="shank level behind"),
    pytest.param({"spine": ("y", 0.4)}, "angle.twist", 0.4, id="trunk turned to the dancer's left"),
    pytest.param({"head": ("y", -0.5)}, "angle.head_turn", -0.5, id="looking to the dancer's right"),
    pytest.param({"pelvis": ("y", np.pi)}, "robust.facing", -1.0, id="turned away"),
    pytest.param({"pelvis": ("y", 1.0)}, "robust.facing", np.cos(1.0), id="turned by one radian"),
]


@pytest.mark.parametrize(("turn", "column", "value"), TURNS)
def test_angle_of_a_posed_body(turn: dict[str, tuple[str, float]], column: str, value: float) -> None:
    seconds = times(2)
    body = motion(seconds, **{name: (axis, np.full(len(seconds), angle)) for name, (axis, angle) in turn.items()})
    assert measured(seen(joints(body), seconds, FAR), column) == pytest.approx(value, abs=2e-3)


def test_turn_rate_is_that_of_a_spin() -> None:
    seconds = times(3)
    spin = motion(seconds, pelvis=("y", 2.0 * seconds))
    assert measured(seen(joints(spin), seconds, FAR), "robust.turn_rate")[5:-5] == pytest.approx(2.0, abs=0.02)


def test_travel_is_measured_in_torsos_a_second() -> None:
    seconds = times(2)
    world = joints(motion(seconds))
    torso = world[0, INDEX["left_shoulder"], 1] - world[0, INDEX["left_hip"], 1]
    track = seen(world + np.array([0.3, 0, 0]) * seconds[:, None, None], seconds)
    assert measured(track, "velocity.root.x") == pytest.approx(0.3 / torso, rel=0.05)
    assert measured(track, "velocity.left_wrist.x") == pytest.approx(0, abs=0.03)


def _changed(
    track: PoseTrack, scale: float = 1.0, shift: tuple[float, float] = (0, 0), world: float = 1.0
) -> PoseTrack:
    xy = (track.xy_px * np.float32(scale) + np.array(shift, np.float32)).astype(np.float32)
    return replace(track, xy_px=xy, world_m=track.world_m * np.float32(world))


def _rolled(track: PoseTrack, degrees: float) -> PoseTrack:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    world = track.world_m.copy()
    world[..., :2] = track.world_m[..., :2] @ turn.T
    return replace(track, xy_px=((track.xy_px - 300) @ turn.T + 300).astype(np.float32), world_m=world)


CHANGES = [
    pytest.param(lambda t: _changed(t, shift=(90, -40)), id="elsewhere in the picture"),
    pytest.param(lambda t: _changed(t, scale=2.5), id="nearer"),
    pytest.param(lambda t: _changed(t, world=1.2), id="taller"),
    pytest.param(lambda t: _rolled(t, 12), id="camera rolled by 12 degrees"),
    pytest.param(lambda t: _rolled(t, -75), id="camera rolled by -75 degrees"),
    pytest.param(lambda t: _rolled(t, 180), id="camera upside down"),
    pytest.param(lambda t: replace(t, time_ns=t.time_ns + 10**10), id="later"),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("yaw", [0, 50, 90, 180])
def test_features_do_not_change(change, yaw: float) -> None:
    track = seen(dance(times(4)), times(4), Camera(360, 640, yaw=yaw, pitch=10))
    before, after = extract(track, TUNED), extract(change(track), TUNED)
    assert np.abs(after.values - before.values).max() < 5e-3


def test_frame_rate_does_not_matter() -> None:
    slow, fast = (extract(seen(dance(times(4, hz)), times(4, hz)), TUNED) for hz in (20, 60))
    error, spread = np.abs(fast.values[::3] - slow.values)[10:-10], np.ptp(fast.values, axis=0)
    assert (error.max(axis=0) <= 0.12 * spread + 0.2).all()
    assert error.mean() < 0.02


def test_turning_around_does_not_flip_the_frame() -> None:
    seconds = times(6)
    turning = motion(
        seconds, pelvis=("y", np.pi * seconds / 2), left_shoulder=("z", np.full(len(seconds), -1.2)),
        right_shoulder=("z", np.full(len(seconds), 1.2)),
    )  # fmt: skip
    values = extract(seen(joints(turning), seconds, Camera(360, 640, roll=8)), TUNED).values
    for name in ("robust.nose.up", "robust.left_wrist.up", "robust.left_ankle.up", "angle.lean_side"):
        column = values[:, AT[name]] * SCALE[AT[name]]
        assert np.ptp(column) < 0.25, name


def test_places_along_the_body_hardly_depend_on_the_side_it_is_seen_from() -> None:
    seconds = times(4)
    cameras = [replace(FAR, yaw=yaw) for yaw in (-60.0, 0.0, 150.0)]
    views = [extract(seen(dance(seconds), seconds, camera), TRUE_DEPTH) for camera in cameras]
    robust = slice(GROUPS["view_robust"].start, GROUPS["view_robust"].stop - 1)
    for view in views:
        assert (np.abs(view.values - views[1].values) * SCALE)[:, robust].max() < 0.12


@given(st.integers(0, 2**32 - 1))
def test_mirror_is_exact_on_anything(seed: int) -> None:
    track = random_track(seed)
    straight, mirrored = extract(track, TUNED), extract(track.mirrored(), TUNED)
    assert np.array_equal(mirror(straight).values, mirrored.values)
    assert np.array_equal(mirror(straight).mask, mirrored.mask)
    assert np.array_equal(mirror(mirror(straight)).values, straight.values)


@pytest.mark.parametrize("yaw", [0, 35, 90, -120])
def test_mirror_is_exact_on_a_dance(yaw: float) -> None:
    track = seen(dance(times(5)), times(5), Camera(361, 640, yaw=yaw, pitch=8, roll=3), 0.5)
    assert np.array_equal(mirror(extract(track, TUNED)).values, extract(track.mirrored(), TUNED).values)


@pytest.mark.parametrize("joint", [slice(11, 33), [11, 12, 23, 24], slice(None)], ids=["body", "trunk", "anything"])
def test_mirror_is_exact_where_joints_are_never_seen(joint: slice | list[int]) -> None:
    track = _without(seen(dance(times(1)), times(1)), slice(None), joint)
    assert np.array_equal(mirror(extract(track, TUNED)).values, extract(track.mirrored(), TUNED).values)


def test_a_symmetric_pose_is_its_own_mirror() -> None:
    seconds = times(1)
    values = extract(seen(joints(motion(seconds)), seconds), TUNED).values
    assert np.abs(values[:, GROUPS["symmetry"]]).max() < 1e-4


def _without(track: PoseTrack, frames: slice, joint: int | slice | list[int]) -> PoseTrack:
    xy, world, visibility = track.xy_px.copy(), track.world_m.copy(), track.visibility.copy()
    xy[frames, joint], world[frames, joint], visibility[frames, joint] = np.nan, np.nan, 0
    return replace(track, xy_px=xy, world_m=world, visibility=visibility)


def test_a_missing_joint_is_held_and_its_columns_are_not_trusted() -> None:
    track, wrist = seen(dance(times(3)), times(3)), INDEX["left_wrist"]
    features = extract(_without(track, slice(20, 40), wrist), TUNED)
    assert (features.mask[20:40, wrist] == 0).all()
    trust = confidence(features.mask)
    untouched = extract(track, TUNED)
    sure = trust[30] > 0
    assert not sure[AT["angle.left_elbow"]]
    assert sure[AT["angle.right_elbow"]]
    settled = sure & np.array(["head" not in c.name or c.group != "energy" for c in COLUMNS])
    assert np.abs(features.values[30] - untouched.values[30])[settled].max() < 1e-5


def test_frames_without_the_dancer_are_finite_and_untrusted() -> None:
    track = _without(seen(dance(times(2)), times(2)), slice(0, 15), slice(None))
    features = extract(track, TUNED)
    assert (features.mask[:15] == 0).all()
    assert (features.mask[15:] == 1).all()


def test_nobody_at_all_is_zero() -> None:
    track = _without(seen(dance(times(1)), times(1)), slice(None), slice(None))
    assert (extract(track, TUNED).values == 0).all()


def test_nothing_reaches_across_a_cut() -> None:
    first, second = seen(dance(times(2)), times(2)), seen(dance(times(2)), times(2), Camera(360, 640, yaw=40, roll=20))
    cut = np.zeros(80, np.bool_)
    cut[40] = True
    both = PoseTrack(
        np.arange(80) * 50_000_000, np.concatenate([first.xy_px, second.xy_px]),
        np.concatenate([first.world_m, second.world_m]), np.ones((80, 33), np.float32), cut, 360, 640,
    )  # fmt: skip
    apart = np.concatenate([extract(first, TUNED).values, extract(second, TUNED).values])
    assert np.allclose(extract(both, TUNED).values, apart, atol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_values_are_finite_and_within_the_clip(seed: int) -> None:
    assert np.abs(extract(random_track(seed), TUNED).values).max() <= TUNED.clip


def test_version() -> None:
    assert FEATURE_VERSION == "fv-1"
