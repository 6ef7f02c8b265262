"""The sound of a clip as samples that start and end with its picture."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer

from dancecore.errors import DanceError
from dancecore.media.container import opened, seconds
from dancecore.media.timeline import timeline
from dancecore.types import SECOND, Float

JITTER_S = 0.05
"""A timestamp nearer than this to where the last samples ended continues them: containers round timestamps."""


def audio(path: Path, rate: int) -> Float | None:
    """(N,) float32 mono samples at `rate` Hz, N = the picture's duration x rate; None if the clip has no sound.

    Sample 0 belongs to the first picture: sound that starts later is preceded by silence, sound from before or after
    the picture is left out. Raises DanceError as `opened` does, NO_VIDEO_STREAM, ZERO_FRAMES.
    """
    times = timeline(path)
    samples = np.zeros(times.duration_ns * rate // SECOND, np.float32)
    start_s, at, heard = float(times.start_pts * times.time_base), None, False
    with opened(path) as container:
        for frame in _resampled(container, rate):
            meant = seconds(frame.pts, frame.time_base)
            index = at if meant is None else round((meant - start_s) * rate)
            if at is not None and (index is None or abs(index - at) < JITTER_S * rate):
                index = at
            at = _put(samples, index or 0, frame.to_ndarray()[0])
            heard = True
    return samples if heard else None


def song(path: Path, rate: int) -> Float:
    """(N,) float32 mono samples at `rate` Hz of a file's sound, from its first on, whether it has a picture or not.

    Raises DanceError as `opened` does; INVALID_INPUT for a file without sound.
    """
    with opened(path) as container:
        parts = [frame.to_ndarray()[0] for frame in _resampled(container, rate)]
    if not parts:
        raise DanceError("INVALID_INPUT", f"{path.name} has no sound")
    return np.concatenate(parts).astype(np.float32)


def _put(samples: Float, index: int, part: Float) -> int:
    """Write `part` at `index` as far as it falls inside; where it ends."""
    end = index + len(part)
    inside = slice(max(index, 0), max(min(end, len(samples)), 0))
    if inside.start < inside.stop:
        samples[inside] = part[inside.start - index : inside.stop - index]
    return end


def _resampled(container: InputContainer, rate: int) -> Iterator[AudioFrame]:
    """The first sound stream as mono float32 frames at `rate`; damaged packets are left out."""
    if not container.streams.audio:
        return
    resampler, kind = _to_mono(rate), None
    for packet in container.demux(container.streams.audio[0]):
        try:
            decoded = packet.decode()
        except av.InvalidDataError:
            continue
        for frame in decoded:
            before, kind = kind, (frame.format.name, frame.layout.name, frame.sample_rate)
            if before not in (None, kind):  # joined recordings change midway, and a resampler takes only one kind
                yield from resampler.resample(None)
                resampler = _to_mono(rate)
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _to_mono(rate: int) -> av.AudioResampler:
    return av.AudioResampler(format="flt", layout="mono", rate=rate)
