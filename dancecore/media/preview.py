"""A small moving picture of a clip, for lists."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from dancecore.media.gif import write_gif
from dancecore.media.picture import frames
from dancecore.settings import MediaSettings
from dancecore.types import Image


def preview(path: Path, out: Path, settings: MediaSettings) -> None:
    """Write the clip's first `preview_ms` as a looping GIF, `preview_px` on its longer side, at `preview_hz`.

    The file appears under its name only when it is whole. Raises DanceError as `frames` does.
    """
    wanted = settings.preview_ms * settings.preview_hz // 1000
    shown = islice((i for b in frames(path, settings.preview_hz, batch=1) for i in b.images), max(1, wanted))
    small = (_small(image, settings.preview_px) for image in shown)
    write_gif(out, small, 1000 // settings.preview_hz, settings.preview_colours)


def _small(image: Image, longer_px: int) -> Image:
    scale = longer_px / max(image.shape[:2])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
