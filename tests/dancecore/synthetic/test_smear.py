"""Fast limbs blur along their way, by as much as they move while the shutter is open, and nothing else does."""

import numpy as np
import pytest

from dancecore.moves.camera import Camera, still
from dancecore.skeleton import INDEX
from dancecore.synthetic.smear import LEAST_PX, MOST_PX, smear, ways
from dancecore.types import Image

CAMERA = Camera(200, 160, distance=4.0, fov=30.0)
FOREARM = [INDEX["left_elbow"], INDEX["left_wrist"]]


def moving(metres: float, frames: int = 4) -> np.ndarray:
    """(1, F, 33, 3): an upright left forearm that moves so far to the right in each frame; all else rests."""
    joints = np.tile(np.array([0.0, 0.0, 0.0]), (1, frames, 33, 1))
    for joint, high in zip(FOREARM, (0.8, 1.1), strict=True):
        joints[0, :, joint] = [0, high, 0] + np.arange(frames)[:, None] * np.array([metres, 0, 0])
    return joints


def drawn(joints: np.ndarray, frame: int) -> Image:
    """The forearm as a white bar, eight pixels wide, on black."""
    image = np.zeros((160, 200, 3), np.uint8)
    (x, low), (_, high) = CAMERA.project(joints[0, frame, FOREARM])
    image[int(high) : int(low), int(x) - 4 : int(x) + 4] = 255
    return image


def test_ways_are_the_shutters_share_of_the_movement() -> None:
    joints, path = moving(0.1), still(CAMERA, 4)
    pixels = path.project(joints[0])[:, FOREARM]
    limbs = ways(path, joints, np.zeros(4, np.int64), 0.5)
    (limb,) = np.flatnonzero(np.abs(limbs[1, :, :, 2]).min(-1) > 1)
    np.testing.assert_allclose(limbs[:, limb, :, :2], pixels, atol=1e-3)
    np.testing.assert_allclose(limbs[1, limb, :, 2], 0.5 * (pixels[1, :, 0] - pixels[0, :, 0]), rtol=1e-3)
    np.testing.assert_allclose(limbs[:, limb, :, 3], 0, atol=1e-3)


def test_nothing_moves_across_a_cut() -> None:
    joints = moving(0.0)
    joints[0, 2:] += [1.0, 0, 0]
    path = still(CAMERA, 4)
    assert np.abs(ways(path, joints, np.array([0, 0, 1, 1]), 1.0)[..., 2:4]).max() == 0
    assert np.abs(ways(path, joints, np.zeros(4, np.int64), 1.0)[..., 2:4]).max() == MOST_PX


def test_who_rests_stays_sharp() -> None:
    joints = moving(0.001)
    image = drawn(joints, 1)
    limbs = ways(still(CAMERA, 4), joints, np.zeros(4, np.int64), 0.5)[1]
    assert np.abs(limbs[..., 2:4]).max() < LEAST_PX
    assert smear(image, limbs) is image


@pytest.mark.parametrize("shutter", [0.25, 0.5])
def test_a_limb_spreads_along_its_way_and_keeps_its_light(shutter: float) -> None:
    joints = moving(0.1)
    image, limbs = drawn(joints, 1), ways(still(CAMERA, 4), joints, np.zeros(4, np.int64), shutter)[1]
    blurred = smear(image, limbs)
    way, row = np.abs(limbs[..., 2]).max(), int(CAMERA.project(joints[0, 1, FOREARM])[:, 1].mean())
    soft = (blurred[row, :, 0] > 3) & (blurred[row, :, 0] < 252)
    assert soft.sum() == pytest.approx(2 * way, abs=5)
    assert blurred[row].sum() == pytest.approx(image[row].sum(), rel=0.08)
    assert (blurred[: row - 60] == 0).all()
