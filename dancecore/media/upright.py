"""Decoded frames to pictures as a viewer sees them: rotation and reflection applied, pixels square, RGB."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dancecore.types import Image


def uprighter(stream: VideoStream) -> Callable[[VideoFrame], Image]:
    """A function from frames of `stream` to (H, W, 3) uint8 RGB, all of the first frame's size."""
    reformatter = VideoReformatter()  # one for all frames: it keeps its scaling tables
    size: tuple[int, int] | None = None

    def upright(frame: VideoFrame) -> Image:
        nonlocal size
        size = size or square_size(stream, frame)
        rgb = reformatter.reformat(frame, *size, format="rgb24", threads=1)
        return _oriented(np.asarray(rgb.to_ndarray(), np.uint8), _display_matrix(frame))

    return upright


def square_size(stream: VideoStream, frame: VideoFrame) -> tuple[int, int]:
    """(width, height) before rotation with the sample aspect ratio taken out, at least 1 x 1."""
    ratio = stream.sample_aspect_ratio or 1
    return max(1, round(frame.width * ratio)), frame.height


def viewed_size(stream: VideoStream, frame: VideoFrame) -> tuple[int, int]:
    """(width, height) of what `uprighter` makes of this frame."""
    width, height = square_size(stream, frame)
    return (height, width) if _turned(_display_matrix(frame)) else (width, height)


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """a, b, c, d of the container's display matrix: x' = ax + cy, y' = bx + dy (ISO 14496-12, section 6.2.2)."""
    data: Any = frame.side_data  # PyAV types it as a dictionary of other keys
    if "DISPLAYMATRIX" not in data:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = np.frombuffer(bytes(data["DISPLAYMATRIX"]), np.int32).tolist()
    return a, b, c, d


def _turned(matrix: tuple[int, int, int, int]) -> bool:
    a, b, _, _ = matrix
    return abs(b) > abs(a)


def _oriented(image: Image, matrix: tuple[int, int, int, int]) -> Image:
    """The picture after the quarter turns and reflections of `matrix`."""
    a, b, c, d = matrix
    if _turned(matrix):
        image, a, d = np.asarray(cv2.transpose(image), np.uint8), c, b
    flips = {(True, True): -1, (True, False): 1, (False, True): 0}
    flip = flips.get((a < 0, d < 0))
    return image if flip is None else np.asarray(cv2.flip(image, flip), np.uint8)
