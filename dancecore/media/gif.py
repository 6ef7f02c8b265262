"""Small moving pictures that loop."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image as Pillow

from dancecore.types import Image


def write_gif(path: Path, frames: Iterable[Image], durations_ms: int | Sequence[int], colours: int) -> None:
    """Write `frames`, each (H, W, 3) uint8 RGB, as a GIF that loops for ever, in as many `colours` a frame.

    `durations_ms` says how long each frame is shown, all alike or one by one; a GIF counts hundredths of a second.
    Frames are consumed one by one. The file appears under its name only when it is whole.
    """
    pictures = (Pillow.fromarray(frame).quantize(colours) for frame in frames)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        next(pictures).save(partial, format="GIF", save_all=True, append_images=pictures, loop=0, duration=durations_ms)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
