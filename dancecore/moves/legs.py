"""Two-bone inverse kinematics: legs that reach given feet, for the neutral body (Tolani, Goswami & Badler 2000).

All lengths here are in leg lengths, as in Motion.root, so that what stands on the floor does so on every body.
"""

from dataclasses import dataclass

import numba
import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from dancecore.moves.body import NEUTRAL, rig_offsets
from dancecore.moves.motion import RIG, Motion
from dancecore.types import Float64, IntT

SIDES: tuple[str, ...] = ("left", "right")
THIGH = NEUTRAL.thigh / NEUTRAL.leg
SHANK = NEUTRAL.shank / NEUTRAL.leg
ANKLE = NEUTRAL.ankle_height / NEUTRAL.leg
TOE = NEUTRAL.toe / NEUTRAL.leg
HEEL = NEUTRAL.heel / NEUTRAL.leg
REACH = 0.995 * (THIGH + SHANK)
"""The straightest leg: knees that lock completely make the knee angle jump."""
SHORTEST = 0.35 * (THIGH + SHANK)
"""The most bent leg: about 140 degrees at the knee, the end of its range."""
EASE = 3
"""Frames (of 16 a beat) over which the body begins to sink before a leg gets too long: it never drops in a jerk."""


@dataclass(frozen=True, slots=True)
class Feet:
    """Where both feet are. ankle (F, 2, 3) in leg lengths above the floor's origin; rotation (F, 2, 3, 3) in the world.

    Index 0 is the left foot, 1 the right.
    """

    ankle: Float64
    rotation: Float64


_HIPS = np.stack([rig_offsets(NEUTRAL)[RIG.index(f"{side}_hip")] for side in SIDES]) / NEUTRAL.leg


def hips(root: Float64, pelvis: Float64) -> Float64:
    """(F, 2, 3): the hip joints, leg lengths above the floor; root (F, 3), pelvis (F, 3, 3)."""
    return (root + np.array([0.0, 1.0, 0.0]))[:, None] + _HIPS @ pelvis.swapaxes(-1, -2)


def feet_of(motion: Motion) -> Feet:
    """The feet of a motion, to be kept while the rest changes."""
    world = motion.world_rotation()
    hip = hips(motion.root, world[:, 0])
    ankle, rotation = np.empty_like(hip), np.empty((len(hip), 2, 3, 3))
    for s, side in enumerate(SIDES):
        thigh, shank = world[:, RIG.index(f"{side}_hip")], world[:, RIG.index(f"{side}_knee")]
        ankle[:, s] = hip[:, s] - THIGH * thigh[..., 1] - SHANK * shank[..., 1]
        rotation[:, s] = world[:, RIG.index(f"{side}_ankle")]
    return Feet(ankle, rotation)


_SOLE = np.array([[0.0, -ANKLE, TOE], [0.0, -ANKLE, -HEEL]])


def soles(feet: Feet) -> Float64:
    """(F, 2, 2, 3): where the ball and the heel of each foot are, leg lengths."""
    return feet.ankle[:, :, None] + _SOLE @ feet.rotation.swapaxes(-1, -2)


def lift_of(feet: Feet) -> Float64:
    """(F, 2): how far the lower end of each sole is off the floor; a raised heel over standing toes is no lift."""
    return soles(feet)[..., 1].min(axis=-1).clip(min=0)


def stand(rotation: Float64, root: Float64, feet: Feet) -> Float64:
    """`rotation` (F, 19, 3, 3) with both legs set so that the feet are where `feet` says.

    The pelvis keeps its place, so a foot out of reach comes only as near as a straight leg allows. Knees bend about the
    axis, at a right angle to the leg, that points half as the pelvis and half as the foot does.
    """
    rotation = np.array(rotation, order="C")
    ankle, turned = np.ascontiguousarray(feet.ankle), np.ascontiguousarray(feet.rotation)
    _bend(rotation, hips(root, rotation[:, 0]), ankle, turned, _LEGS)
    return rotation


_LEGS = np.array([[RIG.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")] for side in SIDES])


@numba.njit(cache=True)
def _bend(rotation: Float64, hip: Float64, ankle: Float64, foot: Float64, legs: IntT) -> None:
    """Set the legs of `rotation`, in place: the law of cosines for thigh and shank, then each bone's own axes."""
    thigh, shank = np.empty((3, 3)), np.empty((3, 3))
    for f in range(len(rotation)):
        for s in range(2):
            dx, dy, dz = ankle[f, s, 0] - hip[f, s, 0], ankle[f, s, 1] - hip[f, s, 1], ankle[f, s, 2] - hip[f, s, 2]
            far = np.sqrt(dx * dx + dy * dy + dz * dz)
            dx, dy, dz = dx / far, dy / far, dz / far
            x, y = rotation[f, 0, 0, 0] + foot[f, s, 0, 0], rotation[f, 0, 1, 0] + foot[f, s, 1, 0]
            z = rotation[f, 0, 2, 0] + foot[f, s, 2, 0]
            out = x * dx + y * dy + z * dz
            x, y, z = x - out * dx, y - out * dy, z - out * dz
            wide = np.sqrt(x * x + y * y + z * z)
            x, y, z = x / wide, y / wide, z / wide
            length = min(max(far, SHORTEST), REACH)
            cosine = (THIGH**2 + length**2 - SHANK**2) / (2 * THIGH * length)
            sine = np.sqrt(1 - cosine**2)
            tx, ty = cosine * dx + sine * (dy * z - dz * y), cosine * dy + sine * (dz * x - dx * z)
            tz = cosine * dz + sine * (dx * y - dy * x)
            _axes(x, y, z, -tx, -ty, -tz, thigh)
            part, whole = THIGH / SHANK, length / SHANK
            _axes(x, y, z, part * tx - whole * dx, part * ty - whole * dy, part * tz - whole * dz, shank)
            _seen_from(rotation[f, 0], thigh, rotation[f, legs[s, 0]])
            _seen_from(thigh, shank, rotation[f, legs[s, 1]])
            _seen_from(shank, foot[f, s], rotation[f, legs[s, 2]])


@numba.njit(cache=True)
def _axes(x: float, y: float, z: float, ux: float, uy: float, uz: float, out: Float64) -> None:
    """The rotation (3, 3) whose x axis is (x, y, z) and whose y axis is (ux, uy, uz)."""
    out[0, 0], out[1, 0], out[2, 0] = x, y, z
    out[0, 1], out[1, 1], out[2, 1] = ux, uy, uz
    out[0, 2], out[1, 2], out[2, 2] = y * uz - z * uy, z * ux - x * uz, x * uy - y * ux


@numba.njit(cache=True)
def _seen_from(a: Float64, b: Float64, out: Float64) -> None:
    """Rotation b in the axes of rotation a."""
    for i in range(3):
        for j in range(3):
            out[i, j] = a[0, i] * b[0, j] + a[1, i] * b[1, j] + a[2, i] * b[2, j]


def reachable_height(root: Float64, pelvis: Float64, feet: Feet, lift: Float64, *, loops: bool) -> Float64:
    """(F,): the root heights of `root` (F, 3), changed smoothly to where both legs reach their feet.

    lift (F, 2) is how far each foot is off the floor: a lifted foot pulls the body down less. `loops`: the last frame
    is the first of the next run. NaN where a standing foot is too far out for any height.
    """
    lowest, highest = span(root, pelvis, feet, lift)
    too_high = _eased(np.nan_to_num(root[:, 1] - highest).clip(0), loops)
    too_low = _eased((lowest - root[:, 1]).clip(0), loops)
    return np.where(np.isnan(highest), np.nan, root[:, 1] - too_high + too_low)


def span(root: Float64, pelvis: Float64, feet: Feet, lift: Float64) -> tuple[Float64, Float64]:
    """(F,), (F,): the lowest and the highest root height from which both legs reach, as `reachable_height` says; NaN
    for the highest where there is none."""
    return _span(root, pelvis, feet.ankle, lift, _HIPS)


@numba.njit(cache=True)
def _span(root: Float64, pelvis: Float64, ankle: Float64, lift: Float64, hips: Float64) -> tuple[Float64, Float64]:
    lowest, highest = np.full(len(root), -np.inf), np.full(len(root), np.inf)
    for f in range(len(root)):
        for s in range(2):
            x, y, z = root[f, 0], 1.0, root[f, 2]
            for k in range(3):
                x += pelvis[f, 0, k] * hips[s, k]
                y += pelvis[f, 1, k] * hips[s, k]
                z += pelvis[f, 2, k] * hips[s, k]
            apart = np.sqrt((ankle[f, s, 0] - x) ** 2 + (ankle[f, s, 2] - z) ** 2)
            level = ankle[f, s, 1] - y
            lowest[f] = max(lowest[f], level + np.sqrt(max(SHORTEST**2 - apart**2, 0.0)) - 4 * lift[f, s])
            if apart > REACH and lift[f, s] <= 0:
                highest[f] = np.nan
            elif not np.isnan(highest[f]):
                highest[f] = min(highest[f], level + np.sqrt(max(REACH**2 - apart**2, 0.0)) + 4 * lift[f, s])
    return lowest, highest


def _eased(need: Float64, loops: bool) -> Float64:
    """A smooth curve that is nowhere below `need` (F,): its moving maximum, averaged over the same frames."""
    if not need.any():
        return need
    mode, part = ("wrap", need[:-1]) if loops else ("nearest", need)
    smooth = maximum_filter1d(part, 4 * EASE + 1, mode=mode)
    for _ in range(2):
        smooth = uniform_filter1d(smooth, 2 * EASE + 1, mode=mode)
    return np.append(smooth, smooth[0]) if loops else smooth
