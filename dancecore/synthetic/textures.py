"""Surfaces that look like those of real places, painted from a seed: they repeat without a seam."""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from dancecore.synthetic.settings import Colours
from dancecore.types import RGB, Float, Image

SIDE = 512
"""Rows and columns of a texture: 2 to 8 mm of wall a texel."""

Texture = Literal[
    "flat", "plaster", "tiles", "checks", "stripes", "brick", "planks", "speckle", "grass", "curtain", "graffiti",
    "furnished", "fade", "horizon", "lines"
]  # fmt: skip

TALL: frozenset[Texture] = frozenset({"furnished", "fade", "horizon"})
"""Textures that cover a wall once from the floor up and repeat every two heights; the others repeat every way."""


@dataclass(frozen=True, slots=True)
class Surface:
    """A texture in two colours, RGB 0..255, of which `size_m` metres make one repeat or, if TALL, the height."""

    texture: Texture
    colour: RGB
    other: RGB
    size_m: float


def draw_colour(rng: np.random.Generator, colours: Colours) -> RGB:
    """One of these colours."""
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(*colours.saturation), rng.uniform(*colours.brightness))
    return 255 * r, 255 * g, 255 * b


Painter = Callable[[np.random.Generator, Float, Float], Float]


def paint(surface: Surface, seed: int) -> Image:
    """(SIDE, SIDE, 3) uint8 RGB of one repeat; rows run upward from the floor."""
    rng = np.random.default_rng(seed)
    painted = _PAINTERS[surface.texture](rng, tint(*surface.colour), tint(*surface.other))
    return np.asarray(np.clip(painted + 0.5, 0, 255), np.uint8)


def tint(red: float, green: float, blue: float) -> Float:
    """(3,) RGB."""
    return np.array([red, green, blue], np.float32)


def noise(rng: np.random.Generator, rows: int, columns: int) -> Float:
    """(SIDE, SIDE) in about -1..1, smooth between `rows` x `columns` drawn values, periodic (value noise)."""
    lattice = np.pad(rng.uniform(-1, 1, (rows, columns)).astype(np.float32), 3, mode="wrap")
    high, wide = SIDE // rows, SIDE // columns
    smooth = cv2.resize(lattice, None, fx=wide, fy=high, interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth[3 * high : 3 * high + SIDE, 3 * wide : 3 * wide + SIDE], np.float32)


def _clouds(rng: np.random.Generator, coarsest: int = 4, finest: int = 256) -> Float:
    """(SIDE, SIDE) of unit variance: noise of every scale, the coarse strongest (Perlin's turbulence)."""
    total, cells, size = np.zeros((SIDE, SIDE), np.float32), coarsest, 1.0
    while cells <= finest:
        total += np.float32(size) * noise(rng, cells, cells)
        cells, size = 2 * cells, size * 0.6
    return np.asarray(total / total.std(), np.float32)


def _shaded(colour: Float, shade: Float) -> Float:
    return np.asarray(colour * shade[..., None], np.float32)


def _mixed(colour: Float, other: Float, share: Float) -> Float:
    return np.asarray(colour + (other - colour) * share[..., None], np.float32)


def _flat(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    return _shaded(colour, 1 + 0.01 * _clouds(rng))


def _plaster(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    return _shaded(colour, 1 + 0.05 * _clouds(rng) + 0.02 * noise(rng, SIDE, SIDE))


def _speckle(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    """Carpet, concrete, asphalt."""
    rough = _shaded(colour, 1 + 0.12 * noise(rng, SIDE, SIDE) + 0.05 * _clouds(rng, 16))
    return _mixed(rough, other, np.asarray(noise(rng, 128, 128) > 0.75, np.float32) * np.float32(0.4))


def _grass(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    blades = noise(rng, 128, SIDE) + noise(rng, SIDE, 128)
    return _shaded(_mixed(colour, other, np.clip(0.5 + 0.2 * _clouds(rng, 16), 0, 1)), 1 + 0.3 * blades)


def _cells(rows: int, columns: int, slid: float) -> tuple[Float, Float, Float, Float]:
    """For a wall of `rows` x `columns` pieces, each row `slid` of a piece beyond the one below: each texel's row,
    column, and how far it is inside its piece across and up, 0 at an edge to 0.5."""
    up, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    row = np.floor(up * rows)
    x = across * columns + slid * row
    return row, np.floor(x) % columns, 0.5 - abs(x % 1 - 0.5), 0.5 - abs(up * rows % 1 - 0.5)


def _pieces(rng: np.random.Generator, rows: int, columns: int, slid: float, spread: float) -> Float:
    """(SIDE, SIDE): a brightness about 1 for each piece."""
    row, column, _, _ = _cells(rows, columns, slid)
    return np.asarray(
        1 + spread * rng.standard_normal((rows, columns))[row.astype(int), column.astype(int)], np.float32
    )


def _tiles(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    _, _, across, up = _cells(4, 4, 0.0)
    grout = np.asarray(np.minimum(across, up) < 0.02, np.float32)
    return _mixed(_shaded(colour, _pieces(rng, 4, 4, 0.0, 0.03) + 0.02 * _clouds(rng)), other, grout)


def _checks(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    row, column, _, _ = _cells(4, 4, 0.0)
    return _mixed(colour, other, np.asarray((row + column) % 2, np.float32)) * (1 + 0.03 * _clouds(rng))[..., None]


def _stripes(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    _, column, _, _ = _cells(1, 8, 0.0)
    return _shaded(_mixed(colour, other, np.asarray(column % 2, np.float32)), 1 + 0.01 * _clouds(rng))


def _brick(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    _, _, across, up = _cells(16, 4, 0.5)
    mortar = np.asarray((across < 0.03) | (up < 0.09), np.float32)
    rough = _shaded(colour, _pieces(rng, 16, 4, 0.5, 0.1) + 0.05 * _clouds(rng) + 0.05 * noise(rng, 256, 256))
    return _mixed(rough, other, mortar)


def _planks(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    _, _, across, up = _cells(8, 1, 0.37)
    seam = np.asarray((up < 0.02) | (across < 0.002), np.float32)
    grain = 0.06 * noise(rng, SIDE, 8) + 0.05 * noise(rng, 128, 4)
    return _mixed(_shaded(colour, _pieces(rng, 8, 1, 0.37, 0.07) + grain), 0.4 * colour, seam)


def _curtain(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    along = np.linspace(0, 2 * np.pi, SIDE, endpoint=False, dtype=np.float32)
    folds = sum(np.sin(n * along + rng.uniform(0, 6)) / (i + 1) for i, n in enumerate((9, 14, 23)))
    return _shaded(colour, np.asarray(0.75 + 0.25 * folds * np.ones((SIDE, 1)), np.float32))


def _graffiti(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    """Sprayed blobs, strokes and outlines on plaster."""
    wall = _plaster(rng, colour, other)
    for _ in range(14):
        knots = rng.uniform(0.05, 0.95, 2) * SIDE + np.cumsum(rng.normal(0, 45, (7, 2)), axis=0)
        curve = cv2.GaussianBlur(np.repeat(knots, 8, axis=0).astype(np.float32), (1, 15), 4).round().astype(np.int32)
        spray, thick = _vivid(rng).tolist(), int(rng.integers(3, 26))
        cv2.polylines(wall, [curve], False, (15.0, 15.0, 15.0), thick + 6)
        cv2.polylines(wall, [curve], False, spray, thick)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 0.8), np.float32)


def _vivid(rng: np.random.Generator) -> Float:
    """(3,) any strong colour."""
    hue = np.array([[[rng.integers(180), rng.integers(120, 255), rng.integers(120, 255)]]], np.uint8)
    return np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def _box(wall: Float, left: float, right: float, low: float, high: float, colour: Float) -> None:
    wall[int(low * SIDE) : int(high * SIDE), int(left * SIDE) : int(right * SIDE)] = colour


def _furnished(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    """A wall with a door or a window, framed pictures, a shelf with books and a low cupboard."""
    wall = _plaster(rng, colour, other)
    left = rng.uniform(0.02, 0.3)
    if rng.uniform() < 0.5:
        _box(wall, left - 0.01, left + 0.17, 0.0, 0.8, 0.6 * other)
        _box(wall, left, left + 0.16, 0.0, 0.785, other)
    else:
        _box(wall, left - 0.01, left + 0.22, 0.36, 0.9, tint(235, 235, 230))
        for pane in (left, left + 0.11):
            _box(wall, pane, pane + 0.1, 0.38, 0.88, tint(*rng.uniform(150, 250, 3)))
    for x in rng.permutation([0.55, 0.7, 0.85])[: rng.integers(1, 4)]:
        y, wide, high = rng.uniform(0.5, 0.7), *rng.uniform((0.04, 0.08), (0.1, 0.18))
        _box(wall, x, x + wide, y, y + high, tint(*rng.uniform(20, 80, 3)))
        _box(wall, x + 0.006, x + wide - 0.006, y + 0.012, y + high - 0.012, 0.8 * _vivid(rng))
    x, at, end = rng.uniform(0.55, 0.7), 0.0, 0.0
    _box(wall, x, x + 0.25, 0.02, 0.28, 0.8 * other)
    while end < 0.22:
        at, end = end, end + rng.uniform(0.008, 0.025)
        _box(wall, x + at, x + end, 0.28, 0.28 + rng.uniform(0.06, 0.12), 0.7 * _vivid(rng))
    return wall


def _fade(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    return _mixed(other, colour, np.linspace(0, 1, SIDE, dtype=np.float32)[:, None] * np.ones((1, SIDE), np.float32))


def _horizon(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    """Sky in `colour` with clouds above hills, then houses or trees in `other`, paler with distance."""
    up, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    haze = tint(225, 230, 235)
    sky = _mixed(haze, colour, np.clip(up * 1.2, 0, 1))
    sky = _mixed(sky, tint(250, 250, 250), np.clip(0.35 * _clouds(rng, 4, 64) - 0.1, 0, 0.8) * (up > 0.1))
    edge = 0.09 + 0.03 * noise(rng, 1, 4)[:1]
    sky = _mixed(sky, 0.5 * haze + 0.5 * other, np.asarray(up < edge, np.float32))
    if rng.uniform() < 0.5:
        tops = rng.uniform(0.03, 0.22, 16)[(across[0] * 16).astype(int)]
        lit = (up * 64 % 1 > 0.45) & (across * 96 % 1 > 0.4)
        houses = _shaded(0.75 * other + 40, 1 + 0.25 * np.asarray(lit, np.float32))
    else:
        tops = 0.08 + 0.04 * noise(rng, 1, 32)[0] + 0.02 * noise(rng, 1, 128)[0]
        houses = _shaded(tint(60, 85, 45), 1 + 0.2 * _clouds(rng, 32))
    return np.asarray(np.where((up < tops)[..., None], houses, sky), np.float32)


def _lines(rng: np.random.Generator, colour: Float, other: Float) -> Float:
    """Bright slanted bars, as light walls and screens show."""
    up, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    slant, bars = int(rng.integers(-2, 3)), int(rng.integers(3, 9))
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (bars * up + slant * across))
    third = _vivid(rng) * np.asarray(noise(rng, 8, 8) > 0.4, np.float32)[..., None]
    return np.asarray(np.clip(_mixed(colour, other, wave**3) + 0.5 * third, 0, 255), np.float32)


_PAINTERS: dict[Texture, Painter] = {
    "flat": _flat, "plaster": _plaster, "tiles": _tiles, "checks": _checks, "stripes": _stripes, "brick": _brick,
    "planks": _planks, "speckle": _speckle, "grass": _grass, "curtain": _curtain, "graffiti": _graffiti,
    "furnished": _furnished, "fade": _fade, "horizon": _horizon, "lines": _lines,
}  # fmt: skip
