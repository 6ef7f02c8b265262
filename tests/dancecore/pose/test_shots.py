"""Cuts are found, and what is none is not taken for one."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.pose.shots import Shots
from dancecore.types import Image

NUMBERS = settings().pose
RNG = np.random.default_rng(3)


def scene(seed: int) -> Image:
    """(180, 320, 3): a still scene of blocks."""
    blocks = np.random.default_rng(seed).integers(30, 200, (9, 16, 3), np.uint8)
    return blocks.repeat(20, 0).repeat(20, 1)


def moving(n: int) -> list[Image]:
    """A dancer's worth of a scene goes across it, a tenth of the width a frame."""
    out = []
    for i in range(n):
        image = scene(0).copy()
        left = 32 * (i % 9)
        image[40:170, left : left + 40] = 250
        out.append(image)
    return out


FLASH = [np.clip(scene(0).astype(int) * f, 0, 255).astype(np.uint8) for f in (1, 1, 1.25, 1, 0.5, 1)]
CASES = {
    "still": ([scene(0)] * 6, []),
    "one frame": ([scene(0)], []),
    "nothing is usual yet": ([scene(0), scene(1)], []),
    "another scene": ([scene(0)] * 5 + [scene(1)] * 5, [5]),
    "three scenes": ([scene(0)] * 3 + [scene(1)] * 3 + [scene(2)] * 3, [3, 6]),
    "a cut right after a cut": ([scene(0)] * 3 + [scene(1), scene(2), scene(2)], [3, 4]),
    "to black and back": ([scene(0)] * 3 + [scene(0) * 0] * 3 + [scene(0)] * 3, [3, 6]),
    "a flash": (FLASH, []),
    "noise": ([np.clip(scene(0) + RNG.normal(0, 8, (180, 320, 3)), 0, 255).astype(np.uint8) for _ in range(6)], []),
    "fast motion": (moving(30), []),
}


@pytest.mark.parametrize(("images", "cuts"), CASES.values(), ids=CASES.keys())
def test_begins(images: list[Image], cuts: list[int]) -> None:
    shots = Shots(NUMBERS)
    assert [i for i, image in enumerate(images) if shots.begins(image)] == cuts
