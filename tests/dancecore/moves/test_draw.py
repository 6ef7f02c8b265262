"""The camera and the stick figure."""

from dataclasses import replace

import numpy as np
import pytest

from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.draw import EARS_APART, HEAD_RADIUS, INK, draw_pose, fitting, floor_spacing, on_the_spot, preview
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.skeleton import INDEX
from dancecore.types import Float64

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


def test_depth_says_what_hides_what(taxonomy: Taxonomy) -> None:
    """From behind, the trunk hides an arm that is held in front of it."""
    world = joints(taxonomy.moves["mv_cabbage_patch"].motion)[0]
    camera = replace(FRONT, yaw=180)
    xy, depth = camera.project(world), camera.see(world)[:, 2]
    x, y = xy[INDEX["left_wrist"]].round().astype(int)
    hidden, open_ = (np.full((320, 180, 3), 255, np.uint8) for _ in range(2))
    draw_pose(hidden, xy, np.ones(33), depth)
    draw_pose(open_, xy, np.ones(33))
    assert tuple(hidden[y, x]) == INK.back
    assert tuple(open_[y, x]) == INK.left


@pytest.mark.parametrize(("yaw", "head"), [(0, INK.paper), (180, INK.back)], ids=["front", "back"])
def test_front_and_back_of_the_head(taxonomy: Taxonomy, yaw: float, head: tuple[int, int, int]) -> None:
    camera = replace(FRONT, yaw=yaw)
    xy = camera.project(joints(taxonomy.moves["mv_spin"].motion)[0])
    image = np.full((320, 180, 3), 128, np.uint8)
    draw_pose(image, xy, np.ones(33))
    x, y = xy[[INDEX["left_ear"], INDEX["right_ear"]]].mean(axis=0).round().astype(int)
    ring = np.linalg.norm(xy[INDEX["left_ear"]] - xy[INDEX["right_ear"]]) * HEAD_RADIUS / EARS_APART
    assert tuple(image[y, x - round(ring / 2)]) == head


def everything(move: Move) -> Float64:
    beats = np.linspace(0, move.beats, 16 * move.beats + 1)
    return joints(on_the_spot(move.motion, beats)[0])


@pytest.mark.parametrize("yaw", [0, 40, -130])
def test_all_of_every_move_is_in_the_picture(taxonomy: Taxonomy, yaw: float) -> None:
    for move in taxonomy.moves.values():
        world = everything(move)
        xy = fitting(world, 200, 300, yaw).project(world)
        assert (xy > 0).all(), move.move_id
        assert (xy < [200, 300]).all(), move.move_id
        assert np.ptp(xy, axis=(0, 1)).max() > 100, move.move_id


def test_every_move_closes_on_the_spot(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        world = joints(on_the_spot(move.motion, np.array([0.25, move.beats + 0.25]))[0])
        assert np.abs(world[1] - world[0]).max() < 1e-6, move.move_id


def test_the_floor_travels_by_whole_lines(taxonomy: Taxonomy) -> None:
    motion = taxonomy.moves["mv_moonwalk"].motion
    _, drift = on_the_spot(motion, np.array([0.0, motion.beats[-1]]))
    assert drift[1] == pytest.approx([0, 0.40], abs=0.01), "the dancer goes backwards, 40 cm a phrase"
    lines = drift[1] / floor_spacing(motion)
    assert lines == pytest.approx(lines.round(), abs=1e-9)


def test_a_preview_shows_the_whole_move(taxonomy: Taxonomy) -> None:
    frames = list(preview(taxonomy.moves["mv_dab"].motion, np.linspace(0, 4, 21), FRONT))
    assert [frame.shape for frame in frames] == [(320, 180, 3)] * 21
    assert (frames[0] != frames[10]).any()
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() < 0.01, "it closes"
