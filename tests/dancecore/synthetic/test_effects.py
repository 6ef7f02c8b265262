"""Effects spoil a picture by as much as they say, and the same way every time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.synthetic.effects import Effects, apply, draw_effects, exposure, ghosted
from dancecore.types import Image

NUMBERS = settings().synthetic.scene.effects
NONE = Effects(
    gain=1.0, tint=(1.0, 1.0, 1.0), drift=0.0, drift_frames=90.0, flicker=0.0, flicker_turns=0.2, vignette=0.0,
    read_noise=0.0, shot_noise=0.0, shutter=0.0, blur_px=0.0, scale=1.0, ghost=0.0, seed=3,
)  # fmt: skip


def grey(level: int, height: int = 90, width: int = 160) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def scene(seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (90, 160, 3)).astype(np.uint8)


def test_no_effect_changes_nothing() -> None:
    np.testing.assert_array_equal(apply(scene(), NONE, 4), scene())


@pytest.mark.parametrize(("level", "noise"), [(0, 3.0), (128, 3.0), (255, 5.0)], ids=["dark", "middle", "light"])
def test_noise_grows_with_light(level: int, noise: float) -> None:
    """Reading noise 3 and shot noise 4 at white add in squares; at black and white one half of it is cut off."""
    effects = replace(NONE, read_noise=3.0, shot_noise=4.0 if level == 255 else 0.0)
    shown = apply(grey(level, 400, 400), effects, 0).astype(float)
    share = 1.0 if level == 128 else (0.5 - 0.5 / np.pi) ** 0.5
    assert shown.std() == pytest.approx(noise * share, rel=0.06)


def test_every_frame_has_its_own_noise_and_the_same_one_again() -> None:
    effects = replace(NONE, read_noise=3.0)
    one, again, other = (apply(grey(128), effects, frame) for frame in (7, 7, 8))
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


def test_light_is_multiplied_and_tinted() -> None:
    shown = apply(grey(100), replace(NONE, gain=0.5, tint=(1.2, 1.0, 0.6)), 0)
    np.testing.assert_allclose(shown.mean((0, 1)), [60, 50, 30], atol=0.6)


def test_corners_lose_what_the_vignette_says() -> None:
    shown = apply(grey(200, 91, 161), replace(NONE, vignette=0.3), 0).astype(float)
    assert shown[45, 80, 0] == 200
    assert shown[0, 0, 0] == pytest.approx(140, abs=2)
    assert shown[0, 80, 0] == pytest.approx(170, abs=2)


def test_blur_and_scale_keep_the_mean_and_take_detail() -> None:
    fine = scene().astype(float)
    for effects in (replace(NONE, blur_px=1.0), replace(NONE, scale=0.5)):
        shown = apply(scene(), effects, 0).astype(float)
        assert shown.shape == fine.shape
        assert shown.mean() == pytest.approx(fine.mean(), abs=2)
        assert shown.std() < 0.7 * fine.std()


def test_exposure_comes_and_goes_within_its_bounds() -> None:
    effects = replace(NONE, gain=0.8, drift=0.05, flicker=0.02)
    gains = [exposure(effects, frame) for frame in range(400)]
    assert 0.8 * 0.95 * 0.98 - 1e-9 <= min(gains) < 0.8 * 0.96
    assert 0.8 * 1.04 < max(gains) <= 0.8 * 1.05 * 1.02 + 1e-9


def test_a_ghost_is_a_share_of_the_frame_before() -> None:
    np.testing.assert_array_equal(ghosted(grey(100), grey(200), replace(NONE, ghost=0.2)), grey(120))


@given(seed=st.integers(0, 2**32 - 1), light=st.floats(0.3, 1.0), frame=st.integers(0, 5000))
@hypothesis_settings(max_examples=30, deadline=None)
def test_what_is_drawn_leaves_a_picture(seed: int, light: float, frame: int) -> None:
    """No drawn effects turn light into dark: brighter surroundings stay brighter."""
    effects = draw_effects(np.random.default_rng(seed), NUMBERS, light, (1.0, 0.9, 0.8))
    halves = np.concatenate([grey(60), grey(160)], axis=1)
    shown = apply(halves, effects, frame).astype(float)
    assert shown.shape == halves.shape
    assert shown[:, 180:].mean() > 1.5 * shown[:, :140].mean()
    assert shown.mean() == pytest.approx(110 * 0.9 * exposure(effects, frame), rel=0.25)
