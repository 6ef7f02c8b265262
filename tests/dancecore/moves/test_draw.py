"""The camera and the stick figure."""

import numpy as np
import pytest

from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import INK, draw_pose, preview
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX

FRONT = Camera(180, 320)


def test_what_the_camera_looks_at_is_in_the_middle() -> None:
    for yaw in (0, 45, 180):
        assert Camera(180, 320, yaw=yaw, pitch=10).project(np.array([0, 0.9, 0.0])) == pytest.approx([90, 160])


def test_the_dancers_left_is_on_the_right_of_a_front_view() -> None:
    left, up = FRONT.project(np.array([[0.5, 0.9, 0.0], [0.0, 1.4, 0.0]]))
    assert left[0] > 90
    assert up[1] < 160
    assert left[0] - 90 == pytest.approx(160 - up[1]), "pixels are square"


def test_from_behind_sides_are_exchanged() -> None:
    assert Camera(180, 320, yaw=180).project(np.array([0.5, 0.9, 0.0]))[0] < 90


def test_a_quarter_round_the_left_side_is_nearest() -> None:
    camera = Camera(180, 320, yaw=90)
    assert camera.see(np.array([0.5, 0.9, 0.0]))[2] == pytest.approx(3.0)
    assert camera.project(np.array([0.0, 0.9, 0.5]))[0] < 90, "the front is to the left"


def test_what_is_behind_the_camera_is_nowhere() -> None:
    assert np.isnan(FRONT.project(np.array([0.0, 0.9, 9.0]))).all()


def test_left_and_right_limbs_have_their_colours(taxonomy: Taxonomy) -> None:
    xy = FRONT.project(joints(taxonomy.moves["mv_jumping_jack"].motion)[16])
    image = np.full((320, 180, 3), 255, np.uint8)
    draw_pose(image, xy, np.ones(33))
    for side, colour in (("left", INK.left), ("right", INK.right)):
        x, y = (xy[INDEX[f"{side}_shoulder"]] + xy[INDEX[f"{side}_elbow"]]) / 2
        assert tuple(image[round(y), round(x)]) == colour


def test_what_is_not_seen_is_not_drawn() -> None:
    xy = np.full((33, 2), 50.0)
    for visibility, points in ((np.zeros(33), xy), (np.ones(33), np.full((33, 2), np.nan))):
        image = np.full((100, 100, 3), 255, np.uint8)
        draw_pose(image, points, visibility)
        assert (image == 255).all()


def test_a_preview_shows_the_whole_move(taxonomy: Taxonomy) -> None:
    frames = preview(taxonomy.moves["mv_dab"].motion, FRONT, bpm=120, rate_hz=10)
    assert frames.shape == (21, 320, 180, 3)
    assert all((frame != 255).any() for frame in frames)
    assert (frames[0] != frames[10]).any()
