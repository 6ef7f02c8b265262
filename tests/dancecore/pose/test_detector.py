"""Bodies found in whole frames."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.pose import PoseModel
from dancecore.pose.detector import detect, merge
from dancecore.types import Image

NUMBERS = settings().pose


def box(left: float, top: float, side: float) -> list[float]:
    return [left, top, left + side, top + side] + [0.0] * 8


MERGES = {
    "nothing": ([], [], []),
    "one": ([box(0, 0, 1)], [0.9], [box(0, 0, 1)]),
    "two that overlap become their mean by confidence": ([box(0, 0, 1), box(0.1, 0, 1)], [0.9, 0.6], [box(0.04, 0, 1)]),
    "two apart stay, surest first": ([box(0, 0, 1), box(5, 0, 1)], [0.6, 0.9], [box(5, 0, 1), box(0, 0, 1)]),
    "a small overlap is two": ([box(0, 0, 1), box(0.8, 0, 1)], [0.9, 0.8], [box(0, 0, 1), box(0.8, 0, 1)]),
}


@pytest.mark.parametrize(("boxes", "confidence", "expected"), MERGES.values(), ids=MERGES.keys())
def test_merge(boxes: list[list[float]], confidence: list[float], expected: list[list[float]]) -> None:
    merged = merge(np.array(boxes).reshape(-1, 12), np.array(confidence), 0.3)
    np.testing.assert_allclose(merged, np.array(expected).reshape(-1, 12), atol=1e-9)


def test_nobody_in_an_empty_frame(model: PoseModel) -> None:
    (found,) = detect([np.full((360, 640, 3), 90, np.uint8)], model, NUMBERS)
    assert found.shape == (0, 4)


def test_the_region_moves_with_the_person(model: PoseModel, squats: Image) -> None:
    canvas = np.zeros((1280, 1600, 3), np.uint8)
    left, right = canvas.copy(), canvas.copy()
    left[:, :720], right[:, 700:1420] = squats[0], squats[0]
    (a,), (b,) = detect([left, right], model, NUMBERS)
    assert b[0] - a[0] == pytest.approx(700, abs=25)
    np.testing.assert_allclose(a[1:3], b[1:3], atol=40)


def test_two_people(model: PoseModel, couple: Image) -> None:
    (found,) = detect([couple[0]], model, NUMBERS)
    assert len(found) == 2
    assert abs(found[0, 0] - found[1, 0]) == pytest.approx(720, abs=25)
