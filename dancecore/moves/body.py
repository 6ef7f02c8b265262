"""Whose body it is: segment lengths, and forward kinematics from a Motion to BlazePose-33 joint positions."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from dancecore.moves.motion import PARENT, RIG, Motion
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float64

STATURE = 1.70
"""Metres: between the mean heights of adult women and men."""


@dataclass(frozen=True, slots=True)
class Proportions:
    """Segment lengths in metres, joint centre to joint centre.

    The defaults are the fractions of body height of Drillis & Contini (1966), as tabulated by Winter (2009, figure
    4.1), for a body of 1.70 m; `hip_width` is between hip joint centres (Bell et al. 1990: 0.6 of the pelvis breadth).
    Everything below the pelvis must be scaled together (`varied`), so that feet that stand on the floor in one
    body stand on it in every body.
    """

    hip_width: float = 0.115 * STATURE
    thigh: float = 0.245 * STATURE
    shank: float = 0.246 * STATURE
    ankle_height: float = 0.039 * STATURE
    toe: float = 0.112 * STATURE
    heel: float = 0.040 * STATURE
    trunk: float = 0.288 * STATURE
    shoulder_width: float = 0.230 * STATURE
    upper_arm: float = 0.186 * STATURE
    forearm: float = 0.146 * STATURE
    hand: float = 0.108 * STATURE
    neck: float = 0.052 * STATURE
    head: float = 0.130 * STATURE

    @property
    def leg(self) -> float:
        """How high the hips are when standing straight: the unit of Motion.root."""
        return self.thigh + self.shank + self.ankle_height

    def varied(self, height: float = 1.0, legs: float = 1.0, arms: float = 1.0, shoulders: float = 1.0) -> Self:
        """This body scaled: `height` scales everything, the others multiply legs, arms and shoulder width."""
        part = dict.fromkeys(("hip_width", "thigh", "shank", "ankle_height", "toe", "heel"), legs)
        part |= dict.fromkeys(("upper_arm", "forearm", "hand"), arms) | {"shoulder_width": shoulders}
        return type(self)(**{f.name: getattr(self, f.name) * height * part.get(f.name, 1.0) for f in fields(self)})


NEUTRAL = Proportions()


def _left_and_right(left: str, offset: tuple[float, float, float]) -> dict[str, tuple[float, float, float]]:
    x, y, z = offset
    right = left.replace("left", "right")
    return {left: (x, y, z), right: (-x, y, z)}


def rig_offsets(body: Proportions) -> Float64:
    """(19, 3): where each RIG joint is from its parent in the T-pose, metres; the pelvis is at the origin."""
    shoulder, hip = body.shoulder_width / 2, body.hip_width / 2
    offsets = {
        "pelvis": (0.0, 0.0, 0.0),
        "spine": (0.0, 0.2 * body.trunk, 0.0),
        "chest": (0.0, 0.3 * body.trunk, 0.0),
        "neck": (0.0, 0.5 * body.trunk, 0.0),
        "head": (0.0, body.neck, 0.0),
        **_left_and_right("left_collar", (0.15 * shoulder, 0.5 * body.trunk, 0.0)),
        **_left_and_right("left_shoulder", (0.85 * shoulder, 0.0, 0.0)),
        **_left_and_right("left_elbow", (body.upper_arm, 0.0, 0.0)),
        **_left_and_right("left_wrist", (body.forearm, 0.0, 0.0)),
        **_left_and_right("left_hip", (hip, 0.0, 0.0)),
        **_left_and_right("left_knee", (0.0, -body.thigh, 0.0)),
        **_left_and_right("left_ankle", (0.0, -body.shank, 0.0)),
    }
    return np.array([offsets[name] for name in RIG])


def _landmarks(body: Proportions) -> dict[str, tuple[str, tuple[float, float, float]]]:
    """Each BlazePose joint: the RIG joint it moves with, and where it is from it in the T-pose."""
    table: dict[str, tuple[str, tuple[float, float, float]]] = {}
    head, hand = body.head, body.hand

    def pair(left: str, joint: str, offset: tuple[float, float, float]) -> None:
        for name, place in _left_and_right(left, offset).items():
            table[name] = (joint if "left" not in joint else joint.replace("left", name.split("_")[0]), place)

    table["nose"] = ("head", (0.0, 0.25 * head, 0.50 * head))
    pair("left_eye_inner", "head", (0.07 * head, 0.42 * head, 0.42 * head))
    pair("left_eye", "head", (0.15 * head, 0.42 * head, 0.40 * head))
    pair("left_eye_outer", "head", (0.22 * head, 0.42 * head, 0.36 * head))
    pair("left_ear", "head", (0.34 * head, 0.32 * head, 0.0))
    table["mouth_left"] = ("head", (0.11 * head, 0.08 * head, 0.40 * head))
    table["mouth_right"] = ("head", (-0.11 * head, 0.08 * head, 0.40 * head))
    for limb in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
        pair(f"left_{limb}", f"left_{limb}", (0.0, 0.0, 0.0))
    pair("left_pinky", "left_wrist", (0.50 * hand, 0.0, -0.20 * hand))
    pair("left_index", "left_wrist", (0.55 * hand, 0.0, 0.15 * hand))
    pair("left_thumb", "left_wrist", (0.30 * hand, 0.0, 0.30 * hand))
    pair("left_heel", "left_ankle", (0.0, -body.ankle_height, -body.heel))
    pair("left_foot_index", "left_ankle", (0.0, -body.ankle_height, body.toe))
    return table


def rig_positions(motion: Motion, body: Proportions) -> Float64:
    """(F, 19, 3): where each RIG joint is in the world, metres; the floor is y = 0."""
    return _placed(motion.world_rotation(), motion.root, body)


def _placed(world: Float64, root: Float64, body: Proportions) -> Float64:
    offsets, positions = rig_offsets(body), np.empty((len(root), len(RIG), 3))
    for joint, parent in enumerate(PARENT):
        if parent < 0:
            positions[:, joint] = root * body.leg + np.array([0.0, body.leg, 0.0])
        else:
            positions[:, joint] = positions[:, parent] + world[:, parent] @ offsets[joint]
    return positions


def joints(motion: Motion, proportions: Proportions = NEUTRAL) -> Float64:
    """(F, 33, 3) float64: BlazePose joint positions of this body in the world, metres.

    World axes: x to the left of a dancer who faces front, y up from the floor, z forward.
    """
    world = motion.world_rotation()
    rig = _placed(world, motion.root, proportions)
    positions = np.empty((len(motion.beats), len(JOINTS), 3))
    for name, (joint, offset) in _landmarks(proportions).items():
        at = RIG.index(joint)
        positions[:, INDEX[name]] = rig[:, at] + world[:, at] @ np.array(offset)
    return positions
