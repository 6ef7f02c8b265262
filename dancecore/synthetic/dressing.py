"""A person in an outfit as one mesh that moves with the body."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dancecore.synthetic.body import T_POSE, Body
from dancecore.synthetic.cloth import UNDER_M, Piece, Worn, dyed
from dancecore.synthetic.cuts import BOTTOMS, ONE_PIECES, TOPS, UNDERSHIRT, Skirt, Trousers
from dancecore.synthetic.form import Form, measure
from dancecore.synthetic.garments import FAR, bottom, top
from dancecore.synthetic.hair import hair
from dancecore.synthetic.pattern import Garment, paint
from dancecore.synthetic.rig import Int32
from dancecore.synthetic.shoes import SHOES, height, shoes
from dancecore.synthetic.skinning import skin
from dancecore.synthetic.wardrobe import Outfit, Person
from dancecore.types import RGB, Float, Float64

BULKY_M = 0.02
"""Tops that stand off the skin less than this are tucked into a skirt."""

SOLE: RGB = (235, 235, 230)
"""Of shoes: nearly white."""


@dataclass(frozen=True, slots=True)
class Dressed:
    """A body with its clothes and hair on, at rest.

    vertices (V, 3) float64 metres; faces (N, 3) int32, counter-clockwise from outside; colours (V, 3) float32 0..255
    under full light; weights (V, K) float64 over the body's bones index (V, K) int32.
    """

    vertices: Float64
    faces: Int32
    colours: Float
    index: Int32
    weights: Float64

    def pose(self, transforms: Float64) -> Float:
        """(V, 3) float32: the vertices in the world, metres, at one frame's transforms (B, 3, 4) of the body."""
        return np.asarray(skin(self.vertices, self.index, self.weights, transforms))


def dress(body: Body, person: Person, outfit: Outfit) -> Dressed:
    """The person in the outfit."""
    form = measure(body)
    worn = [*_clothes(form, outfit), hair(form, person.hairstyle, person.hair, outfit.top.accent)]
    cover = np.maximum.reduce([each.cover for each in worn])
    pieces = [_naked(form, person, outfit, cover), *(piece for each in worn for piece in each.pieces + each.linings)]
    return _at_rest(body, pieces)


def _clothes(form: Form, outfit: Outfit) -> list[Worn]:
    upper, lower = outfit.top, outfit.bottom or outfit.top
    if outfit.bottom:
        cut, lower_cut = TOPS[upper.kind], BOTTOMS[lower.kind]
    else:
        cut, lower_cut = ONE_PIECES[upper.kind]
    over = isinstance(lower_cut, Trousers) and lower_cut.bib
    if isinstance(lower_cut, Skirt) and cut.stand < BULKY_M:
        cut = replace(cut, hem=max(cut.hem, lower_cut.waist - 0.08))
    waist = FAR if over or cut.front else form.up(cut.hem) + UNDER_M
    shirt = Garment(upper.kind, upper.accent, upper.accent, "plain", upper.slack) if over else upper
    pair = SHOES[outfit.shoes.kind]
    legs = bottom(form, lower_cut, lower.colour, lower.slack, waist, height(form, pair) - UNDER_M)
    worn = [_painted(top(form, cut, shirt.colour, shirt.slack), shirt, form), _painted(legs, lower, form)]
    if cut.front:
        worn.append(top(form, replace(UNDERSHIRT, hem=lower_cut.waist - 0.02), upper.accent, 1.0))
    if pair:
        worn.append(shoes(form, pair, outfit.shoes.colour, SOLE))
    return worn


def _painted(worn: Worn, garment: Garment, form: Form) -> Worn:
    return replace(worn, pieces=[part for piece in worn.pieces for part in paint(piece, garment, form)])


def _naked(form: Form, person: Person, outfit: Outfit, cover: Float64) -> Piece:
    """The skin that is not hidden."""
    colours = dyed(len(form.points), person.skin)
    briefs = (form.points[:, 1] < form.up(0.2)) & (form.points[:, 1] > form.down(0.18))
    colours[briefs] = (outfit.bottom or outfit.top).colour
    _face(form, person, colours)
    faces = form.faces[(cover[form.faces] < UNDER_M).any(1)]
    return Piece(form.points, faces, form.weights, colours)


def _face(form: Form, person: Person, colours: Float) -> None:
    """Paint eyes, brows and lips: what a face is found by."""
    x, y, z = form.points.T
    eye, mouth = form.joint["left_eye"], form.joint["mouth_left"]
    front = form.of("head") & (z > mouth[2] - 0.03)
    brow = front & (abs(y - eye[1] - 0.022) < 0.005) & (abs(abs(x) - eye[0]) < 0.019)
    lips = front & (abs(y - mouth[1]) < 0.009) & (abs(x) < mouth[0]) & (z > mouth[2] - 0.004)
    balls = form.of("eye")
    iris = balls & (np.hypot(abs(x) - eye[0], y - eye[1]) < 0.006) & (z > eye[2] - 0.012)
    colours[brow] = 0.7 * np.array(person.hair, np.float32)
    colours[lips] *= np.array([0.88, 0.62, 0.62], np.float32)
    colours[balls], colours[iris] = 235, 30


def _at_rest(body: Body, pieces: Sequence[Piece]) -> Dressed:
    """One mesh of the pieces, taken from the T-pose to rest, without vertices that no face uses."""
    starts = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
    faces = np.concatenate([piece.faces + start for piece, start in zip(pieces, starts, strict=False)])
    used, renamed = np.unique(faces, return_inverse=True)
    points, dense, colours = (
        np.concatenate([getattr(piece, name) for piece in pieces])[used] for name in ("vertices", "weights", "colours")
    )
    most = body.rest.index.shape[1]
    index = np.argsort(-dense, axis=1)[:, :most].astype(np.int32)
    weights = np.take_along_axis(dense, index, 1)
    weights /= weights.sum(1, keepdims=True)
    blend = np.einsum("vk,vkij->vij", weights, body.transforms(T_POSE)[0][index])
    rest = np.linalg.solve(blend[..., :3], (points - blend[..., 3])[..., None])[..., 0]
    return Dressed(rest, renamed.reshape(-1, 3).astype(np.int32), colours, index, weights)
