"""The BlazePose-33 skeleton: names, left-right twins, bones. World axes: x to the dancer's left, y up, z forward."""

import numpy as np

JOINTS: tuple[str, ...] = (
    "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
    "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_foot_index", "right_foot_index",
)  # fmt: skip
"""Joint names in BlazePose order (Bazarevsky et al. 2020)."""

INDEX: dict[str, int] = {name: i for i, name in enumerate(JOINTS)}


def twin(name: str) -> str:
    """The same joint on the other side; a joint in the middle is its own twin."""
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


TWIN = np.array([INDEX[twin(name)] for name in JOINTS])
"""(33,) index of each joint's left-right twin; an involution."""

BONES: tuple[tuple[int, int], ...] = tuple(
    (INDEX[a], INDEX[b])
    for a, b in (
        ("left_ear", "left_eye"), ("left_eye", "nose"), ("nose", "right_eye"), ("right_eye", "right_ear"),
        ("mouth_left", "mouth_right"), ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"),
        ("left_shoulder", "left_hip"), ("right_shoulder", "right_hip"),
        ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("left_wrist", "left_index"),
        ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("right_wrist", "right_index"),
        ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("left_ankle", "left_heel"),
        ("left_ankle", "left_foot_index"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
        ("right_ankle", "right_heel"), ("right_ankle", "right_foot_index"),
    )
)  # fmt: skip
"""Pairs of joints that a stick figure draws."""
