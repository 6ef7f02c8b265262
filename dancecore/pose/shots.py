"""Where one shot of a clip ends and the next begins."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.settings import PoseSettings
from dancecore.types import Image

SIDE = 32
"""Cells a side of a thumbnail: few enough that a dancer's step moves little in it."""


def thumbnail(image: Image) -> NDArray[np.float32]:
    """(32, 32) float32 brightness 0..1 of a frame, from every few of its pixels."""
    step = max(1, min(image.shape[:2]) // (3 * SIDE))
    grey = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)


def is_cut(before: NDArray[np.float32], after: NDArray[np.float32], settings: PoseSettings) -> bool:
    """Whether two thumbnails belong to different shots: they differ, and not only by light as a flash makes them.

    Correlation ignores a change of brightness or contrast; the mean difference ignores the noise of plain pictures.
    """
    if float(np.abs(after - before).mean()) < settings.cut_difference:
        return False
    a, b = before - before.mean(), after - after.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return scale < 1e-9 or float((a * b).sum()) / scale < settings.cut_correlation
