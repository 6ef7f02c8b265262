"""The geometry of regions."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dancecore.pose.region import about, crop, squares, to_frame, upright

CASES = {
    "standing": ((100, 200), (100, 120), (100, 200, 200, 0)),
    "lying, head to the right": ((100, 200), (180, 200), (100, 200, 200, np.pi / 2)),
    "lying, head to the left": ((100, 200), (20, 200), (100, 200, 200, -np.pi / 2)),
    "on the hands": ((0, 0), (0, 40), (0, 0, 100, np.pi)),
    "leaning": ((0, 0), (30, -40), (0, 0, 125, np.arctan2(30, 40))),
}


@pytest.mark.parametrize(("centre", "rim", "expected"), CASES.values(), ids=CASES.keys())
def test_about(centre: tuple[float, ...], rim: tuple[float, ...], expected: tuple[float, ...]) -> None:
    made = about(np.array([centre], float), np.array([rim], float), 1.25)
    np.testing.assert_allclose(made, [expected], atol=1e-9)


def test_corner_maps_to_corner() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    out = np.empty_like(image)
    crop(image, squares(64, 64)[0], out, cv2.BORDER_CONSTANT)
    np.testing.assert_array_equal(out, image)


@pytest.mark.parametrize(("border", "beyond"), [(cv2.BORDER_CONSTANT, 0), (cv2.BORDER_REPLICATE, 200)])
def test_beyond_the_frame(border: int, beyond: int) -> None:
    image, out = np.full((32, 64, 3), 200, np.uint8), np.empty((64, 64, 3), np.uint8)
    crop(image, squares(64, 32)[0], out, border)
    assert (out[:8] == beyond).all()
    assert (out[20:44] == 200).all()


REGIONS = st.tuples(st.floats(80, 120), st.floats(80, 120), st.floats(80, 250), st.floats(-np.pi, np.pi))


@given(region=REGIONS, spot=st.tuples(st.floats(70, 130), st.floats(70, 130)))
@settings(max_examples=60, deadline=None)
def test_what_is_found_in_the_crop_lies_there_in_the_frame(
    region: tuple[float, float, float, float], spot: tuple[float, float]
) -> None:
    y, x = np.mgrid[:200, :200]
    bump = 255 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * 6**2))
    out = np.empty((256, 256, 3), np.uint8)
    where = np.array([region])
    crop(np.repeat(bump[..., None], 3, 2).astype(np.uint8), where[0], out, cv2.BORDER_CONSTANT)
    weight = out[..., 0].astype(float) ** 2
    inside = weight[[0, -1]].sum() + weight[:, [0, -1]].sum() == 0 and weight.sum() > 0
    if inside:
        v, u = np.mgrid[:256, :256]
        found = np.array([[[(u * weight).sum(), (v * weight).sum()]]]) / weight.sum() / 256
        np.testing.assert_allclose(to_frame(found, where)[0, 0], spot, atol=0.25)


@given(angle=st.floats(-np.pi, np.pi))
def test_turning_keeps_lengths_and_depth(angle: float) -> None:
    vectors = np.random.default_rng(0).normal(size=(1, 5, 3))
    turned = upright(vectors, np.array([[0, 0, 1, angle]]))
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(vectors, axis=-1))
    np.testing.assert_array_equal(turned[..., 2], vectors[..., 2])


@given(st.integers(2, 4000), st.integers(2, 4000), st.integers(1, 4), st.data())
def test_whoever_is_half_a_square_tall_stands_whole_in_one(
    width: int, height: int, zoom: int, data: st.DataObject
) -> None:
    places = squares(width, height, zoom)
    half = max(width, height) / zoom / 2
    x = data.draw(st.floats(0, max(width - half, 0)))
    y = data.draw(st.floats(0, max(height - half, 0)))
    low, high = places[:, :2] - places[:, 2:3] / 2, places[:, :2] + places[:, 2:3] / 2
    ends = [min(x + half, width), min(y + half, height)]
    assert ((low <= [x + 1e-6, y + 1e-6]) & (high >= np.array(ends) - 1e-6)).all(1).any()
