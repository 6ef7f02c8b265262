"""A move on paper: its most different poses side by side, from the side that shows it best."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import INK, Ink, draw_line, draw_pose
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import sample
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX, JOINTS
from dancecore.types import Float64, Image

SIDE = 60.0
"""Degrees of the other side from which moves are drawn: one sees both arms and what goes forward."""
CLEARLY = 1.15
"""The front is usual, and left only for a side that shows so many times as much of the signature joints' way."""
PITCH = 10.0
"""Degrees from above: feet in front of each other come apart."""
GRID_BEATS = {1: 0.25, 2: 0.25, 4: 0.5, 8: 0.5}
"""Poses are taken on this grid, by the length of the phrase: dancers count in halves, or faster in short moves."""
TOLD_BY = [
    INDEX[name]
    for name in (
        "nose", *(f"{side}_{joint}" for side in ("left", "right")
                  for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "foot_index")),
    )
]  # fmt: skip
"""Joints that poses are compared by: one for each end of a limb."""
LATER = 0.6
"""Metres that poses a whole phrase apart are apart by that alone: one that is held or comes back is drawn again rather
than the next frame of a quick one."""
CRAMPED = 0.8
"""Figures smaller than this share of their full size give up one of their number for room, down to FEWEST."""
FEWEST = 4
TALLEST = 2.0
"""Metres: the height of a picture of a move in which nobody reaches higher."""
BELOW, ABOVE = 0.18, 0.12
"""Metres of the picture below the floor, where a foot in front is drawn, and above the joints: the top of the head."""
GAP = 0.16
"""Metres between the joints of two figures: heads and hands are wider than joints."""


@dataclass(frozen=True, slots=True)
class Strip:
    """image (H, W, 3) uint8 RGB; the beats of its figures, and the pixel column about which each stands."""

    image: Image
    beats: tuple[float, ...]
    centres: tuple[int, ...]


def telling_yaw(move: Move) -> float:
    """The camera's yaw, 0 or SIDE, from which one sees the signature joints move."""
    weights = np.zeros(len(JOINTS))
    for name, weight in move.signature.items():
        weights[INDEX[name]] = weight
    world = joints(move.motion)
    front, side = (np.sqrt(_seen(world, yaw)[..., :2].var(axis=0).sum(axis=1) @ weights) for yaw in (0.0, SIDE))
    return SIDE if side > CLEARLY * front else 0.0


def phases(motion: Motion, count: int) -> tuple[float, ...]:
    """The beats, in order, of the first pose and `count` - 1 others, most different from it and from each other.

    Farthest-first traversal (Gonzalez 1985) over the poses on the grid of the phrase; time counts a little too.
    """
    length = float(motion.beats[-1])
    beats = np.arange(0, length, GRID_BEATS[round(length)])
    poses = joints(sample(motion, beats))[:, TOLD_BY].reshape(len(beats), -1)
    timed = np.column_stack([poses, LATER * beats / length])
    chosen = [0]
    while len(chosen) < min(count, len(beats)):
        apart = np.linalg.norm(timed[:, None] - timed[chosen], axis=2).min(axis=1)
        chosen.append(int(apart.round(6).argmax()))
    return tuple(sorted(float(beats[at]) for at in chosen))


def strip(move: Move, width: int, height: int, count: int = 5, thickness: int = 2, ink: Ink = INK) -> Strip:
    """The move's phases on one floor, as large as `width` and `height` pixels allow; `count` of them if they fit."""
    beats = phases(move.motion, count)
    seen = _seen(joints(sample(move.motion, np.array(beats))), telling_yaw(move))
    left, wide = seen[..., 0].min(axis=1) - GAP / 2, np.ptp(seen[..., 0], axis=1) + GAP
    tall = max(TALLEST, BELOW + ABOVE - seen[..., 1].min())
    scale = min(height / tall, width / float(wide.sum()))
    if scale < CRAMPED * height / tall and len(beats) > FEWEST:
        return strip(move, width, height, len(beats) - 1, thickness, ink)
    room = wide + (width / scale - wide.sum()) / len(beats)
    middle = np.cumsum(room) - room / 2
    image = np.full((height, width, 3), ink.paper, np.uint8)
    floor = height - BELOW * scale
    draw_line(image, np.array([[0, floor], [width, floor]]), ink.floor, 1)
    for pose, at in zip(seen, middle - left - wide / 2, strict=True):
        xy = (pose[:, :2] + [at, 0.0]) * scale + [0.0, floor]
        draw_pose(image, xy, np.ones(len(JOINTS)), pose[:, 2], ink, thickness)
    return Strip(image, beats, tuple(int(x) for x in (middle * scale).round()))


def _seen(world: Float64, yaw: float) -> Float64:
    """Joints (..., 3) as a camera far away has them: metres right, down from the floor, and away."""
    return np.asarray(world @ Camera(1, 1, yaw, PITCH).rotation().T)
