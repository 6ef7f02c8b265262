"""Cameras: what is projected can be found again, and a moving camera is a still one in each frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.moves.camera import Camera, CameraPath, axes, still

CAMERAS = st.builds(
    Camera,
    width=st.integers(64, 1000),
    height=st.integers(64, 1000),
    yaw=st.floats(-180, 180),
    pitch=st.floats(-80, 80),
    roll=st.floats(-60, 60),
    distance=st.floats(0.5, 10),
    fov=st.floats(20, 90),
)


def path_of(cameras: list[Camera]) -> CameraPath:
    """A path through cameras that share the first one's picture and lens."""
    rotation, centre = (np.stack([each.rotation() for each in cameras]), np.stack([each.centre for each in cameras]))
    focal = np.full(len(cameras), cameras[0].focal_px)
    return CameraPath(cameras[0].width, cameras[0].height, rotation, centre, focal)


PLACES = [
    ("the middle of the picture is the target", (0.0, 0.9, 0.0), (160.0, 120.0)),
    ("the dancer's left is to the right seen from the front", (0.5, 0.9, 0.0), (160 + 120 / 4, 120.0)),
    ("up in the world is up in the picture", (0.0, 1.4, 0.0), (160.0, 120 - 120 / 4)),
    ("twice as far is half as large", (1.0, 0.9, -2.0), (160 + 120 / 4, 120.0)),
]


@pytest.mark.parametrize(("place", "pixel"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_where_places_are_seen(place: tuple[float, ...], pixel: tuple[float, ...]) -> None:
    """Two metres away with a half angle whose tangent is 1: the picture is 4 m high there, 60 pixels a metre."""
    camera = Camera(320, 240, distance=2.0, fov=90.0)
    np.testing.assert_allclose(camera.project(np.array(place)), pixel, atol=1e-9)
    np.testing.assert_allclose(still(camera, 3).project(np.tile(place, (3, 1, 1)))[2, 0], pixel, atol=1e-9)


@given(camera=CAMERAS, u=st.floats(-1, 1), v=st.floats(-1, 1), depth=st.floats(0.2, 20))
def test_a_pixel_and_its_depth_lead_back_to_the_place(camera: Camera, u: float, v: float, depth: float) -> None:
    pixel = np.array([camera.width, camera.height]) / 2 * (1 + np.array([u, v]))
    ray = np.append((pixel - np.array([camera.width, camera.height]) / 2) / camera.focal_px, 1.0)
    place = camera.centre + depth * ray @ camera.rotation()
    np.testing.assert_allclose(camera.project(place), pixel, atol=1e-6)


@given(yaw=st.floats(-720, 720), pitch=st.floats(-90, 90), roll=st.floats(-360, 360))
def test_axes_are_a_right_handed_frame(yaw: float, pitch: float, roll: float) -> None:
    turned = axes(np.array(yaw), np.array(pitch), np.array(roll))
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)


@given(cameras=st.lists(CAMERAS, min_size=1, max_size=5), seed=st.integers(0, 99))
def test_a_path_is_its_cameras_frame_by_frame(cameras: list[Camera], seed: int) -> None:
    path = path_of(cameras)
    world = np.random.default_rng(seed).normal(0, 1, (len(cameras), 7, 3))
    seen, pixels = path.see(world), path.project(world)
    for number in range(len(path)):
        camera = path.frame(number)
        np.testing.assert_allclose(camera.rotation(), path.rotation[number], atol=1e-7)
        np.testing.assert_allclose(camera.centre, path.centre[number], atol=1e-7)
        assert camera.focal_px == pytest.approx(path.focal_px[number])
        np.testing.assert_allclose(camera.see(world[number]), seen[number], atol=1e-6)
        clear = seen[number, :, 2] > 0.1
        np.testing.assert_allclose(camera.project(world[number])[clear], pixels[number][clear], rtol=1e-5, atol=1e-3)


def test_what_is_behind_is_nowhere() -> None:
    camera = Camera(320, 240, distance=1.0)
    behind, ahead = (0.0, 0.9, 2.0), (0.0, 0.9, -2.0)
    world = np.array([[behind, ahead]])
    assert np.isnan(camera.project(world[0, 0])).all()
    nowhere = np.isnan(still(camera, 1).project(world))
    np.testing.assert_array_equal(nowhere, [[[True, True], [False, False]]])


def test_a_path_of_unequal_parts_is_refused() -> None:
    path = still(Camera(320, 240), 4)
    with pytest.raises(DanceError, match="centre must be"):
        CameraPath(320, 240, path.rotation, path.centre[:3].copy(), path.focal_px)
