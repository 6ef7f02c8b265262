"""The numbers each room needs, as frozen dataclasses without defaults: values and their reasons live in `configs/`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MediaSettings:
    """Limits of what is accepted, and the analysis rate (`configs/media.yaml`)."""

    rate_hz: int
    max_bytes: int
    min_ms: int
    max_ms: int
    min_side_px: int
    max_side_px: int


Range = tuple[float, float]
"""The least and the greatest value that is drawn, uniformly."""


@dataclass(frozen=True)
class ObserveSettings:
    """How a pose estimator errs (`observe` of `configs/synthetic.yaml`)."""

    jitter: float
    jitter_s: float
    offset: float
    world_xy_m: float
    world_z_m: float
    depth_slope: Range
    visibility: float
    hidden_visibility: float
    hidden_factor: float
    lost_share: float


@dataclass(frozen=True)
class SyntheticSettings:
    """What synthetic dances are drawn from (`configs/synthetic.yaml`)."""

    fps: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    bpm: Range
    seconds: Range
    move_beats: tuple[int, ...]
    mirror_share: float
    other_share: float
    yaw: Range
    pitch: Range
    roll: Range
    fov: Range
    body_share: Range
    off_centre: Range
    gender: Range
    age: Range
    muscle: Range
    weight: Range
    height: Range
    proportions: Range
    ambient: Range
    light_yaw: Range
    light_pitch: Range
    crf: int
    observe: ObserveSettings
