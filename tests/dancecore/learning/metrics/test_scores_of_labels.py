"""Precision, recall, top-k, edit score and segment counts by hand, and as public implementations count them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from dancecore.errors import DanceError
from dancecore.learning import metrics
from dancecore.learning.metrics import Interval
from dancecore.types import OTHER

LABELS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=60)


def runs(labels: str) -> list[Interval]:
    """The segments of a string of labels, one frame a letter; a dot is OTHER."""
    edges = [0, *(i for i in range(1, len(labels)) if labels[i] != labels[i - 1]), len(labels)]
    return [Interval(a, b, OTHER if labels[a] == "." else labels[a]) for a, b in pairwise(edges)]


@given(st.data())
def test_as_scikit_learn_has_them(data: st.DataObject) -> None:
    truth = data.draw(LABELS)
    guess = data.draw(st.lists(st.sampled_from("abcd"), min_size=len(truth), max_size=len(truth)))
    table = metrics.confusion(truth, guess, "abcd")
    names = list("abcd")
    assert np.array_equal(table.counts, confusion_matrix(truth, guess, labels=names))
    for ours, theirs in (
        (metrics.precision, precision_score), (metrics.recall, recall_score), (metrics.class_f1, f1_score),
    ):  # fmt: skip
        expected = theirs(truth, guess, labels=names, average=None, zero_division=0)
        assert list(ours(table).values()) == pytest.approx(expected)
    assert metrics.macro_f1(table) == pytest.approx(
        f1_score(truth, guess, average="macro", labels=sorted({*truth, *guess}))
    )


@given(st.data())
def test_a_score_does_not_depend_on_what_labels_are_called(data: st.DataObject) -> None:
    truth = data.draw(LABELS)
    guess = data.draw(st.lists(st.sampled_from("abcd"), min_size=len(truth), max_size=len(truth)))
    renamed = dict(zip("abcd", data.draw(st.permutations("wxyz")), strict=True))
    tables = [
        metrics.confusion(truth, guess),
        metrics.confusion([renamed[t] for t in truth], [renamed[g] for g in guess]),
    ]
    assert metrics.macro_f1(tables[0]) == pytest.approx(metrics.macro_f1(tables[1]))
    before, after = (
        (runs("".join(each)), runs("".join(other)))
        for each, other in ((truth, guess), ([renamed[t] for t in truth], [renamed[g] for g in guess]))
    )
    assert metrics.edit_score(*before) == metrics.edit_score(*after)
    assert metrics.segment_counts(*before, 0.25) == metrics.segment_counts(*after, 0.25)


TOP = [("first", 1, 0.5), ("second", 2, 0.75), ("all", 4, 0.75)]


@pytest.mark.parametrize(("k", "share"), [pytest.param(k, share, id=name) for name, k, share in TOP])
def test_top_k(k: int, share: float) -> None:
    ranked = [["a", "b"], ["b", "b", "a"], ["c"], ["a"]]
    assert metrics.top_k(["a", "a", "c", "d"], ranked, k) == share


def test_top_k_refuses() -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        metrics.top_k(["a"], [], 1)


# Frame labels and what the evaluation of MS-TCN (github.com/yabufarha/ms-tcn, eval.py) gives for them, its background
# being the dot: edit score in per cent, and true positives, false positives, false negatives at 10, 25 and 50 %.
PUBLISHED = [
    ("....aaaabbbbcccc", "....aaaabbbbcccc", 100.0, [(3, 0, 0)] * 3),
    ("aaaabbbbcccc", "aabbbbbbcccc", 100.0, [(3, 0, 0)] * 3),
    ("aaaaaaaabbbb", "aabbaaaabbbb", 50.0, [(2, 2, 0)] * 3),
    ("aaaabbbbcccc", "aaaaccccbbbb", 100 / 3, [(1, 2, 2)] * 3),
    ("aaaaaaaaaabb", "aabbbbbbbbbb", 100.0, [(2, 0, 0), (0, 2, 2), (0, 2, 2)]),
    ("..aaaa..aaaa", "..aaaaaaaaaa", 50.0, [(1, 0, 1), (1, 0, 1), (0, 1, 2)]),
]


@pytest.mark.parametrize(("truth", "guess", "edit", "counts"), PUBLISHED)
def test_as_published(truth: str, guess: str, edit: float, counts: list[tuple[int, int, int]]) -> None:
    wanted, given = runs(truth), runs(guess)
    assert 100 * metrics.edit_score(wanted, given) == pytest.approx(edit)
    for overlap, (hits, false, missed) in zip((0.10, 0.25, 0.50), counts, strict=True):
        assert metrics.segment_counts(wanted, given, overlap) == metrics.Counts(hits, false, missed)


SPLIT = [
    ("as many", "aabb", "abbb", (0, 0)),
    ("two more", "aabb", "abab", (2, 0)),
    ("one fewer", "aabb", "aaaa", (0, 1)),
    ("other is none", "aa..", "aaaa", (0, 0)),
]


@pytest.mark.parametrize(("truth", "guess", "found"), [pytest.param(*each, id=name) for name, *each in SPLIT])
def test_needless_and_lacking(truth: str, guess: str, found: tuple[int, int]) -> None:
    assert metrics.needless_and_lacking(runs(truth), runs(guess)) == found


@given(st.text("ab.", min_size=1, max_size=30), st.text("ab.", min_size=1, max_size=30))
def test_edit_score_is_symmetric_and_between_0_and_1(a: str, b: str) -> None:
    score = metrics.edit_score(runs(a), runs(b))
    assert 0 <= score <= 1
    assert score == pytest.approx(metrics.edit_score(runs(b), runs(a)))
    assert metrics.edit_score(runs(a), runs(a)) == 1
