"""Where dancers stand so that none runs into another: by the room on the floor that each of their steps takes."""

from collections.abc import Sequence

import numpy as np

from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.memory import once_each
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import travel
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.generators import Step
from dancecore.synthetic.idle import load_non_dance
from dancecore.types import Float64

LARGE = 1.15
"""The tallest dancer's size over the neutral body's."""

SPARE_M = 0.15
"""About everybody, for the way from one step to the next and for what is danced larger than written."""

NEAREST_M, FARTHER_M = 0.7, 0.1
"""How far apart dancers stand at least, and by how much they are moved apart until there is room."""

Placed = tuple[Float64, tuple[float, float]]
"""Somebody's room (S, 4), and the place on the floor that it is about."""


def room(steps: Sequence[Step], turn: float, taxonomy: Taxonomy) -> Float64:
    """(S, 4): what each step takes of the floor, metres: least x and z, greatest x and z, from a start at the origin
    facing `turn` degrees to the left."""
    yaw, place, boxes = np.radians(turn), np.zeros(2), []
    for step in steps:
        move = taxonomy.moves[step.move_id] if step.dance else load_non_dance()[step.move_id]
        corners, turned, gone = _sweep(move.motion)
        flip = np.array([-1.0 if step.mirror else 1.0, 1.0])
        reached = []
        for _ in range(-(-step.beats // move.beats)):
            reached.append(place + _turned(corners * flip, yaw))
            place = place + _turned(gone * flip, yaw)
            yaw += flip[0] * turned
        every = np.concatenate(reached)
        boxes.append([*(every.min(0) - SPARE_M), *(every.max(0) + SPARE_M)])
    return np.array(boxes)


@once_each
def _sweep(motion: Motion) -> tuple[Float64, float, Float64]:
    """The corners (4, 2) of the floor that one run covers, x and z in metres, how far it turns, where it gets to."""
    floor = LARGE * joints(motion)[..., [0, 2]].reshape(-1, 2)
    (left, back), (right, front) = floor.min(0), floor.max(0)
    turned, place = travel(motion)
    corners = np.array([[left, back], [left, front], [right, back], [right, front]])
    return corners, turned, LARGE * NEUTRAL.leg * place[[0, 2]]


def _turned(points: Float64, yaw: float) -> Float64:
    """Points (..., 2) on the floor, x and z, turned to the left."""
    x, z = points[..., 0], points[..., 1]
    return np.stack([np.cos(yaw) * x + np.sin(yaw) * z, np.cos(yaw) * z - np.sin(yaw) * x], axis=-1)


def clear(taken: Float64, others: Sequence[Placed], bearing: float) -> tuple[float, float]:
    """The nearest place in the direction of `bearing` (degrees to the left of the front) where this room is free."""
    way = np.array([np.sin(np.radians(bearing)), np.cos(np.radians(bearing))])
    distance = NEAREST_M
    while any(_overlap(taken + np.tile(distance * way, 2), about + np.tile(place, 2)) for about, place in others):
        distance += FARTHER_M
    x, z = distance * way
    return float(x), float(z)


def _overlap(a: Float64, b: Float64) -> bool:
    """Any of the boxes a (S, 4) meets one of b (S', 4). Who dances the same steps is at most one step ahead."""
    meets = (a[:, None, :2] < b[:, 2:]).all(-1) & (b[:, :2] < a[:, None, 2:]).all(-1)
    if len(a) == len(b):
        meets &= abs(np.subtract.outer(np.arange(len(a)), np.arange(len(b)))) <= 1
    return bool(meets.any())
