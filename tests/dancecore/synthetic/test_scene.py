"""Scenes follow from their seed, stay within the settings, and cut from view to view."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.synthetic.body import T_POSE
from dancecore.synthetic.framing import film
from dancecore.synthetic.scene import Scene, camera_path, draw_scene

NUMBERS = settings().synthetic.scene


def scene(seed: int, takes: int = 1) -> Scene:
    return draw_scene(np.random.default_rng(seed), NUMBERS, takes)


@given(seed=st.integers(0, 2**32 - 1), takes=st.integers(1, 3))
@hypothesis_settings(max_examples=60, deadline=None)
def test_what_is_drawn_lies_within_the_settings(seed: int, takes: int) -> None:
    drawn = scene(seed, takes)
    assert drawn == scene(seed, takes)
    assert len(drawn.views) == takes
    assert (drawn.width, drawn.height) in NUMBERS.sizes
    assert NUMBERS.crf[0] <= drawn.crf <= NUMBERS.crf[1]
    for view in drawn.views:
        assert any(low <= view.yaw <= high for low, high in (NUMBERS.view.front, NUMBERS.view.back))
        for name in ("height_m", "roll", "fov", "off_centre"):
            low, high = getattr(NUMBERS.view, name)
            assert low <= getattr(view, {"off_centre": "off_x"}.get(name, name)) <= high
    assert abs(drawn.lamp.yaw - drawn.views[0].yaw) <= NUMBERS.light.yaw[1]


def test_a_scene_can_be_written_down() -> None:
    for seed in range(40):
        assert json.loads(json.dumps(asdict(scene(seed, 2))))["views"][1]["fov"] > 0


def test_every_share_is_kept() -> None:
    drawn = [scene(seed) for seed in range(1200)]
    views = [each.views[0] for each in drawn]
    shares = {
        "from behind": (np.mean([abs(view.yaw) > 90 for view in views]), NUMBERS.view.back_share),
        "cut at the knees": (np.mean([view.crop == "knees" for view in views]), NUMBERS.view.crop_shares["knees"]),
        "held": (np.mean([view.shake_deg > 0 for view in views]), NUMBERS.view.hand_share),
        "zoomed": (np.mean([view.zoom != 1 for view in views]), NUMBERS.view.zoom_share),
        "outdoors": (np.mean([each.backdrop.kind == "outdoors" for each in drawn]), NUMBERS.place.kinds["outdoors"]),
        "with walkers": (np.mean([bool(each.walkers) for each in drawn]), NUMBERS.place.walker_share),
        "dim": (np.mean([each.effects.gain < 0.79 for each in drawn]), NUMBERS.light.dim_share),
        "blurred": (np.mean([each.effects.blur_px > 0 for each in drawn]), NUMBERS.effects.blur_share),
        "with a prop in front": (np.mean([any(p.towards > 0.2 for p in each.props) for each in drawn]),
                                 NUMBERS.props.front_share),
    }  # fmt: skip
    for name, (found, wanted) in shares.items():
        assert found == pytest.approx(wanted, abs=0.035), name


def test_each_take_is_filmed_by_its_view() -> None:
    drawn, seconds = scene(3, 3), np.arange(60) / 30
    take = np.repeat([0, 1, 2], 20)
    joints = np.tile(stick.joints(T_POSE), (2, 60, 1, 1))
    path = camera_path(drawn, joints, take, seconds)
    assert len(path) == 60
    for number, view in enumerate(drawn.views):
        part = take == number
        alone = film(view, drawn.width, drawn.height, joints[:, part], seconds[part])
        np.testing.assert_array_equal(path.centre[part], alone.centre)
        np.testing.assert_array_equal(path.rotation[part], alone.rotation)


def test_the_lamp_shines_from_where_it_hangs() -> None:
    towards = np.array(scene(1).lamp.light().towards)
    lamp = scene(1).lamp
    assert np.linalg.norm(towards) == pytest.approx(1)
    assert np.degrees(np.arcsin(towards[1])) == pytest.approx(lamp.pitch)
    assert np.sin(np.arctan2(towards[0], towards[2]) - np.radians(lamp.yaw)) == pytest.approx(0, abs=1e-9)
