"""Props are solid, stand on the floor, and keep out of the way of dancers and cameras."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.moves.camera import Camera, still
from dancecore.synthetic.body import T_POSE
from dancecore.synthetic.props import (
    CLEAR_M,
    NEAREST_M,
    PROPS,
    Prop,
    PropKind,
    draw_props,
    meshes,
)
from dancecore.synthetic.render import Mesh

NUMBERS = settings().synthetic.scene.props
CHAIR = Prop("chair", 0.4, 0.5, 30.0, 1.0, (200.0, 40.0, 40.0), (40.0, 40.0, 40.0))
PATH = still(Camera(320, 240, yaw=30.0, distance=5.0), 10)
DANCER = np.tile(stick.joints(T_POSE) * [0.3, 1, 1], (1, 10, 1, 1))


@pytest.mark.parametrize("kind", PROPS)
def test_props_are_solid_and_stand_on_the_floor(kind: PropKind) -> None:
    """Every part's faces look outward: the tetrahedra to its middle all have a positive volume."""
    (mesh,) = meshes([replace(CHAIR, kind=kind)], PATH, DANCER)
    assert mesh.vertices[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert 0.3 < mesh.vertices[:, 1].max() < 3
    for part in parts(mesh):
        a, b, c = (mesh.vertices[part[:, i]] - mesh.vertices[np.unique(part)].mean(0) for i in range(3))
        assert (np.einsum("ij,ij->i", a, np.cross(b, c)) > -1e-7).all()


def parts(mesh: Mesh) -> list[np.ndarray]:
    """Faces that hang together."""
    group = np.arange(len(mesh.vertices))
    for _ in range(30):
        low = group[mesh.faces].min(1)
        np.minimum.at(group, mesh.faces, low[:, None])
    return [mesh.faces[group[mesh.faces[:, 0]] == each] for each in np.unique(group[mesh.faces])]


@pytest.mark.parametrize("aside", [-0.4, 0.4])
def test_a_prop_in_front_is_between_camera_and_dancer_on_its_side(aside: float) -> None:
    (mesh,) = meshes([replace(CHAIR, aside=aside)], PATH, DANCER)
    seen, dancer = PATH.frame(0).see(mesh.vertices.mean(0).astype(float)), PATH.frame(0).see(DANCER[0, 0].mean(0))
    assert seen[2] < dancer[2] - 1
    assert np.sign(seen[0]) == np.sign(aside)


@pytest.mark.parametrize("seed", range(40))
def test_nobody_runs_into_what_is_drawn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    travel = np.linspace(0, 1, 10)[:, None, None] * rng.normal(0, 1.5, 3) * [1, 0, 1]
    joints = DANCER + travel
    sure = replace(NUMBERS, front_share=1.0, beside_share=1.0)
    for mesh in meshes(draw_props(rng, sure), PATH, joints):
        middle = (mesh.vertices.min(0) + mesh.vertices.max(0))[[0, 2]] / 2
        assert np.linalg.norm(joints[..., [0, 2]] - middle, axis=-1).min() > CLEAR_M
        assert np.linalg.norm(PATH.centre[:, [0, 2]] - middle, axis=-1).min() > NEAREST_M - 0.3


def test_a_prop_in_the_cameras_way_is_left_out() -> None:
    assert meshes([replace(CHAIR, towards=0.95, aside=0.1)], PATH, DANCER) == []
