"""Crossing over from one motion to another: trunk and arms fade, the feet step from place to place, one by one."""

import numpy as np

from dancecore.moves import legs
from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.curves import HIGHEST_STEP, STEP_LIFT
from dancecore.moves.memory import once_each
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.posing import CM
from dancecore.moves.rotations import fade
from dancecore.skeleton import INDEX
from dancecore.types import Float64

LEGS = [RIG.index(f"{side}_{joint}") for side in legs.SIDES for joint in ("hip", "knee", "ankle")]
OTHERS = [joint for joint in range(len(RIG)) if joint not in LEGS]

FEET = [INDEX[f"{side}_{joint}"] for side in legs.SIDES for joint in ("ankle", "heel", "foot_index")]

LEAST_LIFT = 2 * CM
"""Leg lengths by which a short step, too, clears the floor; else steps are as high as within moves."""

PEAK = 1.875
"""The greatest speed on the path of least jerk over the mean one."""

QUICKER = 0.75
"""Of the quicker motion's peak speed goes to the crossing itself; what both go on dancing comes on top."""

LONGEST = 2.0
"""Beats: where even half a bar is too short for a calm crossing, it hurries."""


def crossing_beats(a: Motion, left_at: float, b: Motion, at_least: float) -> float:
    """How long it takes to cross from a phrase, left so many beats after it began, to the start of another one, so that
    no joint has to hurry."""
    (path_a, speed_a), (path_b, speed_b) = pace(a), pace(b)
    frame = round(left_at / float(a.beats[1] - a.beats[0])) % (len(path_a) - 1)
    far = np.linalg.norm(path_a[frame] - path_b[0], axis=-1)
    far[FEET] *= 2  # a step takes half of the crossing
    calm = PEAK * far.max() / (QUICKER * max(speed_a, speed_b))
    return max(at_least, min(float(calm), LONGEST))


@once_each
def pace(motion: Motion) -> tuple[Float64, float]:
    """The joints (F, 33, 3) of the neutral body about where its pelvis is over the floor, and their greatest speed,
    metres a beat."""
    path = joints(motion)
    speed = np.linalg.norm(np.diff(path, axis=0), axis=-1).max() / float(np.diff(motion.beats).min())
    below = motion.root * np.array([1.0, 0.0, 1.0]) * NEUTRAL.leg
    return path - below[:, None], float(speed)


def cross(a: Motion, b: Motion, way: Float64) -> Motion:
    """From a to b, which share their beats; `way` (F,) rises from 0 to 1.

    A foot that must get to another place is lifted over the floor, the one whose leg is free first; what stands does
    not slide. The body sinks where a leg would not reach.
    """
    feet = _stepping(legs.feet_of(a), legs.feet_of(b), way)
    share = eased(way)
    rotation = a.rotation.copy()
    rotation[:, OTHERS] = fade(a.rotation[:, OTHERS], b.rotation[:, OTHERS], np.repeat(share[:, None], len(OTHERS), 1))
    root = a.root + share[:, None] * (b.root - a.root)
    root[:, 1] += _sinking(root, rotation[:, 0], feet, way)
    return Motion(a.beats.copy(), legs.stand(rotation, root, feet), root)


def eased(way: Float64) -> Float64:
    """0..1 to 0..1 without a jump in speed or acceleration (Flash & Hogan 1985: the path of least jerk)."""
    way = np.clip(way, 0.0, 1.0)
    return way**3 * (way * (6 * way - 15) + 10)


def _stepping(a: legs.Feet, b: legs.Feet, way: Float64) -> legs.Feet:
    """The feet of a until each in its turn takes a step, then those of b."""
    first, second = legs.soles(a), legs.soles(b)
    low_a, low_b = first[..., 1].min(-1), second[..., 1].min(-1)
    far = np.linalg.norm((second - first)[..., [0, 2]], axis=-1).max(-1)
    swing = np.clip(2 * way[:, None] - _turns(low_a, low_b, way), 0.0, 1.0)
    share = eased(swing)
    feet = legs.Feet(a.ankle + share[..., None] * (b.ankle - a.ankle), fade(a.rotation, b.rotation, share))
    lift = np.minimum(STEP_LIFT * far + np.minimum(far, LEAST_LIFT), HIGHEST_STEP * CM)
    arc = 16 * (swing * (1 - swing)) ** 2 * lift
    height = np.maximum(low_a + share * (low_b - low_a), arc)
    feet.ankle[..., 1] += height - legs.soles(feet)[..., 1].min(-1)
    return feet


def _turns(low_a: Float64, low_b: Float64, way: Float64) -> Float64:
    """(2,) 0 for the foot that steps in the first half, 1 for the other: as seldom as may be are both off the floor."""
    early, late = low_a[way < 0.5].sum(0), low_b[way >= 0.5].sum(0)
    left_first = early[1] + late[0] <= early[0] + late[1]
    return np.array([0.0, 1.0] if left_first else [1.0, 0.0])


def _sinking(root: Float64, pelvis: Float64, feet: legs.Feet, way: Float64) -> Float64:
    """(F,) by how much the root's height changes, slowly, to where both legs reach."""
    lowest, highest = legs.span(root, pelvis, feet, legs.lift_of(feet))
    weight = eased(4 * np.minimum(way, 1 - way))
    down, up = np.nan_to_num(root[:, 1] - highest).clip(0), (lowest - root[:, 1]).clip(0)
    most = np.maximum(weight, 0.2)  # at the ends, where legs reach anyway, no division by next to nothing
    return weight * ((up / most).max() - (down / most).max())
