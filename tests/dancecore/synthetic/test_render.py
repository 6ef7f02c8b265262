"""The rasteriser on triangles whose picture is known."""

import numpy as np
import pytest

from dancecore.moves.camera import Camera
from dancecore.synthetic.render import Light, draw, floor_shadow

CAMERA = Camera(64, 48, distance=2.0, fov=2 * np.degrees(np.arctan(0.5)), target=(0.0, 0.0, 0.0))
"""Two metres away the picture is 2 m high: a metre is 24 pixels."""

EVEN = Light(1.0, (0.0, 0.0, 1.0))
GREY = np.full((48, 64, 3), 50, np.float32)
RED, GREEN = (200.0, 0.0, 0.0), (0.0, 200.0, 0.0)


def square(size: float, z: float, turned: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A square of this half side about the axis, facing the camera or away from it."""
    corners = size * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) + [0, 0, z]
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return corners.astype(np.float32), (faces[:, ::-1] if turned else faces).astype(np.int32)


def picture(*squares: tuple[tuple[np.ndarray, np.ndarray], tuple[float, float, float]]) -> np.ndarray:
    vertices = np.concatenate([mesh[0] for mesh, _ in squares])
    faces = np.concatenate([mesh[1] + 4 * i for i, (mesh, _) in enumerate(squares)])
    colours = np.concatenate([np.tile(np.float32(colour), (4, 1)) for _, colour in squares])
    return draw(vertices, faces.astype(np.int32), colours, CAMERA, EVEN, GREY)


def test_a_square_covers_exactly_its_pixels() -> None:
    image = picture((square(0.5, 0.0), RED))
    covered = (image[..., 0] > 150) & (image[..., 1] < 30)
    want = np.zeros((48, 64), bool)
    want[12:36, 20:44] = True
    np.testing.assert_array_equal(covered, want)
    assert (image[~want] == 50).all()


def test_half_covered_pixels_are_half_as_strong() -> None:
    image = picture((square(0.5 + 0.5 / 24, 0.0), RED)).astype(float)
    assert image[24, 19] == pytest.approx((image[24, 30] + 50) / 2, abs=1)


@pytest.mark.parametrize("near_first", [True, False], ids=["near drawn first", "near drawn last"])
def test_the_nearer_hides_the_farther(near_first: bool) -> None:
    near, far = (square(0.3, 0.5), RED), (square(0.8, -0.5), GREEN)
    image = picture(near, far) if near_first else picture(far, near)
    assert image[24, 32, 0] > 150
    assert image[24, 32, 1] < 30
    assert image[24, 45, 1] > 150


def test_backs_are_not_drawn() -> None:
    assert (picture((square(0.5, 0.0, turned=True), RED)) == 50).all()


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    assert (picture((square(0.5, 3.0), RED)) == 50).all()


def test_parts_beyond_the_edge_are_cut() -> None:
    assert (picture((square(5.0, 0.0), RED))[..., 0] > 150).all()


def test_colours_run_smoothly_between_corners() -> None:
    vertices, faces = square(0.9, 0.0)
    colours = np.array([[0, 0, 0], [200, 0, 0], [200, 0, 0], [0, 0, 0]], np.float32)
    row = draw(vertices, faces, colours, CAMERA, EVEN, GREY)[24, 12:52, 0].astype(float)
    assert np.diff(row).min() >= 0
    np.testing.assert_allclose(row, np.linspace(row[0], row[-1], 40), atol=2)


@pytest.mark.parametrize(
    ("towards", "brighter"), [((0.0, 0.0, 1.0), "front"), ((0.0, 0.0, -1.0), "back")], ids=["lit", "unlit"]
)
def test_the_lit_side_is_brighter(towards: tuple[float, float, float], brighter: str) -> None:
    vertices, faces = square(0.5, 0.0)
    colours = np.full((4, 3), 200, np.float32)
    seen = draw(vertices, faces, colours, CAMERA, Light(0.4, towards), GREY)[24, 32, 0]
    assert seen == pytest.approx(200 * (0.4 * 0.85 + (0.6 if brighter == "front" else 0.0)), abs=2)


def test_the_shadow_lies_where_light_is_kept_off() -> None:
    above = Camera(160, 160, pitch=60.0, distance=4.0, target=(0.0, 0.0, 0.0))
    cloud = np.random.default_rng(0).uniform(-0.2, 0.2, (4000, 3)).astype(np.float32) + np.float32([0, 1, 0])
    left = floor_shadow(cloud, above, Light(0.5, (0.6, 0.8, 0.0)))
    at = above.project(np.array([[-0.75, 0.0, 0.0], [0.75, 0.0, 0.0]])).round().astype(int)
    assert left[at[0, 1], at[0, 0]] < 0.3
    assert left[at[1, 1], at[1, 0]] == pytest.approx(1.0)
