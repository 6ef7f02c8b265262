"""Places look the same from wherever they are seen, and change only where something moves."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves.camera import Camera, CameraPath, still
from dancecore.synthetic.backdrop import Backdrop, Spot, around, draw_backdrop
from dancecore.synthetic.raycast import paint
from dancecore.synthetic.textures import Surface
from dancecore.types import Float

NUMBERS = settings().synthetic.scene.place
GREY, WHITE, GREEN = (120.0, 120.0, 120.0), (240.0, 240.0, 240.0), (20.0, 160.0, 20.0)
ROOM = Backdrop(
    kind="room", wall=Surface("flat", GREEN, GREEN, 1.0), floor=Surface("checks", GREY, WHITE, 4.0), depth_m=3.0,
    high_m=2.5, turn=20.0, scroll=0.0, even=1.0, spots=(), haze_m=1e6, seed=3,
)  # fmt: skip
CAMERA = Camera(320, 240, pitch=15.0, distance=4.0)


def moving(frames: int = 4) -> CameraPath:
    """Walks around by 30 degrees."""
    cameras = [replace(CAMERA, yaw=float(yaw)) for yaw in np.linspace(-15, 15, frames)]
    rotation, centre = (np.stack([each.rotation() for each in cameras]), np.stack([each.centre for each in cameras]))
    return CameraPath(320, 240, rotation, centre, np.full(frames, CAMERA.focal_px))


def first(backdrop: Backdrop, camera: Camera = CAMERA) -> Float:
    return next(paint(backdrop, still(camera, 1), np.zeros(1)))


def test_the_floor_lies_still_under_a_moving_camera() -> None:
    """The middle of each metre-wide check has its colour in every frame, wherever it is seen."""
    path, cells = moving(), np.arange(-2, 2) + 0.5
    turn = np.radians(ROOM.turn)
    x, z = (part.ravel() for part in np.meshgrid(cells, cells))
    world = np.stack([x * np.cos(turn) + z * np.sin(turn), 0 * x, z * np.cos(turn) - x * np.sin(turn)], axis=1)
    light = (np.floor(x) + np.floor(z)) % 2 == 1
    found = 0
    for f, image in enumerate(paint(ROOM, path, np.arange(4) / 4)):
        xy = path.frame(f).project(world).round().astype(int)
        inside = ((xy >= 2) & (xy < [318, 238])).all(1)
        grey = image[xy[inside, 1], xy[inside, 0]].mean(1)
        np.testing.assert_array_equal(grey > 170, light[inside])
        found += inside.sum()
    assert found > 30


def test_walls_stand_where_they_are() -> None:
    """Along the middle column the floor ends at the wall's foot."""
    straight = replace(ROOM, turn=0.0, floor=Surface("flat", WHITE, WHITE, 1.0))
    image = first(straight)
    foot = CAMERA.project(np.array([0.0, 0.0, -3.0]))[1]
    column = image[:, 160]
    assert (column[int(foot) + 3 :, 0] > 150).all()
    assert (column[int(foot) - 30 : int(foot) - 3, 0] < 60).all()


def test_what_does_not_change_is_not_painted_again() -> None:
    pictures = list(paint(ROOM, still(CAMERA, 3), np.arange(3) / 30))
    assert pictures[0] is pictures[1] is pictures[2]


MOVERS = {
    "a screen": replace(ROOM, wall=Surface("lines", GREY, WHITE, 2.0), scroll=0.5),
    "a light": replace(ROOM, spots=(Spot((0.0, 0.0, 0.0), 0.5, (255.0, 0.0, 0.0), 1.0, 1.0, 0.25, 0.0),)),
}


@pytest.mark.parametrize("backdrop", MOVERS.values(), ids=list(MOVERS))
def test_what_moves_is_painted_again(backdrop: Backdrop) -> None:
    one, other = islice(paint(backdrop, still(CAMERA, 2), np.array([0.0, 0.5])), 2)
    assert (np.abs(one - other).max(-1) > 20).mean() > 0.02


@pytest.mark.parametrize("place", [(0.5, 0.5), (3.5, 0.0), (-2.0, -3.5)])
def test_walls_make_way_for_people(place: tuple[float, float]) -> None:
    """Whoever would stand beyond a wall has floor under the feet."""
    wide = around(replace(ROOM, floor=Surface("flat", WHITE, WHITE, 1.0)), np.array([place, (0.0, 0.0)]))
    camera = Camera(320, 240, pitch=60.0, distance=4.0, target=(place[0], 0.0, place[1]))
    assert (first(wide, camera)[118:122, 158:162] > 150).all()
    assert wide.depth_m >= ROOM.depth_m
    assert around(ROOM, np.zeros((1, 2))) == ROOM


def test_a_light_falls_where_it_says() -> None:
    lit, plain = (first(replace(ROOM, spots=spots)) for spots in (
        (Spot((1.0, 0.0, 0.5), 0.3, (255.0, 0.0, 0.0), 0.3, 0.0, 0.2, 0.0),), ()))  # fmt: skip
    turn, gain = np.radians(ROOM.turn), lit[..., 0] - plain[..., 0]
    place = np.array([np.cos(turn) + 0.5 * np.sin(turn), 0.0, 0.5 * np.cos(turn) - np.sin(turn)])
    row, column = np.unravel_index(gain.argmax(), gain.shape)
    np.testing.assert_allclose([column, row], CAMERA.project(place), atol=14)
    np.testing.assert_allclose(lit[..., 1], plain[..., 1], atol=0.01)


def test_a_plain_place_is_plain() -> None:
    image = first(replace(ROOM, kind="plain", wall=ROOM.wall, floor=ROOM.wall, depth_m=20.0, high_m=100.0))
    assert image.reshape(-1, 3).std(0).max() < 4
    np.testing.assert_allclose(image.mean((0, 1)), GREEN, rtol=0.05)


@pytest.mark.parametrize("seed", range(30))
def test_every_place_that_is_drawn_can_be_painted(seed: int) -> None:
    backdrop = draw_backdrop(np.random.default_rng(seed), NUMBERS)
    pictures = [paint(backdrop, moving(2), np.array([0.0, 0.5])) for _ in range(2)]
    for one, again in zip(*pictures, strict=True):
        np.testing.assert_array_equal(one, again)
        assert one.shape == (240, 320, 3)
        assert one.dtype == np.float32
        assert one.min() >= 0
        assert one.max() <= 255
        assert backdrop.kind == "plain" or one.std() > 3
