"""A performance as it is compared: where the limbs point, whoever dances and wherever they stand."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from dancecore.composer.dancing import at_rate
from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.motion import Motion
from dancecore.skeleton import INDEX
from dancecore.types import SECOND, Float64, PoseTrack, check_shape

LIMBS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "trunk": (("left_hip", "right_hip"), ("left_shoulder", "right_shoulder")),
    **{
        f"{side}_{end}": ((f"{side}_{start}",), (f"{side}_{end}",))
        for side in ("left", "right")
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
    },
}  # fmt: skip
"""What is compared, by the joint that the limb ends in."""

DEPTH = 0.3
"""Of what is estimated towards the camera that is believed: BlazePose errs there twice as far as in the picture, and
flattens what it sees."""

SEEN = 0.2
"""Visibility from which a joint is trusted, as everywhere."""

FEWEST_S = 1.0
"""Seconds of a dancer in sight, without which there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Performance:
    """N frames, `rate_hz` a second. ways (N, L, 3) float64: unit vectors of LIMBS, x to the left of a dancer who faces
    the camera, y up, z towards the camera. trust (N, L) float64, 0 or 1. world (N, 33, 3) float64: the joints about the
    mid-hip in metres, to be drawn.
    """

    rate_hz: float
    ways: Float64
    trust: Float64
    world: Float64

    def __post_init__(self) -> None:
        frames = len(self.ways)
        check_shape("ways", self.ways, (frames, len(LIMBS), 3), np.float64)
        check_shape("trust", self.trust, (frames, len(LIMBS)), np.float64)
        check_shape("world", self.world, (frames, 33, 3), np.float64)

    def __len__(self) -> int:
        return len(self.ways)

    def part(self, first: int, after: int) -> Self:
        """The frames [first, after), as far as there are."""
        ways, trust, world = (values[first:after].copy() for values in (self.ways, self.trust, self.world))
        return replace(self, ways=ways, trust=trust, world=world)

    def flattened(self) -> Self:
        """The performance with limbs pointing DEPTH times as far towards the camera: as much as cameras tell of it."""
        ways = self.ways * np.array([1.0, 1.0, DEPTH])
        return replace(self, ways=ways / np.maximum(np.linalg.norm(ways, axis=2, keepdims=True), 1e-9))

    def turned(self, angle: float) -> Self:
        """The performance turned by `angle` radians to the left about the vertical."""
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
        return replace(self, ways=self.ways @ turn.T, world=self.world @ turn.T)


def of_motion(motion: Motion, bpm: float, rate_hz: float) -> Performance:
    """A motion danced at a tempo, seen from the front by the neutral body."""
    world = joints(at_rate(motion, bpm, rate_hz))
    return _performance(world, np.ones(world.shape[:2]), rate_hz)


def of_track(track: PoseTrack, rate_hz: float) -> Performance:
    """A dancer who was filmed, from the first frame of the clip on.

    Raises DanceError("NO_PERSON") when they are in sight for less than a second.
    """
    seen = track.present & np.isfinite(track.world_m).all(axis=(1, 2))
    times = track.time_ns[seen] / SECOND
    if seen.sum() < 2 or times[-1] - times[0] < FEWEST_S:
        raise DanceError("NO_PERSON", "nobody is in sight long enough to be compared")
    at = np.arange(int(track.time_ns[-1] / SECOND * rate_hz) + 1) / rate_hz
    world = _interpolated(at, times, track.world_m[seen].astype(np.float64) * np.array([1.0, -1.0, -1.0]))
    trust = _interpolated(at, times, track.visibility[seen].astype(np.float64))
    trust[(at < times[0]) | (at > times[-1])] = 0.0
    return _performance(world, trust, rate_hz)


def _interpolated(at: Float64, times: Float64, values: Float64) -> Float64:
    """(N, ...) values between the times, linear; the first and last beyond them."""
    flat = values.reshape(len(times), -1)
    return np.column_stack([np.interp(at, times, column) for column in flat.T]).reshape(len(at), *values.shape[1:])


def _performance(world: Float64, visibility: Float64, rate_hz: float) -> Performance:
    hips = world[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=1, keepdims=True)
    ways, trust = [], []
    for start, end in LIMBS.values():
        a, b = ([INDEX[name] for name in names] for names in (start, end))
        way = world[:, b].mean(axis=1) - world[:, a].mean(axis=1)
        ways.append(way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9))
        trust.append((visibility[:, [*a, *b]].min(axis=1) >= SEEN) * 1.0)
    return Performance(rate_hz, np.stack(ways, axis=1), np.stack(trust, axis=1), world - hips)
