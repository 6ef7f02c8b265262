"""Plain solids, and putting them on the floor where the camera sees them."""

from collections.abc import Sequence

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.render import Mesh
from dancecore.types import RGB, Float, Float64, IntT

SIDES = 12
"""Of what is round."""

Part = tuple[Float, RGB]
"""Vertices (V, 3) of one convex piece in `box`'s or `tube`'s order, and its colour."""


def line_of_sight(path: CameraPath, joints: Float64) -> tuple[Float64, Float64, Float64]:
    """On the floor (x, z): the dancers' middle in the first frame, the camera's right, and the way to the camera."""
    middle = joints[:, 0, :, [0, 2]].mean((1, 2))
    right = path.rotation[0, 0, [0, 2]]
    return middle, right / np.linalg.norm(right), path.centre[0, [0, 2]] - middle


def mesh(parts: Sequence[Part], size: float, turn: float, at: Float64) -> Mesh:
    """Parts about the origin, z forward, put on the floor at (x, z)."""
    angle = np.radians(turn)
    spin = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    vertices = size * np.concatenate([vertices for vertices, _ in parts]) @ spin.T + [at[0], 0.0, at[1]]
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    faces = np.concatenate([start + _faces(len(vertices)) for start, (vertices, _) in zip(starts, parts, strict=False)])
    colours = np.concatenate([np.tile(np.array(colour, np.float32), (len(vertices), 1)) for vertices, colour in parts])
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32), colours)


def _faces(vertices: int) -> IntT:
    """(N, 3) of a prism whose two rings have half of the vertices each, counter-clockwise from outside."""
    ring = np.arange(vertices // 2)
    after, top = np.roll(ring, -1), len(ring)
    sides = np.concatenate([np.stack([ring, after, after + top], 1), np.stack([ring, after + top, ring + top], 1)])
    fan = np.stack([np.zeros(top - 2, np.int64), ring[1:-1], ring[2:]], 1)
    return np.concatenate([sides, fan[:, ::-1], fan + top])


def tube(start: Sequence[float], end: Sequence[float], radius: float, ending: float, colour: RGB) -> Part:
    """A round piece from `start` to `end`, its radius there `ending`."""
    axis = np.array(end) - np.array(start)
    axis /= np.linalg.norm(axis)
    across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * np.cross(axis, across)
    return np.concatenate([start + radius * ring, end + ending * ring]).astype(np.float32), colour


def box(low: Sequence[float], high: Sequence[float], colour: RGB) -> Part:
    (x0, y0, z0), (x1, y1, z1) = low, high
    ring = [(x0, z0), (x0, z1), (x1, z1), (x1, z0)]
    return np.array([(x, y, z) for y in (y0, y1) for x, z in ring], np.float32), colour
