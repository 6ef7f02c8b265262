"""Intervals hold what they should, come again, and know that members of a unit belong together."""

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.learning.metrics import estimate
from dancecore.learning.scores import estimates


def test_the_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = estimate(lambda w: float(w @ values / w.sum()), 400)
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.015)
    assert found.high == pytest.approx(values.mean() + half, abs=0.015)
    assert estimate(lambda w: float(w @ values / w.sum()), 400) == found


def test_members_of_a_unit_are_drawn_together() -> None:
    right = np.repeat([1.0, 0.0], 50)
    alone = estimates([str(i) for i in range(100)], {"mean": lambda at: float(right[at].mean())})["mean"]
    by_two = estimates(["ann"] * 50 + ["bob"] * 50, {"mean": lambda at: float(right[at].mean())})["mean"]
    assert alone.high - alone.low < 0.25
    assert (by_two.low, by_two.high) == (0, 1)


def test_what_is_undefined_is_left_out() -> None:
    found = estimate(lambda w: 1.0 if w[0] else float("nan"), 3)
    assert (found.low, found.high) == (1, 1)
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        estimate(lambda w: 0.0, 0)
