"""Textures repeat without a seam and show the colours they are given."""

from typing import get_args

import numpy as np
import pytest

from dancecore.synthetic.textures import SIDE, Surface, Texture, noise, paint

EVERY = get_args(Texture)


@pytest.mark.parametrize("texture", EVERY)
def test_the_same_seed_gives_the_same_surface(texture: Texture) -> None:
    surface = Surface(texture, (180.0, 120.0, 90.0), (90.0, 110.0, 160.0), 1.0)
    one, again = (paint(surface, 5) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert one.shape == (SIDE, SIDE, 3)
    assert one.dtype == np.uint8


@pytest.mark.parametrize("texture", sorted({"flat", "plaster", "speckle", "grass", "curtain", "lines"}))
def test_there_is_no_seam(texture: Texture) -> None:
    """The last row meets the first, and the last column the first, as any two neighbours meet."""
    image = paint(Surface(texture, (180.0, 120.0, 90.0), (90.0, 110.0, 160.0), 1.0), 2).astype(float)
    for axis in (0, 1):
        inside = np.abs(np.diff(image, axis=axis)).mean((1 - axis, 2))
        seam = np.abs(np.take(image, 0, axis) - np.take(image, -1, axis)).mean()
        assert seam <= inside.max() * 1.05 + 1


@pytest.mark.parametrize("cells", [(4, 4), (1, 32), (128, 8), (SIDE, SIDE)])
def test_noise_is_periodic_and_bounded(cells: tuple[int, int]) -> None:
    plane = noise(np.random.default_rng(1), *cells)
    assert plane.shape == (SIDE, SIDE)
    assert np.abs(plane).max() < 1.6
    inside = np.abs(np.diff(plane, axis=0)).max()
    assert np.abs(plane[0] - plane[-1]).max() <= inside + 1e-6
