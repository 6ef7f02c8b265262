"""What a lifted pose consists of: 17 joints in the dancer's own axes, in torso lengths."""

import numpy as np

from dancecore.skeleton import INDEX, TWIN
from dancecore.types import Float64

LIFTED = np.array(
    [INDEX["nose"]]
    + [
        INDEX[f"{side}_{part}"]
        for part in ("shoulder", "elbow", "wrist", "index", "hip", "knee", "ankle", "foot_index")
        for side in ("left", "right")
    ]
)
"""(17,) the joints of a lifted pose, by their BlazePose index: those that tell a move and that most skeletons have."""

LIFTED_TWIN = np.array([LIFTED.tolist().index(TWIN[joint]) for joint in LIFTED])
"""(17,) each one's left-right twin."""

SHOULDERS, HIPS = ([INDEX[f"{side}_{part}"] for side in ("left", "right")] for part in ("shoulder", "hip"))

FACING_S = 0.5
"""Seconds, standard deviation: the front is where the trunk faces on average over so long. Turns of the body are
slower than that, twists of hips and shoulders quicker."""


def heading(joints: Float64) -> Float64:
    """(T,) radians the trunk of joints (T, 33, 3) faces, to the left of +z, unwrapped over time.

    Hips and shoulders count alike."""
    across = joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]] + joints[:, HIPS[0]] - joints[:, HIPS[1]]
    return np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))


def turned(points: Float64, angle: Float64) -> Float64:
    """Points (T, J, 3) turned to the right by angle (T,) radians about the vertical: from the room into the dancer's
    own axes, x to their left, y up, z forward."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, z = points[..., 0], points[..., 2]
    return np.stack([cos * x - sin * z, points[..., 1], sin * x + cos * z], axis=-1)
