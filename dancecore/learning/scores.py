"""What a comparison says of one recogniser: every score with the interval it may lie in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dancecore.learning import metrics
from dancecore.learning.metrics import Confusion, Estimate, Label, Reliability
from dancecore.types import Float64, IntT

Score = Callable[[IntT], float]
"""Of chosen answers, from their places; NaN where it is undefined."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Of one true label: precision, recall and F1, 0..1, and how many spans, or frames, have it."""

    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True, slots=True)
class Scores:
    """`numbers`: scores by name. `by`: the share of right answers under each condition. `confusion` and `classes` count
    spans where boundaries were given, frames where they were found."""

    questions: int
    numbers: dict[str, Estimate]
    by: dict[str, Estimate]
    confusion: Confusion
    classes: dict[Label, ClassScores] = field(init=False)
    reliability: Reliability | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", _classes(self.confusion))


def estimates(units: Sequence[str], scores: dict[str, Score]) -> dict[str, Estimate]:
    """Estimates of scores by name. `units` says of each answer (N) whose it is; units are drawn anew, whole."""
    place = np.unique(list(units), return_inverse=True)[1]
    members = [np.flatnonzero(place == unit) for unit in range(place.max() + 1)]

    def drawn(score: Score, weights: Float64) -> float:
        chosen = [np.tile(own, int(times)) for own, times in zip(members, weights, strict=True) if times]
        return float(score(np.concatenate(chosen)))

    def estimated(score: Score) -> Estimate:
        return metrics.estimate(lambda weights: drawn(score, weights), len(members))

    return {name: estimated(score) for name, score in scores.items()}


def macro_f1(cells: IntT, labels: Sequence[Label]) -> float:
    """Of the (C * C) cells of a confusion table."""
    return metrics.macro_f1(Confusion(tuple(labels), cells.reshape(len(labels), -1)))


def name(label: Label) -> Label:
    """A label without its side."""
    return label[0] if isinstance(label, tuple) else label


def _classes(table: Confusion) -> dict[Label, ClassScores]:
    precise, found, f1 = metrics.precision(table), metrics.recall(table), metrics.class_f1(table)
    counts = dict(zip(table.labels, table.counts.sum(1).tolist(), strict=True))
    return {
        label: ClassScores(precise[label], found[label], f1[label], counts[label])
        for label in table.labels
        if counts[label]
    }
