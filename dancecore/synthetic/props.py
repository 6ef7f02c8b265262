"""Things that stand between the camera and the dancers or beside them, and people who walk by behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.render import Mesh
from dancecore.synthetic.settings import PlaceSettings, PropSettings, Range
from dancecore.synthetic.textures import RGB, muted
from dancecore.types import Float, Float64

PropKind = Literal["pole", "chair", "table", "plant", "speaker", "stool"]
PROPS: tuple[PropKind, ...] = get_args(PropKind)

CLEAR_M = 0.25
"""Nothing stands nearer to a dancer's joints than this, on the floor."""

NEAREST_M = 0.9
"""Nothing stands nearer to a camera than this: it would fill the picture."""

SIDES = 12
"""Of what is round."""

SEEN_M = 1.5
"""Either side of the picture's middle: who walks by is seen at least so far, and no wall stands there."""

STRIDE_M = 0.7
"""One step of somebody who walks by."""

Part = tuple[Float, RGB]
"""Vertices (V, 3) of one convex piece in `_box`'s or `_round`'s order, and its colour."""


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


def draw_props(rng: np.random.Generator, settings: PropSettings) -> tuple[Prop, ...]:
    """At most one thing in front, and one or two beside the dancers."""
    drawn = []
    if rng.uniform() < settings.front_share:
        drawn.append(_prop(rng, settings, settings.towards, settings.aside_m))
    if rng.uniform() < settings.beside_share:
        drawn += [_prop(rng, settings, (-0.3, 0.1), settings.beside_m) for _ in range(rng.integers(1, 3))]
    return tuple(drawn)


def _prop(rng: np.random.Generator, settings: PropSettings, towards: Range, aside: Range) -> Prop:
    kind = PROPS[rng.integers(len(PROPS))]
    side = -1.0 if rng.uniform() < 0.5 else 1.0
    return Prop(
        kind, float(rng.uniform(*towards)), side * float(rng.uniform(*aside)), float(rng.uniform(0, 360)),
        float(rng.uniform(*settings.size)), muted(rng), muted(rng),
    )  # fmt: skip


def draw_walkers(rng: np.random.Generator, settings: PlaceSettings) -> tuple[Walker, ...]:
    """Nobody, mostly."""
    if rng.uniform() > settings.walker_share:
        return ()
    least, most = settings.walkers
    return tuple(_walker(rng, settings) for _ in range(rng.integers(least, most + 1)))


def _walker(rng: np.random.Generator, settings: PlaceSettings) -> Walker:
    """Crosses the middle of the picture 1 to 9 seconds into the clip."""
    speed = float(rng.uniform(*settings.walker_speed)) * (-1 if rng.uniform() < 0.5 else 1)
    start, dark = -speed * float(rng.uniform(1, 9)), float(rng.uniform(0.4, 1))
    skin = (235 * dark, 185 * dark, 155 * dark)
    away, tall = float(rng.uniform(*settings.walker_away_m)), float(rng.uniform(1.55, 1.9))
    return Walker(away, start, speed, tall, skin, muted(rng), muted(rng))


def meshes(props: Sequence[Prop], path: CameraPath, joints: Float64) -> list[Mesh]:
    """The props in the world. joints (D, F, 33, 3) are everybody's: what would be run into is moved aside, away from
    the line of sight, and what would stand in the camera's way is left out."""
    floor, stands = joints[..., [0, 2]].reshape(-1, 2), path.centre[:, [0, 2]]
    middle, right, back = _axes(path, joints)
    placed = []
    for prop in props:
        at = middle + prop.towards * back + prop.aside * right
        away = right if prop.aside > 0 else -right
        reach = CLEAR_M + _REACH[prop.kind] * prop.size
        while _nearest(floor, at) < reach:
            at = at + 0.1 * away
        if _nearest(stands, at) > NEAREST_M:
            placed.append(_mesh(_BUILD[prop.kind](prop.colour, prop.other), prop.size, prop.turn, at))
    return placed


def walkers(people: Sequence[Walker], path: CameraPath, joints: Float64, seconds: Float64) -> Iterator[list[Mesh]]:
    """Those who walk by, at each of `seconds` (F,) into the clip."""
    middle, right, back = _axes(path, joints)
    out, bearing = back / np.linalg.norm(back), float(np.degrees(np.arctan2(right[0], right[1])))
    strides = []
    for person in people:
        turn = bearing if person.speed > 0 else bearing + 180
        at = middle - person.away_m * out
        strides.append([_mesh(_walking(person, step), person.tall_m, turn, at) for step in (-1.0, 1.0)])
    for second in seconds:
        meshes = []
        for person, (one, other) in zip(people, strides, strict=True):
            gone = person.start_m + person.speed * second
            share = np.float32(0.5 + 0.5 * np.sin(np.pi * gone / STRIDE_M))
            shift = np.array([gone * right[0], 0.0, gone * right[1]], np.float32)
            between = one.vertices + share * (other.vertices - one.vertices)
            meshes.append(Mesh(between + shift, one.faces, one.colours))
        yield meshes


def crossings(people: Sequence[Walker], path: CameraPath, joints: Float64) -> Float64:
    """(2 W, 2) points of the floor, x and z, between which those who walk by are seen."""
    middle, right, back = _axes(path, joints)
    out = back / np.linalg.norm(back)
    ends = [middle - person.away_m * out + side * right for person in people for side in (-SEEN_M, SEEN_M)]
    return np.array(ends).reshape(-1, 2)


def _axes(path: CameraPath, joints: Float64) -> tuple[Float64, Float64, Float64]:
    """On the floor (x, z): the dancers' middle in the first frame, the camera's right, and the way to the camera."""
    middle = joints[:, 0, :, [0, 2]].mean((1, 2))
    right = path.rotation[0, 0, [0, 2]]
    return middle, right / np.linalg.norm(right), path.centre[0, [0, 2]] - middle


def _nearest(points: Float64, at: Float64) -> float:
    return float(np.sqrt(((points - at) ** 2).sum(1).min()))


def _mesh(parts: Sequence[Part], size: float, turn: float, at: Float64) -> Mesh:
    """Parts about the origin, z forward, put on the floor at (x, z)."""
    angle = np.radians(turn)
    spin = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    vertices = size * np.concatenate([vertices for vertices, _ in parts]) @ spin.T + [at[0], 0.0, at[1]]
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    faces = np.concatenate([start + _faces(len(vertices)) for start, (vertices, _) in zip(starts, parts, strict=False)])
    colours = np.concatenate([np.tile(np.array(colour, np.float32), (len(vertices), 1)) for vertices, colour in parts])
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32), colours)


def _faces(vertices: int) -> Float64:
    """(N, 3) of a prism whose two rings have half of the vertices each, counter-clockwise from outside."""
    ring = np.arange(vertices // 2)
    after, top = np.roll(ring, -1), len(ring)
    sides = np.concatenate([np.stack([ring, after, after + top], 1), np.stack([ring, after + top, ring + top], 1)])
    fan = np.stack([np.zeros(top - 2, np.int64), ring[1:-1], ring[2:]], 1)
    return np.concatenate([sides, fan[:, ::-1], fan + top])


def _tube(start: Sequence[float], end: Sequence[float], radius: float, ending: float, colour: RGB) -> Part:
    """A round piece from `start` to `end`, its radius there `ending`."""
    axis = np.array(end) - np.array(start)
    axis /= np.linalg.norm(axis)
    across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)[:, None]
    ring = np.cos(angle) * across + np.sin(angle) * np.cross(axis, across)
    return np.concatenate([start + radius * ring, end + ending * ring]).astype(np.float32), colour


def _box(low: Sequence[float], high: Sequence[float], colour: RGB) -> Part:
    (x0, y0, z0), (x1, y1, z1) = low, high
    ring = [(x0, z0), (x0, z1), (x1, z1), (x1, z0)]
    return np.array([(x, y, z) for y in (y0, y1) for x, z in ring], np.float32), colour


def _legs(wide: float, deep: float, high: float, colour: RGB) -> list[Part]:
    return [_tube((x, 0, z), (x, high, z), 0.018, 0.022, colour) for x in (-wide, wide) for z in (-deep, deep)]


def _pole(colour: RGB, other: RGB) -> list[Part]:
    return [_tube((0, 0, 0), (0, 2.6, 0), 0.025, 0.025, colour), _tube((0, 0, 0), (0, 0.04, 0), 0.16, 0.14, other)]


def _chair(colour: RGB, other: RGB) -> list[Part]:
    posts = [_tube((x, 0.45, -0.2), (x, 0.9, -0.26), 0.016, 0.016, other) for x in (-0.19, 0.19)]
    seat, rest = (
        _box((-0.22, 0.43, -0.22), (0.22, 0.47, 0.22), colour),
        _box((-0.2, 0.68, -0.27), (0.2, 0.9, -0.24), colour),
    )
    return [*_legs(0.19, 0.19, 0.44, other), *posts, seat, rest]


def _stool(colour: RGB, other: RGB) -> list[Part]:
    return [*_legs(0.12, 0.12, 0.55, other), _tube((0, 0.55, 0), (0, 0.6, 0), 0.17, 0.17, colour)]


def _table(colour: RGB, other: RGB) -> list[Part]:
    return [*_legs(0.42, 0.25, 0.5, other), _box((-0.48, 0.5, -0.3), (0.48, 0.53, 0.3), colour)]


def _plant(colour: RGB, other: RGB) -> list[Part]:
    """A pot, and leaves as thin cones that lean outward."""
    green = (40.0, 110.0, 45.0)
    angles = np.arange(9) * 2.4  # the golden angle: leaves cover each other least
    tips = [(0.32 * np.sin(a), 0.75 + 0.05 * i, 0.32 * np.cos(a)) for i, a in enumerate(angles)]
    leaves = [_tube((0, 0.25, 0), tip, 0.05, 0.012, green) for tip in tips]
    return [_tube((0, 0, 0), (0, 0.32, 0), 0.12, 0.16, colour), *leaves]


def _speaker(colour: RGB, other: RGB) -> list[Part]:
    cones = [_tube((0, y, 0.15), (0, y, 0.16), r, 0.9 * r, other) for y, r in ((0.25, 0.13), (0.55, 0.09))]
    return [_box((-0.18, 0, -0.15), (0.18, 0.72, 0.15), colour), *cones]


_BUILD = {"pole": _pole, "chair": _chair, "table": _table, "plant": _plant, "speaker": _speaker, "stool": _stool}

_REACH: dict[PropKind, float] = {
    "pole": 0.16, "chair": 0.32, "table": 0.57, "plant": 0.34, "speaker": 0.24, "stool": 0.19,
}  # fmt: skip
"""Metres from the middle to what stands out farthest."""


def _walking(person: Walker, step: float) -> list[Part]:
    """Somebody one metre tall at -1 or 1, the ends of a stride."""
    parts = [
        _tube((0, 0.48, 0), (0, 0.82, 0), 0.085, 0.105, person.top),
        _tube((0, 0.82, 0), (0, 0.88, 0), 0.035, 0.035, person.skin),
        _tube((0, 0.86, 0.01), (0, 1.0, 0.01), 0.05, 0.045, person.skin),
    ]
    for side, ahead in ((0.05, 0.16 * step), (-0.05, -0.16 * step)):
        parts.append(_tube((side, 0.5, 0), (side, 0.0, ahead), 0.055, 0.035, person.bottom))
        parts.append(_tube((2.4 * side, 0.8, 0), (2.8 * side, 0.45, -0.7 * ahead), 0.035, 0.025, person.top))
    return parts
