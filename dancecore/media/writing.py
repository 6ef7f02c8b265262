"""Writing videos that any player shows: H.264 in yuv420p, AAC sound, the index in front."""

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import NamedTemporaryFile

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from dancecore.errors import DanceError
from dancecore.types import Float, Image

AAC_FRAME = 1024
"""Samples in one AAC frame."""

AVX512 = 13
"""OpenCV's number of the CPU feature, to which it gives no name in Python."""

REPEATABLE = {"x264-params": "asm=avx2"} if cv2.checkHardwareSupport(AVX512) else {}
"""What keeps x264 from giving other bytes each time: with AVX-512 its macroblock tree depends on what lay in memory.
Files are as small without, and made as fast."""


def write_video(
    path: Path, frames: Iterable[Image], fps: float, audio: Float | None = None, audio_rate: int = 44100, crf: int = 23,
    preset: str = "medium",
) -> None:  # fmt: skip
    """Write `frames`, each (H, W, 3) uint8 RGB with even H and W, to an MP4 at `path`; they are consumed one by one.

    `audio` (N,) float32 in -1..1 at `audio_rate` starts with the picture and is cut at its end. `crf` is x264's
    quality, 0 (lossless) to 51, `preset` how much work it puts into small files. The file appears under its name only
    when it is whole; the same frames and sound give the same bytes on one machine.
    Raises DanceError("INVALID_INPUT") for no frames, odd sizes, or frames that differ in size.
    """
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise DanceError("INVALID_INPUT", "a video needs at least one frame")
    if first.ndim != 3 or first.shape[2] != 3 or first.dtype != np.uint8 or first.shape[0] % 2 or first.shape[1] % 2:
        raise DanceError("INVALID_INPUT", f"frames must be uint8 (even H, even W, 3), not {first.dtype} {first.shape}")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem}-", suffix=".mp4", delete=False) as file:
        partial = Path(file.name)
    try:
        with av.open(str(partial), "w", options={"movflags": "+faststart"}) as container:
            _encode(container, first, pictures, fps, audio, audio_rate, {"crf": str(crf), "preset": preset})
        partial.chmod(0o644)  # temporary files are private; a clip is read by others
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _encode(
    container: OutputContainer, first: Image, rest: Iterator[Image], fps: float,
    audio: Float | None, audio_rate: int, options: dict[str, str],
) -> None:  # fmt: skip
    rate = Fraction(fps).limit_denominator(1001)  # 30000/1001 stays itself
    height, width, _ = first.shape
    video = container.add_stream("libx264", rate=rate, options={**options, **REPEATABLE})
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.codec_context.thread_count = 1
    sound = None if audio is None else container.add_stream("aac", rate=audio_rate, layout="mono")
    said = 0
    for shown, picture in enumerate(_chain(first, rest), start=1):
        _encode_picture(container, video, picture, shown - 1, first.shape)
        if audio is not None and sound is not None:
            until = min(len(audio), int(shown / rate * audio_rate))
            said = _encode_sound(container, sound, audio[:until], said, last=False)
    if audio is not None and sound is not None:
        _encode_sound(container, sound, audio[: int(shown / rate * audio_rate)], said, last=True)
        container.mux(sound.encode(None))
    container.mux(video.encode(None))


def _chain(first: Image, rest: Iterator[Image]) -> Iterator[Image]:
    yield first
    yield from rest


def _encode_picture(
    container: OutputContainer, video: VideoStream, picture: Image, number: int, shape: tuple[int, ...]
) -> None:
    if picture.shape != shape:
        raise DanceError("INVALID_INPUT", f"frame {number} is {picture.shape}, the first was {shape}")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame.pts = number
    container.mux(video.encode(frame))


def _encode_sound(container: OutputContainer, sound: AudioStream, ready: Float, said: int, last: bool) -> int:
    """Encode the samples of `ready` from `said` on in whole AAC frames, the rest too if `last`; the new `said`."""
    while len(ready) - said >= AAC_FRAME or (last and said < len(ready)):
        part = ready[said : said + AAC_FRAME].astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = sound.rate, said, Fraction(1, sound.rate)
        container.mux(sound.encode(frame))
        said += part.shape[1]
    return said
