"""Calibration, open-set AUROC and coverage by hand, as scikit-learn has them, and within their bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from dancecore.errors import DanceError
from dancecore.learning import metrics
from dancecore.learning.metrics import Interval
from dancecore.types import OTHER

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50)


def test_calibration_error_by_hand() -> None:
    found = metrics.reliability([0.05, 0.15, 0.95, 0.95], [False, True, True, False], bins=10)
    assert found.counts.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found.error == pytest.approx((0.05 + 0.85 + 2 * 0.45) / 4)


@given(PAIRS)
def test_bins_as_scikit_learn_has_them(pairs: list[tuple[float, bool]]) -> None:
    sure, right = (np.array(values) for values in zip(*pairs, strict=True))
    found = metrics.reliability(sure, right)
    accuracy, confidence = calibration_curve(right, np.nextafter(sure, 0).clip(0), n_bins=metrics.BINS)
    filled = found.counts > 0
    assert found.accuracy[filled] == pytest.approx(accuracy)
    assert found.confidence[filled] == pytest.approx(confidence)


@given(PAIRS)
def test_calibration_error_is_bounded(pairs: list[tuple[float, bool]]) -> None:
    sure, right = (np.array(values) for values in zip(*pairs, strict=True))
    error = metrics.reliability(sure, right).error
    assert abs(sure.mean() - right.mean()) - 1e-9 <= error <= np.abs(sure - right).mean() + 1e-9
    assert metrics.reliability(right.astype(float), right).error == 0


@pytest.mark.parametrize(("sure", "right"), [([], []), ([0.5], [True, False]), ([1.5], [True])])
def test_calibration_refuses(sure: list[float], right: list[bool]) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        metrics.reliability(sure, right)


SCORES = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_auroc_as_scikit_learn_has_it(known: list[int], unknown: list[int]) -> None:
    truth = [1] * len(known) + [0] * len(unknown)
    assert metrics.auroc(known, unknown) == pytest.approx(roc_auc_score(truth, known + unknown))
    assert metrics.auroc(unknown, known) == pytest.approx(1 - metrics.auroc(known, unknown))


def test_auroc_wants_both() -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        metrics.auroc([1.0], [])


def test_coverage() -> None:
    parts = [Interval(0, 10, "a"), Interval(10, 30, OTHER), Interval(30, 50, "b")]
    assert metrics.coverage(parts, 40) == 0.5
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        metrics.coverage(parts, 0)
