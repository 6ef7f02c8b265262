"""A small moving picture of a clip, for lists."""

import os
from itertools import islice
from pathlib import Path

import cv2
from PIL import Image as Pillow

from dancecore.media.picture import frames
from dancecore.settings import MediaSettings


def preview(path: Path, out: Path, settings: MediaSettings) -> None:
    """Write the clip's first `preview_ms` as a looping GIF, `preview_px` on its longer side, at `preview_hz`.

    The file appears under its name only when it is whole. Raises DanceError as `frames` does.
    """
    wanted = settings.preview_ms * settings.preview_hz // 1000
    small = []
    for image in islice((i for b in frames(path, settings.preview_hz, batch=1) for i in b.images), max(1, wanted)):
        scale = settings.preview_px / max(image.shape[:2])
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        picture = Pillow.fromarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        small.append(picture.quantize(settings.preview_colours))
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        small[0].save(
            partial, format="GIF", save_all=True, append_images=small[1:], loop=0, duration=1000 // settings.preview_hz
        )
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
