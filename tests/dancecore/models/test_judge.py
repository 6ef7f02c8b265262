"""Calibration, steady labels and the metrics of frame by frame scores."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.models.frames import UNKNOWN
from dancecore.models.judge import calibration_error, fit_temperature, judge, log_softmax, runs, steady, top1
from dancecore.types import OTHER, SECOND

LABELS = (("mv_dab", False), ("mv_dab", True), UNKNOWN)


def best_by_trying(logp: np.ndarray, switch: float) -> float:
    """The score of the best of all paths."""
    return max(
        sum(logp[t, label] for t, label in enumerate(path)) - switch * np.count_nonzero(np.diff(path))
        for path in product(range(logp.shape[1]), repeat=len(logp))
    )


@given(st.integers(0, 1000), st.floats(0, 3), st.integers(1, 6))
def test_steady_labels_are_the_best_of_all_paths(seed: int, switch: float, frames: int) -> None:
    logp = log_softmax(2 * np.random.default_rng(seed).standard_normal((frames, 3)))
    path = steady(logp, switch)
    score = logp[np.arange(frames), path].sum() - switch * np.count_nonzero(np.diff(path))
    assert score == pytest.approx(best_by_trying(logp, switch))


def test_runs_are_intervals_of_time() -> None:
    first, last = runs(np.array([1, 1, 2]), LABELS)
    assert (first.start_ns, first.end_ns, first.label) == (0, SECOND // 10, ("mv_dab", True))
    assert (last.end_ns, last.label) == (3 * SECOND // 20, OTHER)


def sure_of(labels: np.ndarray, share: float = 0.98) -> np.ndarray:
    return np.log(np.where(np.eye(3, dtype=bool)[labels], share, (1 - share) / 2)).astype(np.float32)


def test_what_is_right_scores_one_and_the_other_side_nothing() -> None:
    truth = np.repeat([0, 2, 1], 20)
    right = judge([sure_of(truth)], [truth], LABELS)
    assert [right[name] for name in ("frame_acc", "frame_F1", "seg_F1_50", "seg_IoU", "top1_acc")] == [1.0] * 5
    assert right["ECE"] == pytest.approx(0.02, abs=1e-6)
    wrong = judge([sure_of(np.repeat([1, 2, 0], 20))], [truth], LABELS)
    assert wrong["frame_acc"] == pytest.approx(1 / 3)
    assert wrong["seg_F1_50"] == wrong["seg_IoU"] == 0.0
    assert top1([sure_of(truth)], [np.repeat([0, 2, 0], 20)]) == pytest.approx(2 / 3)


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    labels = np.array([0] * 7 + [1] * 3)
    logp = sure_of(np.zeros(10, int), 0.9)
    assert calibration_error(logp, labels) == pytest.approx(0.2)


def test_a_temperature_makes_logits_as_likely_as_can_be() -> None:
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((20000, 5))
    labels = (np.exp(log_softmax(logits)).cumsum(1) > rng.random((20000, 1))).argmax(1)
    assert fit_temperature(4 * logits, labels) == pytest.approx(4, rel=0.05)
