"""Tailoring on a body in the T-pose: shells that stand off its skin, cut along clean lines, and sheets hung upon it.

Pieces carry the body's own skin weights, so that whatever moves the body moves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from dancecore.synthetic.form import Form
from dancecore.synthetic.rig import Int32
from dancecore.types import RGB, BoolT, Float, Float64

LINING_M = 0.12
"""So far from a border the inner side of loose cloth is seen, through a sleeve or under a hem."""

UNDER_M = 0.05
"""Skin and cloth so far inside a garment's border are not drawn: nobody sees them, and they cannot come through."""

CLOSEST_M = 0.004
"""Cloth is at least so far off the skin, so that neither pierces the other."""

KEPT = 0.7
"""Of how far cloth is to stand off this share stays, however it is smoothed."""

LINING_SHADE = 0.6
"""Of the outer side's colour: little light falls inside."""


@dataclass(frozen=True, slots=True)
class Piece:
    """vertices (V, 3) metres in the T-pose; faces (N, 3) int32, counter-clockwise from outside; weights (V, B) over
    the body's bones; colours (V, 3) float32 0..255."""

    vertices: Float64
    faces: Int32
    weights: Float64
    colours: Float


def dyed(count: int, colour: RGB) -> Float:
    """(V, 3) float32: `count` times the colour."""
    return np.tile(np.array(colour, np.float32), (count, 1))


@dataclass(frozen=True, slots=True)
class Worn:
    """A garment or hair: its pieces, the inner sides of those that can be seen from inside, and `cover` (V,): how far
    each vertex of the skin lies under it, metres, negative outside."""

    pieces: list[Piece]
    linings: list[Piece]
    cover: Float64


def shell(
    form: Form, inside: Float64, moved: Float64, colour: RGB, smooth: int = 3, *,
    lined: float = LINING_M, outside: bool = True,
) -> Worn:  # fmt: skip
    """Cloth over the part of the body where `inside` (V,) is positive, its vertices at `moved` (V, 3), smoothed
    `smooth` times. Its inner side is seen `lined` metres from the border; `outside` keeps it off all skin."""
    wanted = ((moved - form.points) * form.normals).sum(1)
    for _ in range(smooth):
        moved = form.blur @ moved
    short = np.maximum(CLOSEST_M, KEPT * wanted) - ((moved - form.points) * form.normals).sum(1)
    moved = moved + (outside * np.maximum(short, 0))[:, None] * form.normals
    outer, depth = cut(Piece(moved, form.faces, form.weights, dyed(len(moved), colour)), inside)
    edge = replace(outer, faces=outer.faces[(depth[outer.faces] < lined).any(1)])
    return Worn([outer], [lining(edge)] if lined else [], inside)


def lining(piece: Piece) -> Piece:
    """The inner side of a piece."""
    return replace(piece, faces=piece.faces[:, ::-1], colours=piece.colours * np.float32(LINING_SHADE))


def cut(piece: Piece, inside: Float64) -> tuple[Piece, Float64]:
    """The part of the piece where `inside` (V,) > 0, its border where it is 0: faces that the border crosses are cut in
    two; and `inside` at the vertices of that part."""
    kept = inside > 0
    faces = piece.faces[kept[piece.faces].any(1)]
    count = kept[faces].sum(1)
    one, two = _first(faces[count == 1], kept), _first(faces[count == 2], ~kept)
    edges = np.concatenate([one[:, [0, 1]], one[:, [0, 2]], two[:, [0, 1]], two[:, [0, 2]]])
    ends, which = np.unique(np.sort(edges, 1), axis=0, return_inverse=True)
    share = (inside[ends[:, 0]] / (inside[ends[:, 0]] - inside[ends[:, 1]]))[:, None]
    b, c, p, q = np.split(len(inside) + which.ravel(), np.cumsum([len(one), len(one), len(two)]))
    parts = [faces[count == 3], np.c_[one[:, 0], b, c], np.c_[two[:, 1:], q], np.c_[two[:, 1], q, p]]
    used, renamed = np.unique(np.concatenate(parts), return_inverse=True)
    vertices, weights, colours, depth = (
        np.concatenate([each, (1 - share) * each[ends[:, 0]] + share * each[ends[:, 1]]])[used]
        for each in (piece.vertices, piece.weights, piece.colours, inside[:, None])
    )
    faces = renamed.reshape(-1, 3).astype(np.int32)
    return Piece(vertices, faces, weights, colours.astype(np.float32)), depth[:, 0]


def _first(faces: Int32, wanted: BoolT) -> Int32:
    """The faces, each turned until its first wanted vertex comes first."""
    start = wanted[faces].argmax(1)[:, None]
    return np.asarray(np.take_along_axis(faces, (start + np.arange(3)) % 3, 1))


def sheet(rings: Float64, weights: Float64, colour: RGB, around: bool) -> Piece:
    """Cloth through rings (R, A, 3) of points with weights (R, A, B); `around` joins each ring's ends.

    Its outside is that of (way to the next point) x (way to the next ring).
    """
    rows, columns = rings.shape[:2]
    at = np.arange(rows * columns).reshape(rows, columns)
    following = np.roll(at, -1, axis=1) if around else at[:, 1:]
    at = at if around else at[:, :-1]
    a, b, c, d = at[:-1], following[:-1], at[1:], following[1:]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]).reshape(-1, 3).astype(np.int32)
    vertices = rings.reshape(-1, 3)
    return Piece(vertices, faces, weights.reshape(len(vertices), -1), dyed(len(vertices), colour))


def tube(
    form: Form, path: Float64, wide: Float64, deep: Float64, hold: Sequence[str], colour: RGB,
    across: tuple[float, float, float] = (1, 0, 0), sides: int = 12,
) -> Piece:  # fmt: skip
    """A closed tube along path (R, 3): (R,) metres `wide` from its middle towards `across` and `deep` at right angles
    to that; its ends are drawn together. It moves with the skin nearby that the bones `hold` move."""
    along = np.gradient(path, axis=0)
    side = np.array(across) - along * (along @ across / (along**2).sum(1))[:, None]
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    angle = np.arange(sides)[:, None] * 2 * np.pi / sides
    ring = path[:, None] + np.cos(angle) * (wide[:, None] * side)[:, None]
    ring = ring + np.sin(angle) * (deep[:, None] * other)[:, None]
    rings = np.concatenate([path[:1, None].repeat(sides, 1), ring, path[-1:, None].repeat(sides, 1)])
    return sheet(rings, borrow(form, rings, hold), colour, around=True)


def borrow(form: Form, points: Float64, hold: Sequence[str]) -> Float64:
    """(..., B): the weights of the skin near points (..., 3): of twelve vertices that the bones `hold` move most."""
    skin = np.flatnonzero(form.of(*hold))
    far, which = cKDTree(form.points[skin]).query(points, 12)
    share = 1 / (far + 1e-3)
    return np.asarray(np.einsum("...k,...kb->...b", share / share.sum(-1, keepdims=True), form.weights[skin][which]))
