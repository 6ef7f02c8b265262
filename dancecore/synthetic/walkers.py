"""People who walk by behind the dancers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.render import Mesh
from dancecore.synthetic.settings import PlaceSettings
from dancecore.synthetic.shapes import Part, line_of_sight, mesh, tube
from dancecore.synthetic.textures import draw_colour
from dancecore.types import RGB, Float64

SEEN_M = 1.5
"""Either side of the picture's middle: who walks by is seen at least so far, and no wall stands there."""

STRIDE_M = 0.7
"""One step of somebody who walks by."""


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody who crosses behind the dancers, `away_m` beyond them as the first frame's camera sees it, `start_m` to
    its right at the clip's start, walking right at `speed` metres a second; `tall_m` in skin, top and trousers."""

    away_m: float
    start_m: float
    speed: float
    tall_m: float
    skin: RGB
    top: RGB
    bottom: RGB


def draw_walkers(rng: np.random.Generator, settings: PlaceSettings) -> tuple[Walker, ...]:
    """Nobody, mostly."""
    if rng.uniform() > settings.walker_share:
        return ()
    least, most = settings.walkers
    return tuple(_walker(rng, settings) for _ in range(rng.integers(least, most + 1)))


def _walker(rng: np.random.Generator, settings: PlaceSettings) -> Walker:
    speed = float(rng.uniform(*settings.walker_speed)) * (-1 if rng.uniform() < 0.5 else 1)
    start, dark = -speed * float(rng.uniform(*settings.walker_crosses_s)), float(rng.uniform(*settings.walker_skin))
    skin = (235 * dark, 185 * dark, 155 * dark)
    away, tall = float(rng.uniform(*settings.walker_away_m)), float(rng.uniform(*settings.walker_tall_m))
    top, bottom = (draw_colour(rng, settings.walker_cloth) for _ in range(2))
    return Walker(away, start, speed, tall, skin, top, bottom)


def pass_by(people: Sequence[Walker], path: CameraPath, joints: Float64, seconds: Float64) -> Iterator[list[Mesh]]:
    """Those who walk by, at each of `seconds` (F,) into the clip."""
    middle, right, back = line_of_sight(path, joints)
    out, bearing = back / np.linalg.norm(back), float(np.degrees(np.arctan2(right[0], right[1])))
    strides = []
    for person in people:
        turn = bearing if person.speed > 0 else bearing + 180
        at = middle - person.away_m * out
        strides.append([mesh(_walking(person, step), person.tall_m, turn, at) for step in (-1.0, 1.0)])
    for second in seconds:
        now = []
        for person, (one, other) in zip(people, strides, strict=True):
            gone = person.start_m + person.speed * second
            share = np.float32(0.5 + 0.5 * np.sin(np.pi * gone / STRIDE_M))
            shift = np.array([gone * right[0], 0.0, gone * right[1]], np.float32)
            between = one.vertices + share * (other.vertices - one.vertices)
            now.append(Mesh(between + shift, one.faces, one.colours))
        yield now


def crossings(people: Sequence[Walker], path: CameraPath, joints: Float64) -> Float64:
    """(2 W, 2) points of the floor, x and z, between which those who walk by are seen."""
    middle, right, back = line_of_sight(path, joints)
    out = back / np.linalg.norm(back)
    ends = [middle - person.away_m * out + side * right for person in people for side in (-SEEN_M, SEEN_M)]
    return np.array(ends).reshape(-1, 2)


def _walking(person: Walker, step: float) -> list[Part]:
    """Somebody one metre tall at -1 or 1, the ends of a stride."""
    parts = [
        tube((0, 0.48, 0), (0, 0.82, 0), 0.085, 0.105, person.top),
        tube((0, 0.82, 0), (0, 0.88, 0), 0.035, 0.035, person.skin),
        tube((0, 0.86, 0.01), (0, 1.0, 0.01), 0.05, 0.045, person.skin),
    ]
    for side, ahead in ((0.05, 0.16 * step), (-0.05, -0.16 * step)):
        parts.append(tube((side, 0.5, 0), (side, 0.0, ahead), 0.055, 0.035, person.bottom))
        parts.append(tube((2.4 * side, 0.8, 0), (2.8 * side, 0.45, -0.7 * ahead), 0.035, 0.025, person.top))
    return parts
