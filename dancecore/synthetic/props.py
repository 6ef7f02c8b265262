"""Things that stand between the camera and the dancers or beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.render import Mesh
from dancecore.synthetic.settings import PropSettings, Range
from dancecore.synthetic.shapes import Part, box, line_of_sight, mesh, tube
from dancecore.synthetic.textures import draw_colour
from dancecore.types import RGB, Float64

PropKind = Literal["pole", "chair", "table", "plant", "speaker", "stool"]
PROPS: tuple[PropKind, ...] = get_args(PropKind)

CLEAR_M = 0.25
"""Nothing stands nearer to a dancer's joints than this, on the floor."""

NEAREST_M = 0.9
"""Nothing stands nearer to a camera than this: it would fill the picture."""


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing in front of or beside the dancers.

    It stands `towards` of the way from them to the first frame's camera, `aside` metres to the right of that line,
    turned by `turn` degrees and `size` times its usual size, in two colours, RGB 0..255.
    """

    kind: PropKind
    towards: float
    aside: float
    turn: float
    size: float
    colour: RGB
    other: RGB


def draw_props(rng: np.random.Generator, settings: PropSettings) -> tuple[Prop, ...]:
    """At most one thing in front, and some beside the dancers."""
    drawn = []
    if rng.uniform() < settings.front_share:
        drawn.append(_prop(rng, settings, settings.towards, settings.aside_m))
    if rng.uniform() < settings.beside_share:
        count = rng.integers(settings.beside[0], settings.beside[1] + 1)
        drawn += [_prop(rng, settings, settings.beside_towards, settings.beside_m) for _ in range(count)]
    return tuple(drawn)


def _prop(rng: np.random.Generator, settings: PropSettings, towards: Range, aside: Range) -> Prop:
    kind = PROPS[rng.integers(len(PROPS))]
    side = -1.0 if rng.uniform() < 0.5 else 1.0
    return Prop(
        kind, float(rng.uniform(*towards)), side * float(rng.uniform(*aside)), float(rng.uniform(0, 360)),
        float(rng.uniform(*settings.size)), draw_colour(rng, settings.paint),
        draw_colour(rng, settings.paint),
    )  # fmt: skip


def meshes(props: Sequence[Prop], path: CameraPath, joints: Float64) -> list[Mesh]:
    """The props in the world. joints (D, F, 33, 3) are everybody's: what would be run into is moved aside, away from
    the line of sight, and what would stand in the camera's way is left out."""
    floor, stands = joints[..., [0, 2]].reshape(-1, 2), path.centre[:, [0, 2]]
    middle, right, back = line_of_sight(path, joints)
    placed = []
    for prop in props:
        at = middle + prop.towards * back + prop.aside * right
        away = right if prop.aside > 0 else -right
        reach = CLEAR_M + _REACH[prop.kind] * prop.size
        while _nearest(floor, at) < reach:
            at = at + 0.1 * away
        if _nearest(stands, at) > NEAREST_M:
            placed.append(mesh(_BUILD[prop.kind](prop.colour, prop.other), prop.size, prop.turn, at))
    return placed


def _nearest(points: Float64, at: Float64) -> float:
    return float(np.sqrt(((points - at) ** 2).sum(1).min()))


def _legs(wide: float, deep: float, high: float, colour: RGB) -> list[Part]:
    return [tube((x, 0, z), (x, high, z), 0.018, 0.022, colour) for x in (-wide, wide) for z in (-deep, deep)]


def _pole(colour: RGB, other: RGB) -> list[Part]:
    return [tube((0, 0, 0), (0, 2.6, 0), 0.025, 0.025, colour), tube((0, 0, 0), (0, 0.04, 0), 0.16, 0.14, other)]


def _chair(colour: RGB, other: RGB) -> list[Part]:
    posts = [tube((x, 0.45, -0.2), (x, 0.9, -0.26), 0.016, 0.016, other) for x in (-0.19, 0.19)]
    seat, rest = (
        box((-0.22, 0.43, -0.22), (0.22, 0.47, 0.22), colour),
        box((-0.2, 0.68, -0.27), (0.2, 0.9, -0.24), colour),
    )
    return [*_legs(0.19, 0.19, 0.44, other), *posts, seat, rest]


def _stool(colour: RGB, other: RGB) -> list[Part]:
    return [*_legs(0.12, 0.12, 0.55, other), tube((0, 0.55, 0), (0, 0.6, 0), 0.17, 0.17, colour)]


def _table(colour: RGB, other: RGB) -> list[Part]:
    return [*_legs(0.42, 0.25, 0.5, other), box((-0.48, 0.5, -0.3), (0.48, 0.53, 0.3), colour)]


def _plant(colour: RGB, other: RGB) -> list[Part]:
    """A pot, and leaves as thin cones that lean outward."""
    green = (40.0, 110.0, 45.0)
    angles = np.arange(9) * 2.4  # the golden angle: leaves cover each other least
    tips = [(0.32 * np.sin(a), 0.75 + 0.05 * i, 0.32 * np.cos(a)) for i, a in enumerate(angles)]
    leaves = [tube((0, 0.25, 0), tip, 0.05, 0.012, green) for tip in tips]
    return [tube((0, 0, 0), (0, 0.32, 0), 0.12, 0.16, colour), *leaves]


def _speaker(colour: RGB, other: RGB) -> list[Part]:
    cones = [tube((0, y, 0.15), (0, y, 0.16), r, 0.9 * r, other) for y, r in ((0.25, 0.13), (0.55, 0.09))]
    return [box((-0.18, 0, -0.15), (0.18, 0.72, 0.15), colour), *cones]


_BUILD = {"pole": _pole, "chair": _chair, "table": _table, "plant": _plant, "speaker": _speaker, "stool": _stool}

_REACH: dict[PropKind, float] = {
    "pole": 0.16, "chair": 0.32, "table": 0.57, "plant": 0.34, "speaker": 0.24, "stool": 0.19,
}  # fmt: skip
"""Metres from the middle to what stands out farthest."""
