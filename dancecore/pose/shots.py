"""Where one shot of a clip ends and the next begins."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.settings import PoseSettings
from dancecore.types import Image

SIDE = 32
"""Cells a side of a thumbnail: few enough that a dancer's step moves little in it."""
MEMORY = 0.1
"""Weight of the newest change in what is usual: half a second at 20 Hz."""

Thumbnail = NDArray[np.float32]


class Shots:
    """Watches the frames of one clip go by, and says which of them begins a new shot."""

    def __init__(self, settings: PoseSettings) -> None:
        self._settings = settings
        self._before: Thumbnail | None = None
        self._usual: float | None = None

    def begins(self, image: Image) -> bool:
        """Whether this frame (H, W, 3) begins another shot than the frame before.

        It does when it changes the picture much, in itself and beside the usual change in this clip, and not only in
        light or contrast, as a flash does: those leave the correlation. Before a third frame nothing is usual, so the
        first two begin none.
        """
        before, self._before = self._before, thumbnail(image)
        if before is None:
            return False
        change = float(np.abs(self._before - before).mean())
        if self._usual is None:
            self._usual = change
            return False
        least = max(self._settings.cut_difference, self._settings.cut_ratio * self._usual)
        self._usual += MEMORY * (min(change, least) - self._usual)
        return change > least and correlation(before, self._before) < self._settings.cut_correlation


def thumbnail(image: Image) -> Thumbnail:
    """(32, 32) float32 brightness 0..1 of a frame, from every few of its pixels."""
    step = max(1, min(image.shape[:2]) // (3 * SIDE))
    grey = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)


def correlation(before: Thumbnail, after: Thumbnail) -> float:
    """Pearson's, -1..1; 0 where one of the two is plain."""
    a, b = before - before.mean(), after - after.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 1e-6 else 0.0
