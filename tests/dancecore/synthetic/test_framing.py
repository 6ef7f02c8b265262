"""The camera is where the view says, sees whom it must see, and moves as a hand does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.moves.camera import CameraPath
from dancecore.skeleton import INDEX
from dancecore.synthetic.body import T_POSE
from dancecore.synthetic.framing import CROWN_M, MARGIN, View, draw_view, film

NUMBERS = settings().synthetic.scene.view
SECONDS = np.arange(120) / 30
STILL = View(
    yaw=0.0, height_m=1.0, roll=0.0, fov=60.0, crop="whole", body_share=0.7, off_x=0.0, off_y=0.0, orbit=0.0, pan=0.0,
    zoom=1.0, follow=0.0, lag_s=0.5, shake_deg=0.0, sway_hz=NUMBERS.sway_hz, seed=1,
)  # fmt: skip
ANKLES, KNEES, HIPS = ([INDEX[f"{side}_{part}"] for side in ("left", "right")] for part in ("ankle", "knee", "hip"))


def standing(away: float = 0.0, right: float = 0.0) -> np.ndarray:
    """(1, F, 33, 3) somebody who stands with arms hanging, and in the end is `right` metres to the camera's right."""
    pose = stick.joints(T_POSE)[0]
    pose[:, 0] *= 0.3
    way = np.linspace(0, 1, len(SECONDS))[:, None, None] * np.array([right, 0.0, away])
    return (pose + way)[None]


def seen(path: CameraPath, joints: np.ndarray) -> np.ndarray:
    """(D, F, 33, 2) shares of the picture's width and height."""
    return np.stack([path.project(each) for each in joints]) / [path.width, path.height]


@given(seed=st.integers(0, 2**32 - 1), dancers=st.integers(1, 3), travel=st.floats(-2, 2), tall=st.booleans())
@hypothesis_settings(max_examples=60, deadline=None)
def test_whoever_must_be_seen_is_seen_whole(seed: int, dancers: int, travel: float, tall: bool) -> None:
    rng = np.random.default_rng(seed)
    view = replace(draw_view(rng, NUMBERS), crop="whole", body_share=0.8)
    joints = np.concatenate([standing(rng.normal(), travel) + np.array([1.2 * i, 0, 0]) for i in range(dancers)])
    share = seen(film(view, *((360, 640) if tall else (640, 360)), joints, SECONDS), joints)
    assert share.min() > MARGIN - 1e-9
    assert share.max() < 1 - MARGIN + 1e-9


@pytest.mark.parametrize("share", [0.5, 0.7, 0.85])
def test_the_body_fills_its_share(share: float) -> None:
    joints = standing()
    xy = seen(film(replace(STILL, body_share=share, fov=30.0), 360, 640, joints, SECONDS), joints)
    crown = xy[0, 0, INDEX["nose"], 1] - (CROWN_M - 0.04) / np.ptp(joints[0, 0, :, 1]) * share
    assert xy[..., 1].max() - crown == pytest.approx(share, abs=0.04)


CUTS = [("feet", KNEES, ANKLES), ("knees", HIPS, KNEES)]


@pytest.mark.parametrize(("crop", "inside", "outside"), CUTS, ids=[case[0] for case in CUTS])
def test_a_cut_picture_ends_where_it_says(crop: str, inside: list[int], outside: list[int]) -> None:
    joints = standing()
    view = replace(STILL, crop=crop, body_share=0.9)  # type: ignore[arg-type]
    down = seen(film(view, 360, 640, joints, SECONDS), joints)[..., 1]
    assert down[..., inside].max() < 1
    assert down[..., outside].min() > 1


@given(yaw=st.floats(-180, 180), height=st.floats(0.4, 1.7))
@hypothesis_settings(deadline=None)
def test_the_camera_stands_where_the_view_says(yaw: float, height: float) -> None:
    path = film(replace(STILL, yaw=yaw, height_m=height), 480, 480, standing(), SECONDS)
    x, y, z = path.centre[0] - standing()[0].reshape(-1, 3).mean(0) * [1, 0, 1]
    assert y == pytest.approx(height)
    assert np.sin(np.arctan2(x, z) - np.radians(yaw)) == pytest.approx(0, abs=0.05)


def test_a_phone_that_is_stood_up_does_not_move() -> None:
    path = film(STILL, 360, 640, standing(right=1.0), SECONDS)
    for part in (path.rotation, path.centre, path.focal_px):
        assert (part == part[0]).all()


def test_off_centre_is_where_the_body_is() -> None:
    joints = standing()
    plain, moved = (
        seen(film(replace(STILL, off_x=off, off_y=-off), 480, 480, joints, SECONDS), joints)[0, 0, HIPS].mean(0)
        for off in (0.0, 0.08)
    )
    np.testing.assert_allclose(moved - plain, [0.08, -0.08], atol=0.012)


def test_orbit_pan_and_zoom_go_as_far_as_they_say() -> None:
    joints = standing()
    path = film(replace(STILL, orbit=12.0, zoom=1.3), 480, 480, joints, SECONDS)
    way = path.centre[[0, -1]] - joints[0].reshape(-1, 3).mean(0)
    assert np.ptp(np.degrees(np.arctan2(way[:, 0], way[:, 2]))) == pytest.approx(12, abs=0.5)
    assert path.focal_px[-1] / path.focal_px[0] == pytest.approx(1.3)
    across = seen(film(replace(STILL, pan=0.1), 480, 480, joints, SECONDS), joints)[0, [0, -1]][:, HIPS, 0].mean(1)
    assert np.diff(across) == pytest.approx(0.1, abs=0.01)


def test_a_hand_follows_who_travels_but_late() -> None:
    joints = standing(right=2.0)
    stood, held = (
        seen(film(replace(STILL, follow=follow), 640, 360, joints, SECONDS), joints)[0, :, HIPS, 0].mean(0) - 0.5
        for follow in (0.0, 1.0)
    )
    assert abs(held[-1]) < abs(stood[-1]) / 2
    assert held[-1] > 0


def test_a_hand_shakes_as_much_as_it_says_and_slowly() -> None:
    seconds = np.arange(4000) / 100
    joints = np.tile(standing()[:, :1], (1, len(seconds), 1, 1))
    path = film(replace(STILL, shake_deg=0.5, seed=7), 480, 480, joints, seconds)
    ahead = path.rotation[:, 2]
    turns = np.degrees([np.arctan2(-ahead[:, 0], -ahead[:, 2]), np.arcsin(-ahead[:, 1])])
    np.testing.assert_allclose(turns.std(1), 0.5, rtol=0.15)
    power = np.abs(np.fft.rfft(turns - turns.mean(1, keepdims=True))) ** 2
    fast = np.fft.rfftfreq(len(seconds), 0.01) > 5.5
    assert power[:, fast].sum() < 0.01 * power.sum()
