"""The parametric body of anny (Brégier et al. 2025; MakeHuman's CC0 mesh) at rest, in DanceApp's axes.

anny's first load on a machine builds a cache under `~/.cache/anny` (`ANNY_CACHE_DIR`), about a minute; later loads
take a second or two. `python -m dancecore.synthetic.rig` warms it.
"""

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dancecore.errors import DanceError
from dancecore.types import Float64

Int32 = NDArray[np.int32]

ADULT = 0.5
"""Ages above this are grown: anny's anchors are 1/3 a child, 2/3 a young adult, 1 old."""

MOUTH_CORNER = 11910
"""The vertex of the left corner of the mouth in the topology that `_model` loads."""

APART_M = 0.008
"""A thinned mesh keeps vertices so far apart, about a pixel, but in the face, by which people are found."""

FACE_M, DEEP_M = 0.07, 0.03
"""The face is so near to the tip of the nose and no deeper behind it: not the inside of the mouth."""

FORWARD_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Rows: x left, y up, z forward in anny's axes (x left, z up, -y forward)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Whose body it is: anny's knobs, each 0..1; `gender` 0 is male, `age` above ADULT."""

    gender: float
    age: float
    muscle: float
    weight: float
    height: float
    proportions: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0 <= value <= 1:
                raise DanceError("INVALID_INPUT", f"{name} of a body must be in 0..1, not {value}")
        if self.age <= ADULT:
            raise DanceError(
                "INVALID_INPUT", f"synthetic dancers are adults: age must be above {ADULT}, not {self.age}"
            )


@dataclass(frozen=True, slots=True)
class Rest:
    """A body in anny's rest pose, arms hanging outward, metres.

    vertices (V, 3) and heads (B, 3) float64; faces (N, 3) int32, counter-clockwise from outside; bones: B labels;
    parents (B,) int32, -1 for the root; weights (V, K) float64, falling along each row, over bones index (V, K) int32;
    regressors: for each key point (V,) weights that sum to 1.
    """

    vertices: Float64
    heads: Float64
    faces: Int32
    bones: tuple[str, ...]
    parents: Int32
    index: Int32
    weights: Float64
    regressors: dict[str, Float64]


@cache
def _model() -> tuple[Any, dict[str, Float64]]:
    try:
        import anny
    except ImportError as missing:
        raise DanceError("MISSING_EXTRA", "synthetic dances need anny: pip install 'danceapp[synthetic]'") from missing
    model = anny.Anny(topology="anny-notongue", skinning_method="lbs")
    points = anny.KeypointsRegressor.coco(model)
    table = dict(zip(points.labels, points.regression_weights.numpy().astype(np.float64), strict=True))
    mesh = model.template_vertices.numpy()
    twin = np.linalg.norm(mesh - mesh[MOUTH_CORNER] * [-1, 1, 1], axis=1).argmin()
    table |= {"mouth_left": np.zeros(len(mesh)), "mouth_right": np.zeros(len(mesh))}
    table["mouth_left"][MOUTH_CORNER] = table["mouth_right"][twin] = 1.0
    return model, table


def rest(shape: Shape) -> Rest:
    """The body of this shape at rest. Raises DanceError("MISSING_EXTRA") without anny."""
    import torch

    model, regressors = _model()
    with torch.no_grad():
        still = model(phenotype_kwargs=asdict(shape))
    weights = model.vertex_bone_weights.double().numpy()
    falling = np.argsort(-weights, axis=1, kind="stable")
    return Rest(
        vertices=still["rest_vertices"][0].double().numpy() @ FORWARD_UP.T,
        heads=still["rest_bone_heads"][0].double().numpy() @ FORWARD_UP.T,
        faces=model.faces.numpy().astype(np.int32),
        bones=tuple(model.bone_labels),
        parents=np.array(model.bone_parents, np.int32),
        index=np.take_along_axis(model.vertex_bone_indices.numpy(), falling, 1).astype(np.int32),
        weights=np.take_along_axis(weights, falling, 1),
        regressors=regressors,
    )


@cache
def thinned() -> tuple[Int32, Int32]:
    """Which vertices (U,) of every Rest to draw, and the faces (N, 3) between them.

    Vertices near to one of the same bone are drawn together into it: clustering (Rossignac & Borrel 1993) about
    vertices instead of in a grid. Raises DanceError("MISSING_EXTRA") without anny.
    """
    model, regressors = _model()
    mesh = model.template_vertices.double().numpy()
    index, weights = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    bone = index[np.arange(len(mesh)), weights.argmax(1)]
    behind = (mesh - regressors["nose"] @ mesh) @ FORWARD_UP.T
    face = (np.linalg.norm(behind, axis=1) < FACE_M) & (behind[:, 2] > -DEEP_M)
    near = cKDTree(mesh).query_ball_point(mesh, np.where(face, 0, APART_M))
    into = np.full(len(mesh), -1)
    for vertex, around in enumerate(near):
        if into[vertex] < 0:
            into[[other for other in around if into[other] < 0 and bone[other] == bone[vertex]]] = vertex
    faces = into[model.faces.numpy()]
    whole = (faces != np.roll(faces, 1, axis=1)).all(1)
    kept, renamed = np.unique(faces[whole], return_inverse=True)
    return kept.astype(np.int32), np.unique(renamed.reshape(-1, 3), axis=0).astype(np.int32)


if __name__ == "__main__":
    _model()
