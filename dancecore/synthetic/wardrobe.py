"""Who the dancer is to look at and what they wear: drawn from a seed."""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.errors import DanceError
from dancecore.synthetic.cuts import BOTTOMS, ONE_PIECES, TOPS
from dancecore.synthetic.hair import STYLES
from dancecore.synthetic.pattern import PATTERNS, Garment
from dancecore.synthetic.settings import WardrobeSettings
from dancecore.synthetic.shoes import SHOES
from dancecore.types import RGB

SKINS: tuple[RGB, ...] = ((246, 214, 190), (228, 184, 152), (198, 146, 110), (150, 102, 72), (98, 64, 46))
"""Skin under full light from pale to deep; a dancer's lies between two neighbours."""

HAIRS: tuple[RGB, ...] = ((28, 22, 20), (62, 40, 26), (120, 78, 42), (196, 156, 96), (150, 150, 150))
"""Black, dark brown, brown, blond, grey."""


@dataclass(frozen=True, slots=True)
class Person:
    """What lasts from clip to clip: colours RGB 0..255 under full light, and a style of `hair.STYLES`."""

    skin: RGB
    hair: RGB
    hairstyle: str

    def __post_init__(self) -> None:
        _check("hairstyle", self.hairstyle, STYLES)


@dataclass(frozen=True, slots=True)
class Outfit:
    """What changes: `top` is one of TOPS with a `bottom` of BOTTOMS, or one of ONE_PIECES with none; shoes of SHOES."""

    top: Garment
    bottom: Garment | None
    shoes: Garment

    def __post_init__(self) -> None:
        _check("top" if self.bottom else "one-piece garment", self.top.kind, TOPS if self.bottom else ONE_PIECES)
        if self.bottom:
            _check("bottom", self.bottom.kind, BOTTOMS)
        _check("shoes", self.shoes.kind, SHOES)


def _check(what: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise DanceError("INVALID_INPUT", f"there is no {what} {name!r}; there are {', '.join(known)}")


def draw_person(rng: np.random.Generator, settings: WardrobeSettings) -> Person:
    """Any skin and hair colour, and a hairstyle as often as people wear it."""
    return Person(_between(SKINS, rng), _between(HAIRS, rng), _kind(rng, settings.hairstyles))


def draw_outfit(rng: np.random.Generator, settings: WardrobeSettings) -> Outfit:
    """Any clothes, each cut as often as it is danced in."""
    shoes = _garment(rng, settings, settings.shoes)
    if rng.uniform() < settings.one_piece_share:
        return Outfit(_garment(rng, settings, settings.one_pieces), None, shoes)
    return Outfit(_garment(rng, settings, settings.tops), _garment(rng, settings, settings.bottoms), shoes)


def _kind(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    share = np.array(list(weights.values()))
    return str(rng.choice(list(weights), p=share / share.sum()))


def _garment(rng: np.random.Generator, settings: WardrobeSettings, kinds: Mapping[str, float]) -> Garment:
    pattern = PATTERNS[0] if rng.uniform() < settings.plain_share else str(rng.choice(PATTERNS[1:]))
    return Garment(
        _kind(rng, kinds), _cloth(rng, settings), _cloth(rng, settings), pattern,
        float(rng.uniform(*settings.slack)),
    )  # fmt: skip


def _between(palette: Sequence[RGB], rng: np.random.Generator) -> RGB:
    at = rng.uniform(0, len(palette) - 1)
    r, g, b = (float(np.interp(at, range(len(palette)), channel)) for channel in np.array(palette).T)
    return r, g, b


def _cloth(rng: np.random.Generator, settings: WardrobeSettings) -> RGB:
    """Any hue."""
    saturation, value = rng.uniform(*settings.saturation), rng.uniform(*settings.brightness)
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(), saturation, value)
    return 255 * r, 255 * g, 255 * b
