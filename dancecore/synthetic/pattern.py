"""A garment by name, and the colours of its cloth."""

from dataclasses import dataclass, replace

import numpy as np

from dancecore.synthetic.cloth import Piece, cut, dyed
from dancecore.synthetic.form import Form
from dancecore.types import RGB, Float64

PATTERNS = ("plain", "stripes", "two_tone", "logo")

STRIPE_M = 0.06
"""A stripe's width: about a pixel and more in the smallest pictures."""


@dataclass(frozen=True, slots=True)
class Garment:
    """One thing to wear. `kind` names its cut; `colour` and `accent` are RGB 0..255 under full light, `pattern` one of
    PATTERNS; loose cloth stands off `slack` times as far as the cut has it."""

    kind: str
    colour: RGB
    accent: RGB
    pattern: str
    slack: float


def paint(piece: Piece, garment: Garment, form: Form) -> list[Piece]:
    """The piece cut along its pattern, what is in the pattern in the garment's accent."""
    inside = _INSIDE[garment.pattern](piece.vertices, form)
    marked = cut(piece, inside)[0]
    return [cut(piece, -inside)[0], replace(marked, colours=dyed(len(marked.vertices), garment.accent))]


def _plain(points: Float64, form: Form) -> Float64:
    return np.full(len(points), -1.0)


def _stripes(points: Float64, form: Form) -> Float64:
    """Around trunk, legs and arms."""
    on_arm = (abs(points[:, 0]) > form.out(0)) & (points[:, 1] > form.up(0.7))
    along = np.where(on_arm, abs(points[:, 0]), points[:, 1])
    return np.asarray(abs(along % (2 * STRIPE_M) - STRIPE_M) - STRIPE_M / 2)


def _two_tone(points: Float64, form: Form) -> Float64:
    """The left half."""
    return points[:, 0]


def _logo(points: Float64, form: Form) -> Float64:
    """A patch on the chest, and on the left thigh."""
    x, y, z = points.T
    chest = np.minimum(0.08 - abs(x), 0.06 - abs(y - form.up(0.7)))
    thigh = np.minimum(0.045 - abs(x - form.joint["left_hip"][0]), 0.05 - abs(y - form.down(0.25)))
    return np.minimum(np.maximum(chest, thigh), z - form.joint["left_hip"][2])


_INSIDE = dict(zip(PATTERNS, (_plain, _stripes, _two_tone, _logo), strict=True))
"""For each pattern, metres that each point is inside it."""
