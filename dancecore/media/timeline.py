"""When each picture of a clip is shown, read from its packets without decoding any."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from dancecore.errors import DanceError
from dancecore.media.container import opened, video_stream
from dancecore.types import SECOND, IntT


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture's packet: when it is shown and for how long (0: not said), in units of its stream's time base."""

    pts: int
    duration: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Presentation timestamps of one picture stream.

    pts (N,) int64, increasing, in units of `time_base` seconds; `end_pts` is when the last picture's time is over.
    The first picture is time zero, whatever edit lists or a recorder's clock say.
    """

    pts: IntT
    end_pts: int
    time_base: Fraction

    @property
    def start_pts(self) -> int:
        return int(self.pts[0])

    @property
    def duration_ns(self) -> int:
        return self.ns(self.end_pts)

    def ns(self, pts: int) -> int:
        """Nanoseconds of a timestamp after the first picture."""
        return round((pts - self.start_pts) * self.time_base * SECOND)

    def ticks(self, rate_hz: int) -> IntT:
        """(K,) int64 ns: the ticks of a clock of `rate_hz` that fall inside the clip."""
        return np.arange(-(-self.duration_ns * rate_hz // SECOND), dtype=np.int64) * SECOND // rate_hz

    def sampled(self, rate_hz: int) -> frozenset[int]:
        """The timestamps of those pictures that are on show at some tick of the clock."""
        times = np.array([self.ns(int(p)) for p in self.pts])
        return frozenset(self.pts[np.searchsorted(times, self.ticks(rate_hz), side="right") - 1].tolist())


def timeline(path: Path) -> Timeline:
    """Read a clip's packets once. Raises DanceError as `opened` does, NO_VIDEO_STREAM, ZERO_FRAMES."""
    with opened(path) as container:
        stream = video_stream(container, path)
        return timeline_of([s for p in container.demux(stream) if (s := shown(p))], stream, path)


def shown(packet: Packet) -> Shown | None:
    """What a packet shows; None for one that is empty, has no time, or is cut away by an edit list."""
    if not packet.size or packet.pts is None or packet.is_discard:
        return None
    return Shown(packet.pts, packet.duration or 0)


def timeline_of(packets: Sequence[Shown], stream: VideoStream, path: Path) -> Timeline:
    """The timeline of these packets. Raises DanceError("ZERO_FRAMES") if there is none."""
    if not packets or stream.time_base is None:
        raise DanceError("ZERO_FRAMES", f"{path.name} has a video stream without a single picture in it")
    usual = 1 / (stream.average_rate or stream.guessed_rate or Fraction(25))
    last = max(packets, key=lambda p: p.pts)
    length = last.duration or max(1, round(usual / stream.time_base))
    return Timeline(np.unique([p.pts for p in packets]), last.pts + length, stream.time_base)
