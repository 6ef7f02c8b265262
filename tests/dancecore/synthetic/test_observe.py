"""The observed-pose model: projections with errors of the stated sizes."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore import skeleton
from dancecore.moves import body as stick
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.observe import observe
from dancecore.synthetic.settings import ObserveSettings

CAMERA = Camera(360, 640, yaw=25.0, pitch=5.0)
J = skeleton.INDEX


@pytest.fixture(scope="module")
def joints(taxonomy: Taxonomy) -> np.ndarray:
    long = around(taxonomy.moves["mv_two_step"].motion, np.arange(0, 32, 1 / 16))
    return stick.joints(retime(long, 120.0, 20.0))


def times(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) * 50_000_000


def numbers(**changed: object) -> ObserveSettings:
    return replace(settings().synthetic.observe, **changed)  # type: ignore[arg-type]


EXACT = {
    "jitter": 0.0, "offset": 0.0, "world_offset_m": 0.0, "world_jitter_m": 0.0, "world_scale": (1.0, 1.0),
    "depth_slope": (1.0, 1.0), "lost_share": 0.0,
}  # fmt: skip


def test_without_errors_it_is_the_projection(joints: np.ndarray) -> None:
    track = observe(joints, times(len(joints)), CAMERA, numbers(**EXACT), seed=0)
    np.testing.assert_allclose(track.xy_px, CAMERA.project(joints), atol=1e-3)
    hips = joints[:, [J["left_hip"], J["right_hip"]]].mean(1, keepdims=True)
    np.testing.assert_allclose(track.world_m, (joints - hips) @ CAMERA.rotation().T, atol=1e-5)
    assert (track.width, track.height) == (360, 640)


def test_depth_is_flattened(joints: np.ndarray) -> None:
    whole = observe(joints, times(len(joints)), CAMERA, numbers(**EXACT), seed=0).world_m
    flat = observe(joints, times(len(joints)), CAMERA, numbers(**EXACT | {"depth_slope": (0.5, 0.5)}), seed=0).world_m
    np.testing.assert_allclose(flat, whole * [1, 1, 0.5], atol=1e-5)


def test_errors_have_the_stated_size_and_memory(joints: np.ndarray) -> None:
    still = np.repeat(joints[:1], 4000, axis=0)
    exact = observe(still, times(4000), CAMERA, numbers(**EXACT), seed=0).xy_px
    shaken = observe(still, times(4000), CAMERA, numbers(**EXACT | {"jitter": 0.03, "jitter_s": 0.2}), seed=0).xy_px
    legs = [J["left_knee"], J["right_ankle"], J["left_hip"]]
    torso = np.linalg.norm(
        exact[0, [J["left_shoulder"], J["right_shoulder"]]].mean(0) - exact[0, [J["left_hip"], J["right_hip"]]].mean(0)
    )
    error = (shaken - exact)[:, legs] / torso
    assert error.std() == pytest.approx(0.03, rel=0.1)
    kept = (error[1:] * error[:-1]).mean() / (error**2).mean()
    assert kept == pytest.approx(np.exp(-0.05 / 0.2), abs=0.03)


def test_seeds_differ_and_repeat(joints: np.ndarray) -> None:
    one, again, other = (observe(joints, times(len(joints)), CAMERA, numbers(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.xy_px, again.xy_px)
    np.testing.assert_array_equal(one.world_m, again.world_m)
    assert np.abs(one.xy_px - other.xy_px).max() > 1


def test_a_hand_behind_the_back_is_doubted() -> None:
    from dancecore.synthetic.body import T_POSE

    pose = stick.joints(T_POSE)
    behind = pose.copy()
    behind[0, J["left_wrist"]] = pose[0, [J["left_hip"], J["right_shoulder"]]].mean(0) - [0, 0, 0.2]
    front = Camera(360, 640)
    seen = observe(behind, times(1), front, numbers(lost_share=0.0), seed=0).visibility[0]
    assert seen[J["left_wrist"]] < 0.5
    assert seen[J["right_wrist"]] > 0.8
    before = behind * [1, 1, -1]
    assert observe(before, times(1), front, numbers(lost_share=0.0), seed=0).visibility[0, J["left_wrist"]] > 0.8


def test_losses_have_the_stated_share(joints: np.ndarray) -> None:
    still = np.repeat(joints[:1], 4000, axis=0)
    track = observe(still, times(4000), CAMERA, numbers(lost_share=0.05), seed=3)
    legs = slice(J["left_hip"], None)
    assert (track.visibility[:, legs] < 0.5).mean() == pytest.approx(0.05, abs=0.02)
