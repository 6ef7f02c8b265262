"""The rasteriser on triangles whose picture is known."""

import numpy as np
import pytest

from dancecore.moves.camera import Camera
from dancecore.synthetic.render import Light, Mesh, draw, floor_shadow

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
    meshes = [Mesh(vertices, faces, np.tile(np.float32(colour), (4, 1))) for (vertices, faces), colour in squares]
    return draw(meshes, CAMERA, EVEN, GREY)


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
    row = draw([Mesh(vertices, faces, colours)], CAMERA, EVEN, GREY)[24, 12:52, 0].astype(float)
    assert np.diff(row).min() >= 0
    np.testing.assert_allclose(row, np.linspace(row[0], row[-1], 40), atol=2)


@pytest.mark.parametrize(
    ("towards", "brighter"), [((0.0, 0.0, 1.0), "front"), ((0.0, 0.0, -1.0), "back")], ids=["lit", "unlit"]
)
def test_the_lit_side_is_brighter(towards: tuple[float, float, float], brighter: str) -> None:
    vertices, faces = square(0.5, 0.0)
    colours = np.full((4, 3), 200, np.float32)
    seen = draw([Mesh(vertices, faces, colours)], CAMERA, Light(0.4, towards), GREY)[24, 32, 0]
    assert seen == pytest.approx(200 * (0.4 * 0.85 + (0.6 if brighter == "front" else 0.0)), abs=2)


def test_nothing_to_draw_leaves_the_background() -> None:
    assert (draw([], CAMERA, EVEN, GREY) == 50).all()


def test_meshes_that_pierce_each_other_share_one_depth() -> None:
    """A square that leans through another is seen on one side of where they meet and hidden on the other."""
    flat, faces = square(0.8, 0.0)
    leaning = flat + np.float32([0, 0, 0.5]) * np.sign(flat[:, :1])
    meshes = [Mesh(at, faces, np.tile(np.float32(tint), (4, 1))) for at, tint in ((flat, RED), (leaning, GREEN))]
    image = draw(meshes, CAMERA, EVEN, GREY)
    assert (image[24, 16:30, 0] > 150).all()
    assert (image[24, 36:48, 1] > 150).all()


SQUARES = {
    "one in the middle": [(0.0, 0.0)],
    "one aside": [(0.5, -0.3)],
    "two apart": [(-0.5, 0.4), (0.7, -0.5)],
}


@pytest.mark.parametrize("turned", [False, True], ids=["face up", "face down"])
@pytest.mark.parametrize("places", SQUARES.values(), ids=list(SQUARES))
def test_the_shadow_lies_where_light_is_kept_off(places: list[tuple[float, float]], turned: bool) -> None:
    """Level squares a metre above the floor, 0.8 m wide: their shadows lie against the lamp."""
    above = Camera(160, 160, pitch=60.0, distance=4.0, target=(0.0, 0.0, 0.0))
    corners, faces = square(0.4, 0.0, turned)
    level = corners[:, [0, 2, 1]] * np.float32([1, 1, -1])
    meshes = [Mesh(level + np.float32([x, 1, z]), faces, np.zeros((4, 3), np.float32)) for x, z in places]
    left = floor_shadow(meshes, above, Light(0.5, (0.6, 0.8, 0.0)))
    for x, z in places:
        dark, bright = above.project(np.array([[x - 0.75, 0.0, z], [x + 0.25, 0.0, z]])).round().astype(int)
        assert left[dark[1], dark[0]] < 0.15
        assert left[bright[1], bright[0]] > 0.85
    assert 0.75 < (1 - left).sum() / (len(places) * _ground_px(above)) < 1.25


def _ground_px(camera: Camera) -> float:
    """Pixels that a level square, 0.8 m wide, covers in the middle of the floor."""
    corners = square(0.4, 0.0)[0].astype(float)[:, [0, 2, 1]]
    x, y = camera.project(corners).T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)
