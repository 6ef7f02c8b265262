"""The numbers synthetic dances are drawn from: one dataclass for each section of `configs/synthetic.yaml`, which holds
the values and their reasons."""

from dataclasses import dataclass

Range = tuple[float, float]
"""The least and the greatest value that is drawn, uniformly."""


@dataclass(frozen=True)
class DanceSettings:
    """The music, the order of moves, and how one goes over into the next."""

    bpm: Range
    seconds: Range
    move_beats: tuple[int, ...]
    mirror_share: float
    other_share: float
    blend_beats: Range


@dataclass(frozen=True)
class PeopleSettings:
    """Whose body it is, and how it dances."""

    gender: Range
    age: Range
    muscle: Range
    weight: Range
    height: Range
    proportions: Range
    amplitude: Range
    sharpness: Range
    delay: Range
    asymmetry: Range
    noise_deg: Range


@dataclass(frozen=True)
class WardrobeSettings:
    """What dancers wear."""

    sleeve: Range
    leg: Range
    loose_m: Range
    hair_m: Range
    hair_drop_m: Range


@dataclass(frozen=True)
class SceneSettings:
    """The camera, the light, what is behind the dancers, and how the picture is written."""

    fps: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    crf: int
    yaw: Range
    pitch: Range
    roll: Range
    fov: Range
    body_share: Range
    off_centre: Range
    backdrop_shares: tuple[float, float, float]
    room_m: Range
    tile_m: Range
    ambient: Range
    light_yaw: Range
    light_pitch: Range


@dataclass(frozen=True)
class ObserveSettings:
    """How a pose estimator errs."""

    jitter: float
    jitter_s: float
    offset: float
    world_scale: Range
    world_offset_m: float
    world_jitter_m: float
    world_jitter_s: float
    depth_slope: Range
    depth_factor: float
    visibility: float
    hidden_visibility: float
    hidden_factor: float
    lost_share: float
    lost_s: float


@dataclass(frozen=True)
class SyntheticSettings:
    """What synthetic dances are drawn from (`configs/synthetic.yaml`)."""

    sample_seeds: tuple[int, ...]
    dance: DanceSettings
    people: PeopleSettings
    wardrobe: WardrobeSettings
    scene: SceneSettings
    observe: ObserveSettings
