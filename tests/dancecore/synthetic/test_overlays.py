"""Overlays cover what they say, where they say, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.synthetic.overlays import OVERLAYS, Overlay, OverlayKind, draw_overlays, layer, progress
from dancecore.types import Image

NUMBERS = settings().synthetic.scene.props
GREEN = (20.0, 200.0, 40.0)


def covered(overlay: Overlay, width: int = 360, height: int = 640) -> tuple[Image, np.ndarray]:
    """The picture of grey with the overlay on it, and where it changed."""
    image = np.full((height, width, 3), 90, np.uint8)
    layer([overlay], width, height).over(image)
    return image, (image != 90).any(-1)


PLACES: list[tuple[OverlayKind, float, float, float]] = [
    ("caption", 0.5, 0.1, 0.05), ("sticker", 0.15, 0.3, 0.15), ("buttons", 0.9, 0.6, 0.07), ("finger", 0.03, 0.95, 0.2),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "x", "y", "size"), PLACES, ids=[case[0] for case in PLACES])
def test_it_lies_about_its_place(kind: OverlayKind, x: float, y: float, size: float) -> None:
    image, where = covered(Overlay(kind, x, y, size, GREEN, 2))
    rows, columns = np.nonzero(where)
    assert 0.002 < where.mean() < 0.12
    if kind != "finger":
        assert np.mean([rows.min(), rows.max()]) / 640 == pytest.approx(y, abs=0.03)
        assert np.mean([columns.min(), columns.max()]) / 360 == pytest.approx(x, abs=0.03)
    if kind in ("sticker", "finger"):
        assert (np.abs(image[where].astype(float) - GREEN).max(-1) < 40).mean() > 0.3


def test_dark_captions_are_letters_without_a_bar() -> None:
    bar, letters = (covered(Overlay("caption", 0.5, 0.1, 0.05, colour, 2))[1] for colour in (GREEN, (0.0, 0.0, 0.0)))
    assert letters.sum() < 0.6 * bar.sum()


def test_long_captions_stay_in_a_narrow_picture() -> None:
    _, where = covered(Overlay("caption", 0.5, 0.5, 0.3, GREEN, 2), 120, 240)
    assert not where[:, [0, -1]].any()


def test_progress_goes_from_left_to_right() -> None:
    bar = Overlay("progress", 0.0, 1.0, 0.01, GREEN, 0)
    image = np.full((100, 200, 3), 90, np.uint8)
    progress([bar], image, 0.4)
    np.testing.assert_array_equal((image[-1] == GREEN).all(-1), np.arange(200) < 80)
    assert (image[:97] == 90).all()


def test_nothing_over_a_picture_leaves_it_as_it_was() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    before = image.copy()
    layer([], 60, 40).over(image)
    progress([], image, 0.5)
    np.testing.assert_array_equal(image, before)


def test_each_kind_comes_as_often_as_it_should() -> None:
    drawn = [each.kind for seed in range(1500) for each in draw_overlays(np.random.default_rng(seed), NUMBERS)]
    for kind in OVERLAYS:
        assert drawn.count(kind) / 1500 == pytest.approx(NUMBERS.overlay_shares[kind], abs=0.03)


def test_they_leave_most_of_the_picture_free() -> None:
    """All at once, as no feed shows them."""
    sure = replace(NUMBERS, overlay_shares=dict.fromkeys(OVERLAYS, 1.0))
    for seed in range(30):
        every = draw_overlays(np.random.default_rng(seed), sure)
        assert len(every) == len(OVERLAYS)
        image = np.full((640, 360, 3), 90, np.uint8)
        layer(every, 360, 640).over(image)
        middle = (image[160:480, 90:270] != 90).any(-1)
        assert middle.mean() < 0.12
