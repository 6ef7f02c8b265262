"""Motion of a body as joint rotations on a beat grid, independent of whose body it is."""

from dataclasses import dataclass

import numpy as np

from dancecore.types import Float64, check_shape

RIG: tuple[str, ...] = (
    "pelvis", "spine", "chest", "neck", "head",
    "left_collar", "left_shoulder", "left_elbow", "left_wrist",
    "right_collar", "right_shoulder", "right_elbow", "right_wrist",
    "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle",
)  # fmt: skip
"""Joints that rotate. A joint turns everything beyond it: `left_shoulder` the upper arm, `left_elbow` the forearm."""

PARENT: tuple[int, ...] = tuple(
    -1 if name is None else RIG.index(name)
    for name in (
        None, "pelvis", "spine", "chest", "neck",
        "chest", "left_collar", "left_shoulder", "left_elbow",
        "chest", "right_collar", "right_shoulder", "right_elbow",
        "pelvis", "left_hip", "left_knee", "pelvis", "right_hip", "right_knee",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Motion:
    """A body moving over F frames.

    beats (F,) float64: when each frame happens, in beats from the start. rotation (F, 19, 3, 3) float64: each RIG
    joint's rotation in its parent's frame; the identity everywhere is the T-pose facing +z (arms along +-x, palms
    down, legs along -y, toes along +z). root (F, 3) float64: where the pelvis is relative to standing upright on the
    origin, in leg lengths (x left, y up, z forward), so that it fits any body.
    """

    beats: Float64
    rotation: Float64
    root: Float64

    def __post_init__(self) -> None:
        n = len(self.beats)
        check_shape("beats", self.beats, (n,), np.float64)
        check_shape("rotation", self.rotation, (n, len(RIG), 3, 3), np.float64)
        check_shape("root", self.root, (n, 3), np.float64)

    def world_rotation(self) -> Float64:
        """(F, 19, 3, 3): each joint's rotation in the world, which turns the T-pose limb to where it is."""
        world = self.rotation.copy()
        for joint, parent in enumerate(PARENT):
            if parent >= 0:
                world[:, joint] = world[:, parent] @ self.rotation[:, joint]
        return world
