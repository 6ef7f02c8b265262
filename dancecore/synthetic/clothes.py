"""What a dancer wears: a colour and a thickness for each vertex of the body, by where it is in the T-pose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dancecore import skeleton
from dancecore.synthetic.body import T_POSE, Body
from dancecore.types import BoolT, Float, Float64

RGB = tuple[float, float, float]

WAIST_M = 0.07
"""Trousers end this far above the hip joints."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colours are RGB 0..255 under full light. `sleeve` 0..1 runs from shoulder to wrist, `leg` from hip to ankle:
    how far the cloth reaches; `loose_m` is how far it stands off; `hair_m` is the hair's thickness and `hair_drop_m`
    how far below the eyes it falls at the back."""

    skin: RGB
    hair: RGB
    top: RGB
    bottom: RGB
    shoes: RGB
    sleeve: float
    leg: float
    loose_m: float
    hair_m: float
    hair_drop_m: float


def dress(body: Body, look: Look) -> tuple[Float64, Float]:
    """The dressed rest mesh (V, 3) metres and its colours (V, 3) float32 0..255."""
    bone = _main_bone(body)
    place = dict(zip(skeleton.JOINTS, body.points(body.transforms(T_POSE))[0], strict=True))
    colour = np.tile(np.array(look.skin, np.float32), (len(bone), 1))
    thick = np.zeros(len(bone))
    for part, tint, depth in (
        (_top(body, bone, place, look.sleeve), look.top, look.loose_m),
        (_bottom(body, bone, place, look.leg), look.bottom, look.loose_m),
        (_of(bone, "foot", "toe"), look.shoes, 0.008),
    ):
        colour[part], thick[part] = tint, depth
    _face(body, bone, place, look, colour)
    hair = _hair(body, bone, place, look.hair_drop_m)
    colour += hair[:, None].astype(np.float32) * (np.array(look.hair, np.float32) - colour)
    offset = (thick + hair * look.hair_m)[:, None] * _normals(body)
    offset[_of(bone, "foot", "toe"), 1] = 0.0  # soles stay on the floor
    return body.rest.vertices + offset, colour


def _main_bone(body: Body) -> NDArray[np.str_]:
    """(V,) the bone that moves each vertex most."""
    return np.array(body.rest.bones)[body.rest.index[np.arange(len(body.rest.index)), body.rest.weights.argmax(1)]]


def _of(bone: NDArray[np.str_], *stems: str) -> BoolT:
    return np.array([name.startswith(stems) for name in bone])


def _top(body: Body, bone: NDArray[np.str_], place: dict[str, Float64], sleeve: float) -> BoolT:
    along = (abs(body.standing[:, 0]) - place["left_shoulder"][0]) / (
        place["left_wrist"][0] - place["left_shoulder"][0]
    )
    trunk = _of(bone, "spine", "clavicle", "shoulder", "root", "pelvis")
    return np.asarray(trunk | (_of(bone, "upperarm", "lowerarm") & (along < sleeve)))


def _bottom(body: Body, bone: NDArray[np.str_], place: dict[str, Float64], leg: float) -> BoolT:
    hip, ankle = place["left_hip"][1], place["left_ankle"][1]
    down = (hip - body.standing[:, 1]) / (hip - ankle)
    trunk = _of(bone, "spine", "root", "pelvis") & (body.standing[:, 1] < hip + WAIST_M)
    return np.asarray(trunk | (_of(bone, "upperleg", "lowerleg") & (down < leg)))


def _hair(body: Body, bone: NDArray[np.str_], place: dict[str, Float64], drop_m: float) -> Float64:
    """(V,) 0..1: above the forehead, and behind the ears down to `drop_m` below the eyes."""
    _, y, z = body.standing.T
    ear, eye = place["left_ear"], place["left_eye"]
    temples = ear[2] - 0.005 + 0.025 * np.clip((y - ear[1]) / 0.02, 0, 1)
    behind = np.minimum((temples - z) / 0.02, (y - eye[1] + drop_m) / 0.02)
    above = (y - eye[1] - 0.055 + 0.3 * np.maximum(z - eye[2] + 0.01, 0)) / 0.015
    return np.asarray(np.clip(np.maximum(behind, above), 0, 1) * _of(bone, "head", "neck"))


def _face(body: Body, bone: NDArray[np.str_], place: dict[str, Float64], look: Look, colour: Float) -> None:
    """Paint eyes, brows and lips: what a face is found by."""
    x, y, z = body.standing.T
    eye, mouth = place["left_eye"], place["mouth_left"]
    front = _of(bone, "head") & (z > mouth[2] - 0.03)
    brow = front & (abs(y - eye[1] - 0.022) < 0.005) & (abs(abs(x) - eye[0]) < 0.019)
    lips = front & (abs(y - mouth[1]) < 0.009) & (abs(x) < mouth[0]) & (z > mouth[2] - 0.004)
    balls = _of(bone, "eye")
    iris = balls & (np.hypot(abs(x) - eye[0], y - eye[1]) < 0.006) & (z > eye[2] - 0.012)
    colour[brow] = 0.7 * np.array(look.hair, np.float32)
    colour[lips] *= np.array([0.88, 0.62, 0.62], np.float32)
    colour[balls], colour[iris] = 235, 30


def _normals(body: Body) -> Float64:
    """(V, 3) unit normals of the rest mesh."""
    mesh, faces = body.rest.vertices, body.rest.faces
    a, b, c = (mesh[faces[:, i]] for i in range(3))
    normals = np.zeros_like(mesh)
    np.add.at(normals, faces.ravel(), np.repeat(np.cross(b - a, c - a), 3, axis=0))
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
