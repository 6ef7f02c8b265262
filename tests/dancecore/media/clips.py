"""Small clips made on the spot, whose every picture says which it is."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from dancecore.types import Float, Image

LEVELS = 60
"""Pictures are told apart by their grey, 4 levels apart, so that codecs cannot blur one into another."""


def picture(number: int, width: int = 96, height: int = 64) -> Image:
    return np.full((height, width, 3), 8 + 4 * (number % LEVELS), np.uint8)


def number(image: Image) -> int:
    """Which `picture` this is."""
    return round((float(image.mean()) - 8) / 4)


def corners(width: int = 96, height: int = 64) -> Image:
    """Upper left red, upper right green, lower left blue, lower right white."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[: height // 2, : width // 2] = 255, 0, 0
    image[: height // 2, width // 2 :] = 0, 255, 0
    image[height // 2 :, : width // 2] = 0, 0, 255
    return image


def colours(image: Image) -> str:
    """The letters of the four corners, row by row."""
    h, w, _ = image.shape
    names = {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 1): "w"}
    spots = [image[y, x] for y in (h // 8, 7 * h // 8) for x in (w // 8, 7 * w // 8)]
    return "".join(names[tuple(int(v > 127) for v in spot)] for spot in spots)


def make(
    path: Path, images: Iterable[Image], times_ms: Sequence[int], codec: str = "libx264", pix_fmt: str = "yuv420p",
    sound: Float | None = None, sound_from_ms: int = 0, aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """A clip with each picture at its time, in the container that the file's name says."""
    images = list(images)
    base = Fraction(1, 1000)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=25, options=options or {})
        video.height, video.width, _ = images[0].shape
        video.pix_fmt, video.codec_context.time_base = pix_fmt, base
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        audio = None if sound is None else container.add_stream("aac", rate=44100, layout="mono")
        for image, time_ms in zip(images, times_ms, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time_ms, base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 44100, sound_from_ms * 441 // 10, Fraction(1, 44100)
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path
