"""What is behind the dancers: a studio, a room, a stage, a street or a field."""

import colorsys
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from dancecore.synthetic.settings import PlaceSettings
from dancecore.synthetic.textures import Surface, Texture, draw_colour
from dancecore.types import RGB, Float64

Kind = Literal["plain", "gradient", "room", "stage", "outdoors", "screen"]
BUILT: tuple[Kind, ...] = ("room", "stage", "screen")
"""Places with corners in which it is darker."""


SPARE_M = 0.4
"""Between people and walls."""

WOOD: RGB = (195.0, 145.0, 100.0)
"""Light oak; other woods are darker or paler."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A pool of coloured light `radius_m` wide about a place on the floor or a wall, `strength` times the light that
    is there anyway; it swings by `sweep_m` on either side at `hertz`."""

    place: tuple[float, float, float]
    radius_m: float
    colour: RGB
    strength: float
    sweep_m: float
    hertz: float
    phase: float


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A square place around the dancers, `depth_m` from its middle to each wall and `high_m` to the ceiling, turned by
    `turn` degrees. The wall's pattern moves up by `scroll` metres a second. `even` is the light from everywhere, 0..1,
    which `spots` add to. `haze_m` is how far away half of a colour is lost in the air."""

    kind: Kind
    wall: Surface
    floor: Surface
    depth_m: float
    high_m: float
    turn: float
    scroll: float
    even: float
    spots: tuple[Spot, ...]
    haze_m: float
    seed: int


def around(backdrop: Backdrop, floor: Float64) -> Backdrop:
    """The place, its walls moved out as far as people need it who come to these points (N, 2) of the floor, x and z."""
    turn = np.radians(backdrop.turn)
    x, z = floor.T
    across, along = np.cos(turn) * x - np.sin(turn) * z, np.sin(turn) * x + np.cos(turn) * z
    reach = SPARE_M + float(max(np.abs(across).max(), np.abs(along).max()))
    return replace(backdrop, depth_m=max(backdrop.depth_m, reach))


def draw_backdrop(rng: np.random.Generator, settings: PlaceSettings) -> Backdrop:
    """A place of one of the kinds."""
    kind = cast(Kind, str(rng.choice(list(settings.kinds), p=list(settings.kinds.values()))))
    outdoors = kind in ("outdoors", "plain", "gradient")
    depth = float(rng.uniform(*(settings.outdoors_m if outdoors else settings.room_m)))
    high = 1000.0 if outdoors else float(rng.uniform(*settings.high_m)) + (2.0 if kind == "stage" else 0.0)
    wall, floor = _surfaces(rng, settings, kind, depth, high)
    scrolls = kind == "screen" and rng.uniform() < settings.scroll_share
    return Backdrop(
        kind=kind,
        wall=wall,
        floor=floor,
        depth_m=depth,
        high_m=high,
        turn=float(rng.uniform(*settings.turn)),
        scroll=float(rng.uniform(*settings.scroll)) if scrolls else 0.0,
        even=0.45 if kind == "stage" else 1.0 if outdoors else float(rng.uniform(*settings.even)),
        spots=_spots(rng, settings, kind, depth),
        haze_m=3 * depth if kind == "outdoors" else 1e6,
        seed=int(rng.integers(2**31)),
    )


def _surfaces(
    rng: np.random.Generator, settings: PlaceSettings, kind: Kind, depth: float, high: float
) -> tuple[Surface, Surface]:
    """Wall and floor of such a place."""
    tile = float(rng.uniform(*settings.tile_m))
    one, other, pale = (draw_colour(rng, colours) for colours in (settings.paint, settings.paint, settings.pale))
    wood = _scaled(WOOD, float(rng.uniform(*settings.wood)))
    match kind:
        case "plain":
            one = draw_colour(rng, settings.studio)
            return Surface("flat", one, one, 2.0), Surface("flat", one, one, 2.0)
        case "gradient":
            return Surface("fade", one, pale, float(rng.uniform(*settings.fade_m))), Surface("flat", pale, pale, 2.0)
        case "outdoors":
            red, green, blue = (float(rng.uniform(*channel)) for channel in settings.sky)
            ground: tuple[Texture, RGB, RGB] = _GROUNDS[rng.integers(len(_GROUNDS))]
            return Surface("horizon", (red, green, blue), one, 0.7 * depth), Surface(*ground, 2 * tile)
        case "stage":
            dark = draw_colour(rng, settings.curtain)
            return Surface("curtain", dark, dark, 2.0), Surface("planks", _scaled(wood, 0.6), wood, tile)
        case "screen":
            bars = draw_colour(rng, settings.screen)
            return Surface("lines", bars, one, 2.0), Surface("speckle", (60.0, 60.0, 65.0), pale, tile)
    texture, size = _WALLS[rng.integers(len(_WALLS))]
    wall = Surface(texture, pale if texture != "brick" else _scaled(wood, 0.9), other, size or high)
    floors: tuple[Texture, ...] = ("planks", "planks", "tiles", "checks", "speckle")
    floor = floors[rng.integers(len(floors))]
    return wall, Surface(floor, wood if floor == "planks" else draw_colour(rng, settings.flooring), pale, tile)


_WALLS: tuple[tuple[Texture, float], ...] = (
    ("furnished", 0.0), ("furnished", 0.0), ("furnished", 0.0), ("plaster", 3.0), ("stripes", 1.5), ("brick", 1.2),
    ("planks", 1.5), ("graffiti", 3.0), ("tiles", 1.2), ("curtain", 2.0),
)  # fmt: skip
"""Of rooms, with the size of one repeat in metres; 0: as high as the room."""

_GROUNDS: tuple[tuple[Texture, RGB, RGB], ...] = (
    ("grass", (70.0, 110.0, 45.0), (105.0, 135.0, 65.0)),
    ("speckle", (120.0, 120.0, 122.0), (150.0, 150.0, 150.0)),
    ("tiles", (165.0, 158.0, 150.0), (120.0, 118.0, 115.0)),
    ("brick", (150.0, 105.0, 90.0), (120.0, 110.0, 105.0)),
    ("speckle", (205.0, 185.0, 150.0), (185.0, 165.0, 130.0)),
)
"""Meadow, asphalt, slabs, pavers, sand."""


def _scaled(colour: RGB, by: float) -> RGB:
    r, g, b = (min(255.0, by * channel) for channel in colour)
    return r, g, b


def _spots(rng: np.random.Generator, settings: PlaceSettings, kind: Kind, depth: float) -> tuple[Spot, ...]:
    if kind not in BUILT:
        return ()
    least, most = (settings.stage_spots if kind == "stage" else settings.spots).count
    return tuple(_spot(rng, settings, kind, depth) for _ in range(rng.integers(least, most + 1)))


def _spot(rng: np.random.Generator, settings: PlaceSettings, kind: Kind, depth: float) -> Spot:
    high = settings.spot_high_m
    x, y, z = rng.uniform(-depth, depth), rng.uniform(*high) * rng.integers(2), rng.uniform(-depth, depth)
    if y > 0:  # on a wall
        x, z = rng.permutation([x, depth * rng.choice([-1, 1])])
    stage = kind == "stage"
    spots = settings.stage_spots if stage else settings.spots
    sweeps = stage and rng.uniform() < settings.sweep_share
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(*spots.saturation), 1.0)
    return Spot(
        place=(float(x), float(y), float(z)),
        radius_m=float(rng.uniform(*spots.radius_m)),
        colour=(255 * r, 255 * g, 255 * b),
        strength=float(rng.uniform(*spots.strength)),
        sweep_m=float(rng.uniform(*settings.sweep_m)) if sweeps else 0.0,
        hertz=float(rng.uniform(*settings.sweep_hz)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
