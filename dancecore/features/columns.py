"""The 128 columns: what each measures, of which joints, in which unit, and what it becomes in a mirror.

Every definition is chosen so that a mirror only exchanges columns and flips signs. A column named `left_...` becomes
its `right_...` twin; what points sideways changes its sign; what has no side and no sign stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float


@dataclass(frozen=True, slots=True)
class Column:
    """One feature. `unit` is that of the value times `scale`; `sign` is what a mirror multiplies it by."""

    name: str
    group: str
    unit: str
    scale: float
    sign: int
    joints: tuple[str, ...]

    @property
    def twin(self) -> str:
        """The name of the column that this one becomes in a mirror."""
        return swap(self.name)


class Measure(NamedTuple):
    """A named measure and the joints it is taken of."""

    name: str
    joints: tuple[str, ...]


def swap(name: str) -> str:
    """The name with left and right exchanged."""
    return name.replace("left", "\0").replace("right", "left").replace("\0", "right")


def _both(*measures: Measure) -> tuple[Measure, ...]:
    """Each measure of the left side, followed by the same of the right."""
    return tuple(
        side for m in measures for side in (m, Measure(swap(m.name), tuple(swap(joint) for joint in m.joints)))
    )


HIPS = ("left_hip", "right_hip")
SHOULDERS = ("left_shoulder", "right_shoulder")
TRUNK = SHOULDERS + HIPS

JOINT_ANGLES = _both(
    Measure("left_elbow", ("left_shoulder", "left_elbow", "left_wrist")),
    Measure("left_wrist", ("left_elbow", "left_wrist", "left_index")),
    Measure("left_arm_raise", ("left_hip", "left_shoulder", "left_elbow")),
    Measure("left_arm_spread", ("right_shoulder", "left_shoulder", "left_elbow")),
    Measure("left_hip_bend", ("left_shoulder", "left_hip", "left_knee")),
    Measure("left_leg_spread", ("right_hip", "left_hip", "left_knee")),
    Measure("left_knee", ("left_hip", "left_knee", "left_ankle")),
    Measure("left_ankle", ("left_knee", "left_ankle", "left_foot_index")),
)
"""Interior angles in space: (end, vertex, end)."""

DISTANCES = (
    Measure("wrists", ("left_wrist", "right_wrist")),
    Measure("elbows", ("left_elbow", "right_elbow")),
    Measure("knees", ("left_knee", "right_knee")),
    Measure("ankles", ("left_ankle", "right_ankle")),
    *_both(
        Measure("left_wrist_hip", ("left_wrist", "left_hip")),
        Measure("left_wrist_far_hip", ("left_wrist", "right_hip")),
        Measure("left_wrist_shoulder", ("left_wrist", "left_shoulder")),
        Measure("left_wrist_far_shoulder", ("left_wrist", "right_shoulder")),
        Measure("left_wrist_knee", ("left_wrist", "left_knee")),
        Measure("left_wrist_nose", ("left_wrist", "nose")),
        Measure("left_ankle_hip", ("left_ankle", "left_hip")),
    ),
)
"""Between two joints, in torso lengths."""

LEGS = 0.6
"""Legs move less than arms, and are seen better: their columns are scaled by this much less."""

LIMB_ENDS = ("wrist", "elbow", "knee", "ankle")

MOVING = _both(*(Measure(f"left_{joint}", (f"left_{joint}", *HIPS)) for joint in LIMB_ENDS))
"""Joints whose velocity about the mid-hip is taken along both axes of the picture."""


def _angles() -> Iterator[Column]:
    spread = {"wrist": 1.1, "ankle": 0.8, "hip_bend": 0.35, "leg_spread": 0.35, "knee": 0.35}
    for name, joints in JOINT_ANGLES:
        yield Column(f"angle.{name}", "angles", "rad", spread.get(name.split("_", 1)[1], 0.6), 1, joints)
    face = ("nose", "left_ear", "right_ear")
    yield Column("angle.lean_side", "angles", "rad", 0.2, -1, TRUNK)
    yield Column("angle.lean_forward", "angles", "rad", 0.3, 1, TRUNK)
    yield Column("angle.shoulder_tilt", "angles", "rad", 0.2, -1, SHOULDERS)
    yield Column("angle.hip_tilt", "angles", "rad", 0.25, -1, HIPS)
    yield Column("angle.twist", "angles", "rad", 0.4, -1, TRUNK)
    yield Column("angle.head_tilt", "angles", "rad", 0.4, -1, ("left_ear", "right_ear"))
    yield Column("angle.head_nod", "angles", "rad", 0.5, 1, face)
    yield Column("angle.head_turn", "angles", "rad", 0.65, -1, (*face, *SHOULDERS))


def _motion(kind: str, group: str, unit: str, scale: float) -> Iterator[Column]:
    for name, joints in MOVING:
        spread = scale * (LEGS if name.endswith(("knee", "ankle")) else 1)
        yield Column(f"{kind}.{name}.x", group, unit, spread, -1, joints)
        yield Column(f"{kind}.{name}.y", group, unit, spread, 1, joints)
    for name, joints in (("root", HIPS), ("head", ("nose", *HIPS)), ("chest", TRUNK)):
        yield Column(f"{kind}.{name}.x", group, unit, scale / 3, -1, joints)
        yield Column(f"{kind}.{name}.y", group, unit, scale / 3, 1, joints)
    for name in SHOULDERS:
        yield Column(f"{kind}.{name}.y", group, unit, scale / 3, 1, (name, *HIPS))


def _distances() -> Iterator[Column]:
    for name, joints in DISTANCES:
        legs = all(joint.endswith(("hip", "knee", "ankle")) for joint in joints)
        yield Column(f"distance.{name}", "distances", "torso", 0.6 * (LEGS if legs else 1), 1, joints)


def _symmetry() -> Iterator[Column]:
    for joint in LIMB_ENDS:
        joints = (f"left_{joint}", f"right_{joint}", *HIPS)
        spread = 0.7 * (LEGS if joint in ("knee", "ankle") else 1)
        yield Column(f"symmetry.{joint}.x", "symmetry", "torso", spread, -1, joints)
        yield Column(f"symmetry.{joint}.y", "symmetry", "torso", spread, -1, joints)
    for joint in ("wrist", "ankle"):
        joints = (f"left_{joint}", f"right_{joint}", *HIPS)
        spread = 3.0 * (LEGS if joint == "ankle" else 1)
        yield Column(f"symmetry.{joint}.velocity.x", "symmetry", "torso/s", spread, -1, joints)
        yield Column(f"symmetry.{joint}.velocity.y", "symmetry", "torso/s", spread, -1, joints)


ENERGIES = (
    *_both(
        Measure("left_arm", ("left_elbow", "left_wrist")),
        Measure("left_leg", ("left_knee", "left_ankle")),
    ),
    Measure("trunk", TRUNK),
    Measure("root", HIPS),
)
"""Parts of the body whose speed is averaged over a short time."""


def _robust() -> Iterator[Column]:
    for name, joints in _both(*(Measure(f"left_{j}", (f"left_{j}", *TRUNK)) for j in ("wrist", "ankle"))):
        spread = 0.5 * (LEGS if name.endswith("ankle") else 1)
        yield Column(f"robust.{name}.side", "view_robust", "torso", spread, -1, joints)
        yield Column(f"robust.{name}.forward", "view_robust", "torso", spread, 1, joints)
        yield Column(f"robust.{name}.up", "view_robust", "torso", spread, 1, joints)
    for joint in ("left_elbow", "right_elbow", "left_knee", "right_knee", "nose"):
        spread = 0.5 * (LEGS if joint.endswith("knee") else 1)
        yield Column(f"robust.{joint}.up", "view_robust", "torso", spread, 1, (joint, *HIPS))
    yield Column("robust.hips_over_feet.side", "view_robust", "torso", 0.25, -1, (*HIPS, "left_ankle", "right_ankle"))
    yield Column("robust.turn_rate", "view_robust", "rad/s", 2.0, -1, TRUNK)
    yield Column("robust.facing", "view_robust", "cosine", 0.5, 1, TRUNK)


COLUMNS: tuple[Column, ...] = (
    *_angles(),
    *_motion("velocity", "motion", "torso/s", 2.0),
    *_motion("acceleration", "motion", "torso/s2", 27.0),
    *_distances(),
    *_symmetry(),
    *(Column(f"energy.{name}", "energy", "torso/s", 1.0, 1, joints) for name, joints in ENERGIES),
    *_robust(),
)
"""All columns in the order they are stored. The scales are typical spreads over dancing adults, larger
where the pose is doubtful (hands, head, accelerations), rounded by hand; they are constants of the feature version."""

GROUPS: dict[str, slice] = {
    group: slice(
        min(i for i, c in enumerate(COLUMNS) if c.group == group),
        max(i for i, c in enumerate(COLUMNS) if c.group == group) + 1,
    )
    for group in dict.fromkeys(column.group for column in COLUMNS)
}
"""Where each group stands."""

_AT = {column.name: i for i, column in enumerate(COLUMNS)}

SCALE: Float = np.array([column.scale for column in COLUMNS], np.float32)
"""(128,) what a value is multiplied by to be in its unit."""

MIRROR_FROM = np.array([_AT[column.twin] for column in COLUMNS])
"""(128,) the column each one is taken from in the mirror; an involution."""

MIRROR_SIGN: Float = np.array([column.sign for column in COLUMNS], np.float32)
"""(128,) the sign each one gets in the mirror."""

COLUMN_JOINTS = np.array([[joint in column.joints for joint in JOINTS] for column in COLUMNS])
"""(128, 33) bool: the joints each column is computed from."""

_JOINTS_OF = [[INDEX[joint] for joint in column.joints] for column in COLUMNS]


def confidence(mask: Float) -> Float:
    """How far each column can be trusted, (T, 128) in 0..1: the least confidence among its joints; `mask` (T, 33)."""
    return np.stack([mask[:, joints].min(axis=1) for joints in _JOINTS_OF], axis=1).astype(np.float32)
