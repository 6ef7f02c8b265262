"""Pictures of a clip at a steady rate, by the time each is on show."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dancecore.errors import DanceError
from dancecore.media.container import opened, video_stream
from dancecore.media.timeline import Timeline, timeline
from dancecore.media.upright import uprighter
from dancecore.types import FrameBatch, Image

BATCH_BYTES = 8 * 2**20
"""A batch is cut short here. Larger blocks go back to the system when freed and are faulted in anew, page by page: 30 s
of 720p took 1.3 s with 8 MiB, 1.6 with 16, 2.7 with all 32 pictures in one block."""


def frames(path: Path, rate_hz: int, batch: int = 32) -> Iterator[FrameBatch]:
    """The clip's pictures at `rate_hz`, upright, at most `batch` at a time (fewer where pictures are huge).

    Tick k is at k / rate_hz seconds after the first picture, and has the picture that is on show then: the last one
    whose time has come. A picture may serve several ticks or none. Damaged pictures are bridged by the one before.
    Rotation and reflection from the container are applied and pixels made square; all pictures have the first one's
    size. Raises DanceError as `opened` does, NO_VIDEO_STREAM, ZERO_FRAMES.
    """
    times = timeline(path)
    ticks = times.ticks(rate_hz)
    done, filled = 0, 0
    for image in _on_show(path, times, rate_hz):
        if filled == 0:  # written straight into the batch: stacking copies twice and costs as much as decoding
            room = min(batch, max(1, BATCH_BYTES // image.nbytes), len(ticks) - done)
            images = np.empty((room, *image.shape), np.uint8)
        images[filled] = image
        filled += 1
        if filled == room:
            yield FrameBatch(images, ticks[done : done + room].copy())
            done, filled = done + room, 0


def _on_show(path: Path, times: Timeline, rate_hz: int) -> Iterator[Image]:
    """The upright picture of every tick of the clock."""
    ticks, tick = times.ticks(rate_hz), 0
    held: VideoFrame | None = None
    with opened(path) as container:
        stream = video_stream(container, path)
        upright = uprighter(stream)
        for frame in _decoded(container, stream, times.sampled(rate_hz)):
            if frame.pts is None:
                continue
            until = int(np.searchsorted(ticks, times.ns(frame.pts)))
            if held is not None and until > tick:
                image = upright(held)
                for _ in range(until - tick):
                    yield image
                tick = until
            held = frame
    if held is None:
        raise DanceError("ZERO_FRAMES", f"no picture of {path.name} can be decoded")
    image = upright(held)
    for _ in range(len(ticks) - tick):
        yield image


def _decoded(container: InputContainer, stream: VideoStream, wanted: frozenset[int]) -> Iterator[VideoFrame]:
    """Pictures in the order of showing, at least the `wanted`; what nobody wants or needs is not decoded."""
    codec = stream.codec_context
    for packet in container.demux(stream):
        codec.skip_frame = "DEFAULT" if packet.pts is None or packet.pts in wanted else "NONREF"
        try:
            yield from codec.decode(packet)
        except av.InvalidDataError:
            continue  # a damaged packet costs its own pictures, nothing more
