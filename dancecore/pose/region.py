"""Square regions of a frame, turned so that the body stands upright: what the networks look at.

Regions are (N, 4) float64: centre x, centre y, side (pixels of the frame) and angle (radians, clockwise on screen).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.types import Image

Regions = NDArray[np.float64]
Points = NDArray[np.float64]


def squares(width: int, height: int, zoom: int = 1) -> Regions:
    """(N, 4): upright squares that cover a frame of this size, with sides of its longer one / `zoom`.

    Each lies half over the next, so that whoever is half as tall as a square stands whole in one of them.
    """
    side = max(width, height) / zoom
    across, down = np.meshgrid(_middles(width, side), _middles(height, side))
    return np.column_stack([across.ravel(), down.ravel(), np.full(across.size, side), np.zeros(across.size)])


def _middles(length: int, side: float) -> NDArray[np.float64]:
    if length <= side:
        return np.array([length / 2])
    return np.linspace(side / 2, length - side / 2, int(np.ceil(2 * length / side)) - 1)


def about(centres: Points, rims: Points, scale: float) -> Regions:
    """(N, 4): the region of each body from two points of it, as BlazePose defines them, both (N, 2).

    `centres` are mid-hips and `rims` lie on the circle about them that holds the body, above the head when it stands
    straight: the region's side is `scale` times the circle's width and its angle turns the rim to the top.
    """
    across = rims - centres
    angle = np.arctan2(across[:, 0], -across[:, 1])
    return np.column_stack([centres, 2 * scale * np.hypot(*across.T), angle])


def to_frame(points: Points, regions: Regions) -> Points:
    """Points (N, K, 2), 0..1 inside their regions (N, 4), as pixels of the frame."""
    return _turn(points - 0.5, regions[:, 3]) * regions[:, None, 2:3] + regions[:, None, :2]


def upright(points: Points, regions: Regions) -> Points:
    """Vectors (N, K, 3) seen inside regions (N, 4), turned about the line of sight into the frame's axes."""
    return np.concatenate([_turn(points[..., :2], regions[:, 3]), points[..., 2:]], -1)


def _turn(vectors: Points, angle: NDArray[np.float64]) -> Points:
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], -1)


def crop(image: Image, region: NDArray[np.float64], out: Image, border: int) -> None:
    """Resample `region` (4,) of a frame (H, W, 3) into `out` (S, S, 3); `border` is OpenCV's rule beyond the frame.

    Corner maps to corner: pixel (0, 0) of `out` is the region's corner itself, not half a pixel inside it. The
    networks were trained so; with the half pixel their landmarks move by three pixels.
    """
    size = len(out)
    x, y, side, angle = region
    cos, sin = np.cos(angle) * side / size, np.sin(angle) * side / size
    half = size / 2
    matrix = np.array([[cos, -sin, x - half * (cos - sin)], [sin, cos, y - half * (sin + cos)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(image, matrix, (size, size), dst=out, flags=flags, borderMode=border)
