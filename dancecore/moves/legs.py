"""Two-bone inverse kinematics: legs that reach given feet, for the neutral body (Tolani, Goswami & Badler 2000).

All lengths here are in leg lengths, as in Motion.root, so that what stands on the floor does so on every body.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from dancecore.moves.body import NEUTRAL, rig_offsets
from dancecore.moves.motion import RIG, Motion
from dancecore.types import Float64

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


def hips(root: Float64, pelvis: Float64) -> Float64:
    """(F, 2, 3): the hip joints, leg lengths above the floor; root (F, 3), pelvis (F, 3, 3)."""
    offsets = rig_offsets(NEUTRAL) / NEUTRAL.leg
    sides = np.stack([offsets[RIG.index(f"{side}_hip")] for side in SIDES])
    return (root + np.array([0.0, 1.0, 0.0]))[:, None] + np.einsum("fij,sj->fsi", pelvis, sides)


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


def lift_of(feet: Feet) -> Float64:
    """(F, 2): how far the lower end of each sole is off the floor; a raised heel over standing toes is no lift."""
    soles = np.array([[0.0, -ANKLE, TOE], [0.0, -ANKLE, -HEEL]])
    ends = feet.ankle[..., 1, None] + np.einsum("fsj,ej->fse", feet.rotation[..., 1, :], soles)
    return ends.min(axis=-1).clip(min=0)


def _unit(vectors: Float64) -> Float64:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _hinge(down: Float64, pelvis: Float64, foot: Float64) -> Float64:
    """(F, 2, 3): the knee axis, leftwards: half the pelvis's, half the foot's, at a right angle to the leg."""
    side = _unit(pelvis[:, None, :, 0] + foot[..., 0])
    return _unit(side - (side * down).sum(-1, keepdims=True) * down)


def _frame(x: Float64, up: Float64) -> Float64:
    """Rotations (..., 3, 3) whose x and y axes are these."""
    return np.stack([x, up, np.cross(x, up)], axis=-1)


def stand(rotation: Float64, root: Float64, feet: Feet) -> Float64:
    """`rotation` (F, 19, 3, 3) with both legs set so that the feet are where `feet` says.

    The pelvis keeps its place, so a foot out of reach comes only as near as a straight leg allows.
    """
    rotation = rotation.copy()
    pelvis = rotation[:, 0]
    hip = hips(root, pelvis)
    length = np.linalg.norm(feet.ankle - hip, axis=-1).clip(SHORTEST, REACH)[..., None]
    down = _unit(feet.ankle - hip)
    x = _hinge(down, pelvis, feet.rotation)
    bend = np.arccos((THIGH**2 + length**2 - SHANK**2) / (2 * THIGH * length))
    thigh_down = np.cos(bend) * down + np.sin(bend) * np.cross(down, x)
    shank_down = (length * down - THIGH * thigh_down) / SHANK
    thigh, shank = _frame(x, -thigh_down), _frame(x, -_unit(shank_down))
    for s, side in enumerate(SIDES):
        rotation[:, RIG.index(f"{side}_hip")] = pelvis.swapaxes(-1, -2) @ thigh[:, s]
        rotation[:, RIG.index(f"{side}_knee")] = thigh[:, s].swapaxes(-1, -2) @ shank[:, s]
        rotation[:, RIG.index(f"{side}_ankle")] = shank[:, s].swapaxes(-1, -2) @ feet.rotation[:, s]
    return rotation


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
    hip = hips(root * np.array([1.0, 0.0, 1.0]), pelvis)
    apart = np.linalg.norm((feet.ankle - hip)[..., [0, 2]], axis=-1)
    out = (apart > REACH) & (lift <= 0)
    high = feet.ankle[..., 1] + np.sqrt((REACH**2 - apart**2).clip(0)) - hip[..., 1] + 4 * lift
    low = feet.ankle[..., 1] + np.sqrt((SHORTEST**2 - apart**2).clip(0)) - hip[..., 1] - 4 * lift
    return low.max(axis=1), np.where(out.any(axis=1), np.nan, high.min(axis=1))


def _eased(need: Float64, loops: bool) -> Float64:
    """A smooth curve that is nowhere below `need` (F,): its moving maximum, averaged over the same frames."""
    mode, part = ("wrap", need[:-1]) if loops else ("nearest", need)
    smooth = maximum_filter1d(part, 4 * EASE + 1, mode=mode)
    for _ in range(2):
        smooth = uniform_filter1d(smooth, 2 * EASE + 1, mode=mode)
    return np.append(smooth, smooth[0]) if loops else smooth
