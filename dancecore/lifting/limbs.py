"""How a dancer holds their limbs before the camera: exact across and up, as the picture is, and lifted in depth.

Seen from the side that the picture shows this is the picture itself; turned to another side it is as good as the lifted
depth. So two dancers are compared best when one is turned to face as the other does.
"""

import numpy as np

from dancecore.features.normalise import body_of
from dancecore.lifting.lifter import Lifted
from dancecore.lifting.skeleton import LIFTED
from dancecore.settings import FeatureSettings
from dancecore.types import Float, Float64, PoseTrack

LIMBS = 18
"""The limbs of `limbs_of`: from the one nearer to the trunk to each of the 17 lifted joints, and the trunk."""

_FROM = np.array([17, 17, 17, 1, 2, 3, 4, 5, 6, 18, 18, 9, 10, 11, 12, 13, 14])
"""(17,) where each lifted joint's limb begins: at a lifted joint, 17 amid the shoulders or 18 amid the hips."""

LONG = 80
"""Percentile of a limb's lengths over time that is taken for its own: errors of the depth shorten and stretch it."""

LONGEST = 1.5
"""Of its own length, that a limb may seem to have."""


def limbs_of(track: PoseTrack, lifted: Lifted, settings: FeatureSettings) -> Float:
    """(T, 18, 3) float32: each limb over its own length, x right, y up, z towards the camera; nobody's limbs are 0."""
    joints = np.zeros((len(track), 17, 3))
    for shot in track.shots:
        part = track.window(int(track.time_ns[shot.start]), int(track.time_ns[shot.stop - 1]) + 1)
        if part.present.any():
            joints[shot, :, :2] = body_of(part, settings).image[:, LIFTED] * [1, -1]
    joints[..., 2] = _towards(lifted)
    shoulders, hips = (joints[:, [left, left + 1]].mean(axis=1) for left in (1, 9))
    ends = np.concatenate([joints, shoulders[:, None], hips[:, None]], axis=1)
    limbs = np.concatenate([joints - ends[:, _FROM], (shoulders - hips)[:, None]], axis=1)
    own = np.percentile(np.linalg.norm(limbs, axis=2), LONG, axis=0)[:, None]
    return (limbs / np.maximum(own, 0.05)).clip(-LONGEST, LONGEST).astype(np.float32)


def turned_limbs(limbs: Float, angle: Float) -> Float:
    """(N, T, 36): across and up of limbs (N, T, 18, 3) when each has turned by angle (N,) radians to their left."""
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    across = cos * limbs[..., 0] + sin * limbs[..., 2]
    return np.stack([across, limbs[..., 1]], axis=-1).reshape(*limbs.shape[:2], -1).astype(np.float32)


def _towards(lifted: Lifted) -> Float64:
    """(T, 17) how much nearer to the camera than the mid-hip each joint is."""
    facing = lifted.facing / np.maximum(np.linalg.norm(lifted.facing, axis=1, keepdims=True), 1e-6)
    return np.asarray(facing[:, :1] * lifted.pose[..., 2] - facing[:, 1:] * lifted.pose[..., 0])
