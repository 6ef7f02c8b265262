"""Where BlazePose puts its landmarks on a body, which is not quite where an anatomist would: `landmarks.yaml`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from dancecore.moves.motion import RIG
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float64

TABLE = Path(__file__).with_name("landmarks.yaml")

MIRROR = np.array([-1.0, 1.0, 1.0])
"""What a point's coordinates are multiplied by in a mirror."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """For each BlazePose joint, the RIG joint it moves with (33,) and how far it lies from the body model's own point,
    (33, 3) leg lengths in the axes of the T-pose (x left, y up, z forward)."""

    moves_with: NDArray[np.int64]
    offset: Float64


def part(joint: str) -> str:
    """A joint's name without its side: `elbow` of `left_elbow`."""
    return joint.replace("left_", "").replace("right_", "").replace("_left", "").replace("_right", "")


PARTS: tuple[str, ...] = tuple(dict.fromkeys(part(joint) for joint in JOINTS))
"""The 17 parts that have a landmark, or one on each side."""

PART = np.array([PARTS.index(part(joint)) for joint in JOINTS])
"""(33,) the part of each joint."""


@cache
def load_landmarks() -> Landmarks:
    """The table that this release was fitted with."""
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return Landmarks(
        np.array([RIG.index(_rig_joint(joint, table)) for joint in JOINTS]),
        np.array([np.array(table[part(joint)]["offset"]) * side(joint) for joint in JOINTS]),
    )


def side(joint: str) -> Float64:
    """What brings an offset of the left or the middle to this joint's side."""
    return MIRROR if "right" in joint else np.ones(3)


def _rig_joint(joint: str, table: dict[str, dict[str, str]]) -> str:
    name = table[part(joint)]["moves_with"]
    return f"{'right' if 'right' in joint else 'left'}_{name}" if f"left_{name}" in RIG else name


BEFORE: dict[str, str] = {
    "eye_inner": "nose", "eye": "eye_inner", "eye_outer": "eye", "ear": "eye_outer", "mouth": "nose",
    "shoulder": "hip", "elbow": "shoulder", "wrist": "elbow", "index": "wrist", "pinky": "index", "thumb": "index",
    "knee": "hip", "ankle": "knee", "heel": "ankle", "foot_index": "ankle",
}  # fmt: skip
"""The part from which each part's errors come on: landmarks that lie together err together."""


def _before(joint: str) -> int:
    name = BEFORE.get(part(joint))
    if name is None:
        return INDEX[joint]
    return INDEX[name] if name in INDEX else INDEX[f"{'right' if 'right' in joint else 'left'}_{name}"]


PARENT = np.array([_before(joint) for joint in JOINTS])
"""(33,) the joint from which each joint's errors come on; the nose's and the hips' begin with themselves."""


def _branches() -> tuple[int, ...]:
    done = [joint for joint, before in enumerate(PARENT) if joint == before]
    roots = len(done)
    while len(done) < len(JOINTS):
        done += [joint for joint, before in enumerate(PARENT) if before in done and joint not in done]
    return tuple(done[roots:])


BRANCHES = _branches()
"""The joints whose errors come on from another, each after that one."""
