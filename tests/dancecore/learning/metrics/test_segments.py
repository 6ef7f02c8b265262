"""Metrics by cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.learning import metrics
from dancecore.learning.metrics import Counts, Interval
from dancecore.types import MS, OTHER, Segment


def span(start, end, label="dab"):
    return Interval(start * MS, end * MS, label)


def test_frames_lie_on_the_grid_of_20_hz():
    labels = metrics.frames([span(100, 200), span(201, 260, "floss")], 300 * MS)
    assert labels == [OTHER, OTHER, "dab", "dab", OTHER, "floss"]


def test_frames_of_a_clip_that_ends_between_two_frames():
    assert metrics.frames([span(0, 999)], 101 * MS) == ["dab"] * 3
    assert metrics.frames([], 100 * MS) == [OTHER] * 2


TRUTH = list("aaabbbbccc")
GUESS = list("aabbbbbccd")


def test_confusion_accuracy_and_f1_by_hand():
    table = metrics.confusion(TRUTH, GUESS)
    assert table.labels == ("a", "b", "c", "d")
    assert table.counts.tolist() == [[2, 1, 0, 0], [0, 4, 0, 0], [0, 0, 2, 1], [0, 0, 0, 0]]
    assert metrics.frame_accuracy(table) == pytest.approx(0.8)
    assert metrics.class_f1(table) == pytest.approx({"a": 4 / 5, "b": 8 / 9, "c": 4 / 5, "d": 0})
    assert metrics.macro_f1(table) == pytest.approx((4 / 5 + 8 / 9 + 4 / 5 + 0) / 4)


@pytest.mark.parametrize(("truth", "guess"), [([], []), (["a"], ["a", "b"])], ids=["empty", "unequal"])
def test_confusion_refuses(truth, guess):
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        metrics.confusion(truth, guess)


A, B, C = span(0, 1000, "a"), span(1000, 2000, "b"), span(2000, 3000, "a")
SEGMENT_CASES = [
    ("all found", [A, B, C], [A, B, C], Counts(3, 0, 0)),
    ("nothing predicted", [A, B], [], Counts(0, 0, 2)),
    ("nothing to find", [], [A], Counts(0, 1, 0)),
    ("half an overlap is enough", [A], [span(0, 500, "a")], Counts(1, 0, 0)),
    ("less is not", [A], [span(0, 499, "a")], Counts(0, 1, 1)),
    ("over-segmentation is punished: the second half is false", [A], [span(0, 600, "a"), span(600, 1000, "a")],
     Counts(1, 1, 0)),
    ("the wrong label", [A], [span(0, 1000, "b")], Counts(0, 1, 1)),
    ("other is background", [A, span(1000, 2000, OTHER)], [A, span(1000, 1500, OTHER)], Counts(1, 0, 0)),
    ("two predictions for one", [A], [A, A], Counts(1, 1, 0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "guess", "counts"), [pytest.param(*values, id=name) for name, *values in SEGMENT_CASES]
)
def test_segment_counts(truth, guess, counts):
    assert metrics.segment_counts(truth, guess, 0.5) == counts


def test_f1_of_counts_adds_clips():
    assert (Counts(3, 1, 0) + Counts(0, 0, 2)).f1 == pytest.approx(6 / 9)
    assert Counts(0, 0, 0).f1 == 1


def test_mean_segment_iou():
    guess = [span(0, 500, "a"), span(1000, 2500, "b")]
    assert metrics.mean_segment_iou([A, B, C], guess) == pytest.approx((0.5 + 1000 / 1500 + 0) / 3)
    assert metrics.mean_segment_iou([A], []) == 0
    with pytest.raises(DanceError, match="undefined"):
        metrics.mean_segment_iou([span(0, 10, OTHER)], [A])


BOUNDARY_CASES = [
    ("within the tolerance", [0, 1000], [50, 900], Counts(2, 0, 0)),
    ("outside it", [0, 1000], [101, 1101], Counts(0, 2, 2)),
    ("each pairs once", [1000], [950, 1050], Counts(1, 1, 0)),
    ("in order of time", [0, 150], [100, 240], Counts(2, 0, 0)),
    ("none at all", [], [], Counts(0, 0, 0)),
]


@pytest.mark.parametrize(
    ("truth", "guess", "counts"), [pytest.param(*values, id=name) for name, *values in BOUNDARY_CASES]
)
def test_boundary_counts(truth, guess, counts):
    assert metrics.boundary_counts(truth, guess, 100) == counts


def test_boundaries_are_the_ends_once_each():
    assert metrics.boundaries([A, B]) == [0, 1000 * MS, 2000 * MS]


def test_intervals_of_segments_with_and_without_side():
    dab = Segment(0, 10, "dab", 0.9, True, ())
    other = Segment(10, 20, OTHER, 0.9, False, ())
    assert [i.label for i in metrics.intervals([dab, other])] == ["dab", OTHER]
    assert [i.label for i in metrics.intervals([dab, other], mirror=True)] == [("dab", True), OTHER]


LABELS = st.lists(st.sampled_from(["a", "b", OTHER, ("a", True)]), min_size=1, max_size=40)


@hypothesis(deadline=None)  # the machine may be busy
@given(LABELS, st.randoms(use_true_random=False))
def test_agreement_is_perfect_with_itself_and_symmetric(truth, random):
    guess = random.sample(truth, len(truth))
    table, back = metrics.confusion(truth, guess), metrics.confusion(guess, truth)
    assert metrics.macro_f1(metrics.confusion(truth, truth)) == 1
    assert metrics.macro_f1(table) == pytest.approx(metrics.macro_f1(back))
    assert np.array_equal(table.counts, back.counts.T)


TIMES = st.lists(st.integers(0, 50), unique=True, max_size=8)


@hypothesis(deadline=None)  # the machine may be busy
@given(TIMES, TIMES, st.integers(0, 10))
def test_boundary_pairs_are_as_many_as_possible(truth, guess, tolerance):
    def most(left, free):
        if not left:
            return 0
        skip = most(left[1:], free)
        return max([skip, *(1 + most(left[1:], free - {g}) for g in free if abs(g - left[0]) <= tolerance)])

    truth, guess = truth[:5], guess[:5]
    assert metrics.boundary_counts(truth, guess, tolerance).hits == most(truth, frozenset(guess))
