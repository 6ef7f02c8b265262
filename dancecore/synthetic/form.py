"""A body in the T-pose, measured: what clothes are cut on.

A region of the body is a field (V,): metres inside its border, negative outside.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter1d

from dancecore import skeleton
from dancecore.synthetic.body import T_POSE, Body
from dancecore.synthetic.rig import Int32, thinned
from dancecore.types import BoolT, Float64, IntT

ANGLES = np.arange(36) * 2 * np.pi / 36
"""Of an outline's points around the body, from its left (+x) to its front (+z)."""


@dataclass(frozen=True, slots=True)
class Form:
    """One body's measures.

    points, normals (V, 3); faces (N, 3); weights (V, B) over `bones`; `part` (V,) the bone that moves each vertex
    most, by its number; `joint` and `head` where landmarks and bones' heads are, (3,) metres; `blur` (V, V) averages
    neighbours.
    """

    points: Float64
    normals: Float64
    faces: Int32
    weights: Float64
    bones: tuple[str, ...]
    part: IntT
    joint: dict[str, Float64]
    head: dict[str, Float64]
    blur: sparse.csr_array

    def of(self, *stems: str) -> BoolT:
        """(V,) whether a bone whose name starts so moves the vertex most."""
        return np.array([name.startswith(stems) for name in self.bones])[self.part]

    def up(self, share: float) -> float:
        """Height, metres, of a share of the way from the hips (0) to the shoulders (1)."""
        return float((1 - share) * self.joint["left_hip"][1] + share * self.joint["left_shoulder"][1])

    def down(self, share: float) -> float:
        """Height, metres, of a share of the way from the hips (0) to the ankles (1)."""
        return float((1 - share) * self.joint["left_hip"][1] + share * self.joint["left_ankle"][1])

    def out(self, share: float) -> float:
        """Distance from the body's middle, metres, of a share of the way from the shoulder (0) to the wrist (1)."""
        return float((1 - share) * self.joint["left_shoulder"][0] + share * self.joint["left_wrist"][0])


def measure(body: Body) -> Form:
    """The form of this body, its mesh thinned to what pictures show."""
    placed = body.transforms(T_POSE)
    rest, (kept, faces) = body.rest, thinned()
    weights = np.zeros((len(kept), len(rest.bones)))
    np.add.at(weights, (np.arange(len(kept))[:, None], rest.index[kept]), rest.weights[kept])
    heads = np.einsum("bij,bj->bi", placed[0], np.c_[rest.heads, np.ones(len(rest.heads))])
    points = body.standing[kept].astype(np.float64)
    return Form(
        points=points,
        normals=_normals(points, faces),
        faces=faces,
        weights=weights,
        bones=rest.bones,
        part=weights.argmax(1),
        joint=dict(zip(skeleton.JOINTS, body.points(placed)[0], strict=True)),
        head=dict(zip(rest.bones, heads, strict=True)),
        blur=_blur(faces, len(points)),
    )


def _normals(vertices: Float64, faces: Int32) -> Float64:
    """(V, 3) unit normals, each the mean over the faces around, by area."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    total = np.zeros_like(vertices)
    np.add.at(total, faces.ravel(), np.repeat(np.cross(b - a, c - a), 3, axis=0))
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def _blur(faces: Int32, count: int) -> sparse.csr_array:
    """(V, V): the mean of each vertex and its neighbours."""
    pairs = np.concatenate([faces[:, [i, (i + 1) % 3]] for i in range(3)])
    rows, cols = np.concatenate([pairs, pairs[:, ::-1], np.arange(count)[:, None].repeat(2, 1)]).T
    linked = sparse.csr_array((np.ones(len(rows)), (rows, cols)), shape=(count, count)).sign()
    return sparse.csr_array(sparse.diags_array(1 / linked.sum(1)) @ linked)


def outline(form: Form, part: BoolT, heights: Float64) -> Float64:
    """(Y, A): radius of the convex outline, at each of ANGLES about the body's vertical axis, of the `part` (V,) of the
    skin cut through at each height (Y,), metres.

    An outline is known by how far it reaches in each direction, its support function h: its point with that normal is
    h n + h' t (Schneider 2013, section 1.7).
    """
    way = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)
    across = np.stack([-way[:, 1], way[:, 0]], 1)
    points = form.points - form.joint["left_hip"] * [0, 0, 1]
    edges = np.concatenate([form.faces[part[form.faces].all(1)][:, [i, (i + 1) % 3]] for i in range(3)])
    low, high = points[edges[:, 0]], points[edges[:, 1]]
    radii = []
    for height in heights:
        cut = (low[:, 1] <= height) & (high[:, 1] > height)
        share = (height - low[cut, 1]) / (high[cut, 1] - low[cut, 1])
        level = (low[cut] + share[:, None] * (high[cut] - low[cut]))[:, [0, 2]]
        support = gaussian_filter1d((level @ way.T).max(0), 1.0, mode="wrap")
        slope = (np.roll(support, -1) - np.roll(support, 1)) / (2 * ANGLES[1])
        x, z = (support[:, None] * way + slope[:, None] * across).T
        angle = np.arctan2(z, x) % (2 * np.pi)
        order = angle.argsort()
        radii.append(np.interp(ANGLES, angle[order], np.hypot(x, z)[order], period=2 * np.pi))
    return np.array(radii)
