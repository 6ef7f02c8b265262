"""What is drawn of a body's mesh, and how it is moved."""

import numpy as np
import pytest

from dancecore.synthetic.body import T_POSE, Body
from dancecore.synthetic.rig import APART_M, thinned
from dancecore.synthetic.skinning import skin


def test_thinning_keeps_the_face_and_what_is_apart(body: Body) -> None:
    """Each vertex that is left out has one of its bone within reach that is not; around the nose none is left out."""
    kept, faces = thinned()
    still = body.rest
    bone = still.index[:, 0]
    gone = np.setdiff1d(np.arange(len(still.vertices)), kept)
    assert 0.4 * len(still.vertices) < len(kept) < 0.7 * len(still.vertices)
    for vertex in gone[::97]:
        same = kept[bone[kept] == bone[vertex]]
        assert np.linalg.norm(still.vertices[same] - still.vertices[vertex], axis=1).min() < 2 * APART_M
    nose = still.regressors["nose"] @ still.vertices
    assert np.linalg.norm(still.vertices[gone] - nose, axis=1).min() > 0.02
    np.testing.assert_array_equal(np.unique(faces), np.arange(len(kept)))


def test_thinned_faces_look_outward(body: Body) -> None:
    """The volume inside them is that of the whole mesh."""
    kept, faces = thinned()
    thin, whole = (_volume(mesh, each) for mesh, each in (
        (body.standing[kept].astype(float), faces), (body.standing.astype(float), body.rest.faces)))  # fmt: skip
    assert thin == pytest.approx(whole, rel=0.02)


def _volume(mesh: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (mesh[faces[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def test_skinning_blends_transforms(body: Body) -> None:
    """As written: each vertex by the weighted mean of its bones' transforms."""
    still, frame = body.rest, body.transforms(T_POSE)[0]
    blend = np.einsum("vk,vkij->vij", still.weights, frame[still.index])
    want = np.einsum("vij,vj->vi", blend, np.c_[still.vertices, np.ones(len(still.vertices))])
    np.testing.assert_allclose(skin(still.vertices, still.index, still.weights, frame), want, atol=1e-5)
    assert (np.diff(still.weights, axis=1) <= 0).all()
