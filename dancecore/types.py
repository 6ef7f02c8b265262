"""The containers that pass between the rooms. Frozen, checked once when made; their arrays are read-only.

Time is integer nanoseconds; windows are half-open [start, end). T counts analysis frames (20 Hz), J is 33.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dancecore import skeleton
from dancecore.errors import DanceError

IntT = NDArray[np.int64]
BoolT = NDArray[np.bool_]
Float = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]

RGB = tuple[float, float, float]
"""Red, green and blue, 0..255 unless said otherwise."""

Reading = tuple[str, bool]
"""A move id, and whether the move is danced mirrored."""

OTHER = "other"
"""The move of a segment that no known move explains."""

MS = 1_000_000
"""Nanoseconds in a millisecond."""

SECOND = 1_000_000_000
"""Nanoseconds in a second."""


def check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...], dtype: type) -> None:
    """Raise DanceError("INVALID_INPUT") unless `array` has this shape (-1: any length) and dtype; make it read-only."""
    fits = array.shape == shape or (
        array.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, array.shape, strict=True))
    )
    if not fits or array.dtype != dtype:
        want = f"{np.dtype(dtype).name} {shape}"
        raise DanceError("INVALID_INPUT", f"{name} must be {want}, not {array.dtype.name} {array.shape}")
    array.flags.writeable = False


def check_times(name: str, times: IntT) -> None:
    """Raise DanceError("INVALID_INPUT") unless `times` is (N,) int64, strictly increasing."""
    check_shape(name, times, (-1,), np.int64)
    if (np.diff(times) <= 0).any():
        raise DanceError("INVALID_INPUT", f"{name} must increase; it does not after index {np.diff(times).argmin()}")


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What a clip is, learned by decoding it. Sizes are after rotation, `duration_ms` is that of the picture."""

    path: Path
    sha256: str
    bytes: int
    duration_ms: int
    fps: float
    width: int
    height: int
    has_audio: bool
    codec: str


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Some frames of one clip. images (N, H, W, 3) uint8 RGB, upright; time_ns (N,) int64."""

    images: Image
    time_ns: IntT

    def __post_init__(self) -> None:
        check_times("time_ns", self.time_ns)
        check_shape("images", self.images, (len(self.time_ns), -1, -1, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class PoseTrack:
    """One dancer over T frames, BlazePose-33 order.

    time_ns (T,) int64; xy_px (T, 33, 2) float32 pixels of the upright frame, x right, y down; world_m (T, 33, 3)
    float32 metres about the mid-hip in BlazePose's camera axes (x right in the image, y down, z away from the camera);
    visibility (T, 33) float32 in 0..1. A frame without this dancer has visibility 0 and NaN coordinates.
    `cut` (T,) bool is true where nothing may be interpolated across the step from the frame before.
    """

    time_ns: IntT
    xy_px: Float
    world_m: Float
    visibility: Float
    cut: BoolT
    width: int
    height: int
    dancer: int = 0

    def __post_init__(self) -> None:
        check_times("time_ns", self.time_ns)
        n = len(self.time_ns)
        check_shape("xy_px", self.xy_px, (n, 33, 2), np.float32)
        check_shape("world_m", self.world_m, (n, 33, 3), np.float32)
        check_shape("visibility", self.visibility, (n, 33), np.float32)
        check_shape("cut", self.cut, (n,), np.bool_)

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def present(self) -> BoolT:
        """(T,) bool: the dancer, or any joint of theirs that cleaning left, was found in this frame."""
        return np.asarray(np.isfinite(self.xy_px[..., 0]).any(axis=1))

    @property
    def shots(self) -> list[slice]:
        """The frames of each shot: a track that is not empty, cut where `cut` is true."""
        edges = [0, *(np.flatnonzero(self.cut[1:]) + 1).tolist(), len(self)]
        return [slice(first, last) for first, last in pairwise(edges)]

    def window(self, start_ns: int, end_ns: int) -> Self:
        """The frames in [start_ns, end_ns)."""
        lo, hi = np.searchsorted(self.time_ns, [start_ns, end_ns])
        part = slice(int(lo), int(hi))
        return replace(
            self, time_ns=self.time_ns[part], xy_px=self.xy_px[part], world_m=self.world_m[part],
            visibility=self.visibility[part], cut=self.cut[part],
        )  # fmt: skip

    def mirrored(self) -> Self:
        """The same dance seen in a mirror: x reflected about the frame's middle, left and right joints exchanged."""
        xy, world = self.xy_px[:, skeleton.TWIN].copy(), self.world_m[:, skeleton.TWIN].copy()
        xy[..., 0] = self.width - xy[..., 0]
        world[..., 0] = -world[..., 0]
        return replace(self, xy_px=xy, world_m=world, visibility=self.visibility[:, skeleton.TWIN].copy())


@dataclass(frozen=True, slots=True)
class Features:
    """time_ns (T,) int64; values (T, 128) float32, finite; mask (T, 33) float32 joint confidence, 0: not trusted."""

    time_ns: IntT
    values: Float
    mask: Float

    def __post_init__(self) -> None:
        check_times("time_ns", self.time_ns)
        check_shape("values", self.values, (len(self.time_ns), 128), np.float32)
        check_shape("mask", self.mask, (len(self.time_ns), 33), np.float32)
        if not np.isfinite(self.values).all():
            raise DanceError("INVALID_INPUT", "feature values must be finite")


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Beats of the music. bpm > 0; beats_ns (B,) int64 increasing; confidence in 0..1."""

    bpm: float
    beats_ns: IntT
    confidence: float

    def __post_init__(self) -> None:
        check_times("beats_ns", self.beats_ns)
        if not (self.bpm > 0 and 0 <= self.confidence <= 1):
            raise DanceError("INVALID_INPUT", f"bpm {self.bpm} must be > 0 and confidence {self.confidence} in 0..1")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A window [start_ns, end_ns) of a clip."""

    start_ns: int
    end_ns: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_ns < self.end_ns:
            raise DanceError("INVALID_INPUT", f"a span must have 0 <= start < end, not {self.start_ns}..{self.end_ns}")

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a span: a move, danced as written or mirrored, its DTW distance and its probability."""

    move_id: str
    mirror: bool
    distance: float
    probability: float


@dataclass(frozen=True, slots=True)
class MoveScores:
    """The best readings of one span, nearest first, one for each (move, mirror)."""

    span: Span
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A named stretch of a clip. `move_id` is OTHER when no move explains it; `alternatives` are (id, confidence)."""

    start_ns: int
    end_ns: int
    move_id: str
    confidence: float
    mirror: bool
    alternatives: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        Span(self.start_ns, self.end_ns)
        if not 0 <= self.confidence <= 1:
            raise DanceError("INVALID_INPUT", f"confidence must be in 0..1, not {self.confidence}")


@dataclass(frozen=True, slots=True)
class Versions:
    """What a result was made with; a stage whose artifact exists at the same version is skipped."""

    pose: str
    features: str
    model: str
    taxonomy: str
