"""A motion as BVH (Meredith & Maddock 2001): the skeleton of the neutral body, and its rotations at each frame."""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.moves.body import NEUTRAL, rig_offsets
from dancecore.moves.motion import PARENT, RIG, Motion
from dancecore.types import Float64

CM = 100.0
"""The unit of the format: nobody says, and most programs read centimetres."""

ORDER = "ZXY"
"""Of the rotations: what most programs expect."""

TIPS: dict[str, tuple[float, float, float]] = {
    "head": (0.0, NEUTRAL.head, 0.0), "left_wrist": (NEUTRAL.hand, 0.0, 0.0), "right_wrist": (-NEUTRAL.hand, 0.0, 0.0),
    "left_ankle": (0.0, -NEUTRAL.ankle_height, NEUTRAL.toe), "right_ankle": (0.0, -NEUTRAL.ankle_height, NEUTRAL.toe),
}  # fmt: skip
"""Where limbs end, metres from their last joint."""


def to_bvh(motion: Motion, fps: float) -> str:
    """The motion, whose frames are those of a recording at `fps`; y is up, the T-pose faces +z, lengths in cm."""
    hierarchy = "\n".join(("HIERARCHY", *_joint(0, 0)))
    rows = _channels(motion)
    head = f"MOTION\nFrames: {len(rows)}\nFrame Time: {1 / fps:.8f}\n"
    lines = (" ".join(f"{value:.4f}" for value in row) for row in rows.tolist())
    return f"{hierarchy}\n{head}" + "\n".join(lines) + "\n"


def _joint(joint: int, depth: int) -> Iterator[str]:
    pad, name = "  " * depth, RIG[joint]
    offset = CM * rig_offsets(NEUTRAL)[joint]
    yield f"{pad}{'JOINT' if depth else 'ROOT'} {name}"
    yield f"{pad}{{"
    yield f"{pad}  OFFSET {_numbers(offset)}"
    turns = " ".join(f"{axis}rotation" for axis in ORDER)
    yield f"{pad}  CHANNELS {f'3 {turns}' if depth else f'6 Xposition Yposition Zposition {turns}'}"
    for child, parent in enumerate(PARENT):
        if parent == joint:
            yield from _joint(child, depth + 1)
    if name in TIPS:
        yield from (
            f"{pad}  End Site",
            f"{pad}  {{",
            f"{pad}    OFFSET {_numbers(CM * np.array(TIPS[name]))}",
            f"{pad}  }}",
        )
    yield f"{pad}}}"


def _channels(motion: Motion) -> Float64:
    """(F, 60): the pelvis's place, then the angles of each joint in the order of RIG, which is that of the file."""
    place = CM * NEUTRAL.leg * (motion.root + np.array([0.0, 1.0, 0.0]))
    turns = Rotation.from_matrix(motion.rotation.reshape(-1, 3, 3)).as_euler(ORDER, degrees=True)
    return np.column_stack([place, turns.reshape(len(place), -1)])


def _numbers(values: Float64) -> str:
    return " ".join(f"{value:.4f}" for value in values)
