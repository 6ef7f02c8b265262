"""Shoes: an upper over the foot and a flat sole under it, as high above the floor as the bare foot."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from dancecore.synthetic.cloth import Piece, Worn, sheet, shell
from dancecore.synthetic.form import Form
from dancecore.types import RGB, BoolT, Float64


@dataclass(frozen=True, slots=True)
class Shoe:
    """`shaft`: a share of the way from the ankle (0) to the knee (1) up which it reaches; metres `stand` off the skin;
    `sole`, metres thick."""

    shaft: float
    stand: float
    sole: float


SHOES = {
    "bare": None,
    "sneakers": Shoe(0.0, 0.008, 0.028),
    "high_tops": Shoe(0.16, 0.013, 0.036),
    "boots": Shoe(0.55, 0.016, 0.03),
}

SOLE_EDGE_M = 0.006
"""The sole stands out beyond the upper by so much."""


def height(form: Form, cut: Shoe | None) -> float:
    """Up to where a shoe reaches, metres."""
    ankle, knee = form.joint["left_ankle"][1], form.joint["left_knee"][1]
    return float(ankle + cut.shaft * (knee - ankle) + 0.012) if cut else 0.0


def shoes(form: Form, cut: Shoe, colour: RGB, sole: RGB) -> Worn:
    """A pair."""
    x, y, z = form.points.T
    inside = height(form, cut) - y
    moved = form.points + cut.stand * form.normals
    above = np.minimum.reduce([inside, _instep(form) + 0.02 - z, y - cut.sole / 2])
    upper = shell(form, above, moved, colour, 6, lined=cut.shaft / 10)
    pieces = [*upper.pieces]
    for letter, side in (("L", 1), ("R", -1)):
        foot = (np.sign(x) == side) & (y < form.joint["left_ankle"][1])
        pieces += [_sole(form, foot, cut, f"foot.{letter}", sole), _toe_box(form, foot, cut, f"foot.{letter}", colour)]
    return Worn(pieces, upper.linings, inside)


def _instep(form: Form) -> float:
    """How far forward, z in metres, the shoe's toe box begins."""
    ankle, toe = form.joint["left_ankle"][2], form.joint["left_foot_index"][2]
    return float(0.55 * ankle + 0.45 * toe)


def _toe_box(form: Form, foot: BoolT, cut: Shoe, bone: str, colour: RGB) -> Piece:
    """A vault over the toes, which would show through a shell."""
    points = form.points[foot]
    forward = np.linspace(_instep(form), points[:, 2].max(), 8)
    near = [points[abs(points[:, 2] - z) < 0.02] for z in forward]
    left, right = (np.array([pick(level[:, 0]) for level in near]) for pick in (np.max, np.min))
    high = np.minimum.accumulate([level[:, 1].max() for level in near])
    taper = np.sqrt(1 - np.clip(np.linspace(-1, 1, 8), 0, 0.98) ** 2)
    angle = np.linspace(0, np.pi, 11)
    wide = ((left - right) / 2 * (0.4 + 0.6 * taper) + cut.stand)[:, None]
    tall = ((high + cut.stand) * (0.5 + 0.5 * taper))[:, None]
    ahead = forward + cut.stand * np.linspace(0, 2, 8)
    rings = np.stack([
        ((left + right) / 2)[:, None] + wide * np.cos(angle), tall * np.sin(angle) ** 0.7, ahead[:, None] + 0 * angle
    ], -1)  # fmt: skip
    rings = np.concatenate([rings, (rings[-1:] * [1, 0.3, 1]).mean(1, keepdims=True).repeat(len(angle), 1)])
    return sheet(rings, _rigid(form, bone, rings), colour, around=False)


def _rigid(form: Form, bone: str, points: Float64) -> Float64:
    weights = np.zeros((*points.shape[:-1], len(form.bones)))
    weights[..., form.bones.index(bone)] = 1
    return weights


def _sole(form: Form, foot: BoolT, cut: Shoe, bone: str, colour: RGB) -> Piece:
    """A slab the shape of the foot's outline, moving with one bone."""
    ground = form.points[foot][:, [0, 2]]
    rim = ground[ConvexHull(ground).vertices]
    middle = rim.mean(0)
    rim = middle + (rim - middle) * (1 + (cut.stand + SOLE_EDGE_M) / np.linalg.norm(rim - middle, axis=1))[:, None]
    heights = (cut.sole, cut.sole, 0.0, 0.0)
    rings = np.stack([np.insert(middle + (rim - middle) * wide, 1, y, axis=1)
                      for wide, y in zip((0, 1, 1, 0), heights, strict=True)])  # fmt: skip
    return sheet(rings, _rigid(form, bone, rings), colour, around=True)
