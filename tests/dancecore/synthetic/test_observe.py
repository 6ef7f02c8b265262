"""The observed-pose model: projections with errors of the stated sizes."""

from dataclasses import fields, replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX as J
from dancecore.skeleton import TWIN
from dancecore.synthetic.landmarks import PARTS
from dancecore.synthetic.observe import ARMS, BODY, LEGS, USUAL_PX, observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.synthetic.residuals import fading
from dancecore.synthetic.sight import look
from tests.dancecore.synthetic.stick_samples import dance, filmed, times

FITTED = settings().observe
TORSO_M = 0.5


def every(number: float) -> tuple[float, ...]:
    return (number,) * len(PARTS)


def exact(**changed: object) -> ObserveSettings:
    """No error at all, but for what is changed."""
    each = {field.name for field in fields(ObserveSettings) if len(np.shape(getattr(FITTED, field.name))) == 1}
    zero: dict[str, object] = {name: every(0.0) for name in each if not name.endswith(("_fade", "_swapped", "_loud"))}
    zero |= dict.fromkeys(
        ("clip_spread", "size_loud", "cut_loud", "slip_spread", "torso_spread", "sway_steady", "missed_share"), 0.0
    )
    zero |= dict.fromkeys(("body_swapped", "arms_swapped", "legs_swapped", "view_loud"), (0.0,) * 4)
    zero |= dict.fromkeys(("pull_x", "pull_y"), ((0.0,) * 3,) * len(PARTS))
    zero |= dict.fromkeys(("depth_slope", "depth_apart"), ((1.0,) * 4,) * len(PARTS))
    zero |= {"jitter_s": every(0.1), "sure": every(30.0), "torso_m": TORSO_M}
    return replace(FITTED, **(zero | changed))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def joints(taxonomy: Taxonomy) -> np.ndarray:
    return stick.joints(dance(taxonomy))


def still(joints: np.ndarray, frames: int = 4000) -> np.ndarray:
    return np.repeat(joints[:1], frames, axis=0)


def error(joints: np.ndarray, settings: ObserveSettings, yaw: float = 25.0, seed: int = 0) -> np.ndarray:
    """(T, 33, 2) torso lengths."""
    camera = filmed(len(joints), yaw)
    sight = look(joints, camera)
    track = observe(joints, times(len(joints)), camera, settings, seed)
    return np.asarray((track.xy_px - sight.xy) / sight.torso_px[:, None, None])


def test_without_errors_it_is_the_projection(joints: np.ndarray) -> None:
    camera = filmed(len(joints))
    track = observe(joints, times(len(joints)), camera, exact(), seed=0)
    np.testing.assert_allclose(track.xy_px, camera.project(joints), atol=1e-3)
    hips = joints[:, [J["left_hip"], J["right_hip"]]].mean(1, keepdims=True)
    true = (joints - hips) @ camera.rotation[0].T * TORSO_M / look(joints, camera).torso_m
    np.testing.assert_allclose(track.world_m, true, atol=1e-5)
    assert (track.width, track.height) == (360, 640)
    assert track.visibility.min() > 0.999


def test_depth_is_flattened_by_how_the_dancer_is_turned(joints: np.ndarray) -> None:
    flat = exact(**dict.fromkeys(("depth_slope", "depth_apart"), ((0.5, 0.5, 0.8, 0.2),) * len(PARTS)))
    for yaw, slope in ((0.0, 0.5), (90.0, 0.8), (180.0, 0.2)):
        camera = filmed(1, yaw)
        whole, less = (observe(joints[:1], times(1), camera, each, seed=0).world_m for each in (exact(), flat))
        np.testing.assert_allclose(less, whole * [1, 1, slope], atol=0.01)


def test_where_twins_are_is_flattened_by_itself(joints: np.ndarray) -> None:
    """Bodies lean less than they do, and face the same way."""
    camera, flat = filmed(1, 40.0), exact(depth_slope=((0.5,) * 4,) * len(PARTS))
    whole, less = (observe(joints[:1], times(1), camera, each, seed=0).world_m[0, :, 2] for each in (exact(), flat))
    np.testing.assert_allclose(less - less[TWIN], whole - whole[TWIN], atol=1e-5)
    np.testing.assert_allclose(less + less[TWIN], 0.5 * (whole + whole[TWIN]), atol=1e-5)


def test_world_points_err_along_the_limb(joints: np.ndarray) -> None:
    only = tuple(0.05 if part == "elbow" else 0.0 for part in PARTS)
    camera = filmed(50)
    told = exact(flat_jitter=only, flat_inherit=every(0.5))
    true, seen = (observe(still(joints, 50), times(50), camera, each, seed=0).world_m for each in (exact(), told))
    off = (seen - true)[..., :2]
    np.testing.assert_allclose(off[:, J["left_wrist"]], 0.5 * off[:, J["left_elbow"]], atol=1e-5)
    assert off[:, J["left_elbow"]].std() == pytest.approx(0.05 * TORSO_M, rel=0.5)
    assert np.abs(off[:, J["left_knee"]]).max() < 1e-5


def test_jitter_has_the_stated_size_and_memory(joints: np.ndarray) -> None:
    shaken = error(still(joints), exact(jitter=every(0.03), jitter_s=every(0.12), flicker=every(0.2)))
    assert shaken.std() == pytest.approx(0.03, rel=0.05)
    seconds, flicker = fading(shaken, np.zeros(len(shaken), np.int64), 0.05)
    assert seconds == pytest.approx(0.12, rel=0.15)
    assert flicker == pytest.approx(0.2, abs=0.05)


def test_errors_grow_with_the_view_and_far_away(joints: np.ndarray) -> None:
    told = exact(jitter=every(0.02), view_loud=(0.0, 0.0, 0.7, 0.7), size_loud=-0.5)
    camera = filmed(4000, 0.0)
    px = float(look(still(joints), camera).torso_px[0])
    front, side = (error(still(joints), told, yaw).std() for yaw in (0.0, 90.0))
    assert front == pytest.approx(0.02 * (px / USUAL_PX) ** -0.5, rel=0.05)
    assert side / front == pytest.approx(np.exp(0.7), rel=0.08)


def test_what_is_steady_stays_for_a_clip_and_differs_between_clips(joints: np.ndarray) -> None:
    clips = np.stack([error(still(joints, 3), exact(steady=every(0.05)), seed=seed) for seed in range(60)])
    assert np.abs(np.diff(clips, axis=1)).max() < 1e-3
    assert clips[:, 0].std() == pytest.approx(0.05, rel=0.1)


def test_twins_err_alike_as_far_as_stated(joints: np.ndarray) -> None:
    shaken = error(still(joints), exact(jitter=every(0.03), twin_x=every(-0.5), twin_y=every(0.7)))
    left, right = J["left_knee"], J["right_knee"]
    for axis, want in ((0, -0.5), (1, 0.7)):
        got = np.corrcoef(shaken[:, left, axis], shaken[:, right, axis])[0, 1]
        assert got == pytest.approx(want, abs=0.12)


def test_joints_slip_for_the_stated_share(joints: np.ndarray) -> None:
    told = exact(slip=every(0.2), slip_share=every(0.1), slip_s=0.3)
    off = np.linalg.norm(error(still(joints, 3000), told), axis=-1)
    slips = off > 1e-3
    assert slips.mean() == pytest.approx(0.1, abs=0.02)
    assert np.sqrt((off[slips] ** 2).mean() / 2) == pytest.approx(0.2, rel=0.1)
    often = exact(slip=every(0.2), slip_share=every(0.1), slip_s=0.3, slip_spread=1.5)
    uneven = np.linalg.norm(error(still(joints, 3000), often), axis=-1) > 1e-3
    assert uneven.mean(0).std() > 2 * slips.mean(0).std()


def test_errors_are_handed_on_along_the_limb(joints: np.ndarray) -> None:
    only = tuple(0.05 if part == "elbow" else 0.0 for part in PARTS)
    half = error(still(joints, 50), exact(jitter=only, inherit=every(0.5)))
    elbow, wrist, hand = J["left_elbow"], J["left_wrist"], J["left_pinky"]
    np.testing.assert_allclose(half[:, wrist], 0.5 * half[:, elbow], atol=1e-4)
    np.testing.assert_allclose(half[:, hand], 0.125 * half[:, elbow], atol=1e-4)  # by way of the index finger
    assert np.abs(half[:, J["left_knee"]]).max() < 1e-4


def test_a_hidden_hand_is_doubted_and_guessed_too_near_to_the_elbow(joints: np.ndarray) -> None:
    behind = still(joints, 300)
    back = joints[0, [J["left_hip"], J["right_shoulder"]]].mean(0) - [0, 0, 0.25]
    behind[:, [J["left_wrist"], J["left_pinky"], J["left_index"], J["left_thumb"]]] = back
    told = exact(sure=every(4.0), hide=every(7.0), shrink=every(0.4), guess=every(0.05))
    camera = filmed(len(behind), yaw=0.0)
    track, sight = observe(behind, times(len(behind)), camera, told, seed=0), look(behind, camera)
    wrist, elbow = J["left_wrist"], J["left_elbow"]
    assert track.visibility[:, wrist].mean() < 0.1
    assert track.visibility[:, J["right_wrist"]].mean() > 0.9
    off = (track.xy_px - sight.xy)[:, wrist].mean(0)
    way = (sight.xy[:, elbow] - sight.xy[:, wrist]).mean(0)
    assert off @ way / (way @ way) == pytest.approx(0.4 * 0.95, abs=0.1)
    spread = ((track.xy_px - sight.xy)[:, wrist] / sight.torso_px[:, None]).std(0)
    np.testing.assert_allclose(spread, 0.05, rtol=0.5)


def test_beyond_the_picture_joints_are_doubted(joints: np.ndarray) -> None:
    near = filmed(len(joints), yaw=0.0, distance=1.3)
    seen = observe(joints, times(len(joints)), near, exact(sure=every(4.0), beyond=every(10.0)), seed=0).visibility
    outside = look(joints, near).outside
    assert seen[outside > 0.6].max() < 0.2
    assert seen[outside == 0].min() > 0.95


def test_beyond_the_picture_joints_are_put_to_its_edge(joints: np.ndarray) -> None:
    near = filmed(len(joints), yaw=0.0, distance=1.3)
    true = near.project(joints)
    edge = true.clip(0, [near.width, near.height])
    half = observe(joints, times(len(joints)), near, exact(edge=every(0.5)), seed=0).xy_px
    assert np.abs(edge - true).max() > 50
    np.testing.assert_allclose(half, (true + edge) / 2, atol=1e-2)


def test_dancers_are_missed_for_the_stated_share_and_while(joints: np.ndarray) -> None:
    count = 15_000
    told = exact(missed_share=0.1, missed_s=0.5)
    track = observe(still(joints, count), times(count), filmed(count), told, seed=1)
    gone = ~track.present
    assert gone.mean() == pytest.approx(0.1, abs=0.03)
    begun = (gone[1:] & ~gone[:-1]).sum()
    assert 0.05 * gone.sum() / begun == pytest.approx(0.5, rel=0.3)
    assert (track.visibility[gone] == 0).all()
    assert np.isnan(track.world_m[gone]).all()


SWAPS = {"body_swapped": BODY, "arms_swapped": ARMS, "legs_swapped": LEGS}


@pytest.mark.parametrize(("name", "limbs"), SWAPS.items(), ids=list(SWAPS))
def test_left_and_right_are_exchanged_where_stated(name: str, limbs: np.ndarray, joints: np.ndarray) -> None:
    told = exact(**{name: (0.0, 0.0, 0.0, 0.3)})
    rest = np.setdiff1d(np.arange(33), limbs)
    for yaw, share in ((0.0, 0.0), (180.0, 0.3)):
        camera = filmed(4000, yaw)
        seen, true = observe(still(joints), times(4000), camera, told, seed=2).xy_px, camera.project(still(joints))
        swapped = np.isclose(seen[:, limbs], true[:, TWIN[limbs]], atol=1e-2).all((1, 2))
        assert swapped.mean() == pytest.approx(share, abs=0.08)
        assert np.abs(seen - true)[:, rest].max() < 1e-2


def test_seeds_differ_and_repeat(joints: np.ndarray) -> None:
    camera = filmed(len(joints))
    one, again, other = (observe(joints, times(len(joints)), camera, FITTED, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.xy_px, again.xy_px)
    np.testing.assert_array_equal(one.world_m, again.world_m)
    assert np.nanmax(np.abs(one.xy_px - other.xy_px)) > 1
