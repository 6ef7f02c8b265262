"""The numbers synthetic dances are drawn from: one dataclass for each section of `configs/synthetic.yaml`, which holds
the values and their reasons."""

from dataclasses import dataclass

Range = tuple[float, float]
"""The least and the greatest value that is drawn, uniformly."""


@dataclass(frozen=True)
class Colours:
    """Colours of any hue: grey to pure, 0..1, and dark to light, 0..1."""

    saturation: Range
    brightness: Range


@dataclass(frozen=True)
class DrumSettings:
    """How drums are pitched, hertz."""

    kick_hz: Range
    snare_hz: Range


@dataclass(frozen=True)
class DanceSettings:
    """The music, the order of moves, how one goes over into the next, and how the clip is cut."""

    bpm: Range
    drift: Range
    swing_share: float
    swing: Range
    drums: DrumSettings
    seconds: Range
    generators: dict[str, float]
    long_gain: dict[str, float]
    transition_gain: float
    family_gain: float
    energy_spread: float
    move_beats: tuple[int, ...]
    mirror_share: float
    other_share: float
    blend_beats: Range
    cut_share: float
    cuts: tuple[int, ...]
    take_share: Range
    skip_share: float
    skip_beats: Range
    speed_share: float
    speed: Range


@dataclass(frozen=True)
class PeopleSettings:
    """Who is in the clip, whose body it is, and how it dances."""

    creators: int
    company_shares: tuple[float, ...]
    follow_share: float
    lag: Range
    bearing: Range
    turn: Range
    gender: Range
    age: Range
    muscle: Range
    weight: Range
    height: Range
    proportions: Range
    amplitude: Range
    sharpness: Range
    delay: Range
    timing: Range
    asymmetry: Range
    noise_deg: Range


@dataclass(frozen=True)
class WardrobeSettings:
    """What dancers wear."""

    hairstyles: dict[str, float]
    tops: dict[str, float]
    bottoms: dict[str, float]
    one_pieces: dict[str, float]
    shoes: dict[str, float]
    one_piece_share: float
    plain_share: float
    slack: Range
    saturation: Range
    brightness: Range


@dataclass(frozen=True)
class ViewSettings:
    """Where the camera stands and how it is held."""

    front: Range
    back: Range
    back_share: float
    height_m: Range
    roll: Range
    fov: Range
    crop_shares: dict[str, float]
    body_share: Range
    cut_body_share: Range
    off_centre: Range
    hand_share: float
    shake_deg: Range
    sway_hz: Range
    follow: Range
    lag_s: Range
    orbit: Range
    pan: Range
    zoom_share: float
    zoom: Range


@dataclass(frozen=True)
class LightSettings:
    """Where light comes from, its colour and its strength."""

    ambient: Range
    yaw: Range
    pitch: Range
    shadow: Range
    warmth: Range
    coloured_share: float
    coloured: Range
    dim_share: float
    dim: Range


@dataclass(frozen=True)
class SpotSettings:
    """Pools of light in a place."""

    count: tuple[int, int]
    radius_m: Range
    saturation: Range
    strength: Range


@dataclass(frozen=True)
class PlaceSettings:
    """What is behind the dancers."""

    kinds: dict[str, float]
    room_m: Range
    high_m: Range
    outdoors_m: Range
    turn: Range
    even: Range
    tile_m: Range
    fade_m: Range
    sky: tuple[Range, Range, Range]
    wood: Range
    paint: Colours
    pale: Colours
    studio: Colours
    curtain: Colours
    flooring: Colours
    screen: Colours
    spots: SpotSettings
    stage_spots: SpotSettings
    spot_high_m: Range
    sweep_share: float
    sweep_m: Range
    sweep_hz: Range
    scroll_share: float
    scroll: Range
    walker_share: float
    walkers: tuple[int, int]
    walker_away_m: Range
    walker_speed: Range
    walker_crosses_s: Range
    walker_tall_m: Range
    walker_skin: Range
    walker_cloth: Colours


@dataclass(frozen=True)
class OverlaySettings:
    """Where one kind of overlay lies, its middle in shares of the picture's width and height, and its height as a share
    of the shorter side."""

    x: Range
    y: Range
    size: Range


@dataclass(frozen=True)
class PropSettings:
    """What stands about, and what apps and fingers put over the picture."""

    front_share: float
    beside_share: float
    towards: Range
    aside_m: Range
    beside: tuple[int, int]
    beside_towards: Range
    beside_m: Range
    size: Range
    paint: Colours
    overlay_shares: dict[str, float]
    overlays: dict[str, OverlaySettings]
    finger_skin: Range


@dataclass(frozen=True)
class EffectSettings:
    """What lens, sensor and scaling do to the picture."""

    gain: Range
    drift: Range
    drift_frames: Range
    flicker_share: float
    flicker: Range
    flicker_turns: Range
    vignette: Range
    read_noise: Range
    shot_noise: Range
    dim_noise: float
    shutter: Range
    blur_share: float
    blur_px: Range
    scale_share: float
    scale: Range
    ghost_share: float
    ghost: Range


@dataclass(frozen=True)
class SceneSettings:
    """The picture, the camera, the light, the place, and how the picture is spoilt and written."""

    fps: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    crf: tuple[int, int]
    view: ViewSettings
    light: LightSettings
    place: PlaceSettings
    props: PropSettings
    effects: EffectSettings


@dataclass(frozen=True)
class SyntheticSettings:
    """What synthetic dances are drawn from (`configs/synthetic.yaml`)."""

    sample_seeds: tuple[int, ...]
    dance: DanceSettings
    people: PeopleSettings
    wardrobe: WardrobeSettings
    scene: SceneSettings
