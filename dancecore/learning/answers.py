"""How right a recogniser is about spans whose boundaries are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dancecore.learning import metrics
from dancecore.learning.metrics import Label
from dancecore.learning.scores import Score, Scores, estimates, macro_f1, name
from dancecore.types import OTHER, Float64, IntT


@dataclass(frozen=True, slots=True)
class Answer:
    """To a question about one span. `unit`: who or what is drawn anew with it; `condition`: such as the camera's yaw.

    `ranked`: labels, best first; `confidence` 0..1 of the first. Larger `known` and `unknown` are surer: of the first,
    and of the best that is not the truth, which would be first had the move not been shown (of the first, where moves
    were not shown); NaN where there is none.
    """

    unit: str
    condition: str
    truth: Label
    ranked: tuple[Label, ...]
    confidence: float
    known: float
    unknown: float

    @property
    def first(self) -> Label:
        return self.ranked[0] if self.ranked else OTHER


def score_answers(answers: Sequence[Answer]) -> Scores:
    """Accuracy, top-3, macro-F1, calibration error, open-set AUROC, and accuracy under each condition.

    The AUROC tells the scores of spans whose move is known from those that the same spans get when their move is struck
    out of the answers: exact for matching, where moves do not know of each other, kind to classifiers, which do. Where
    some moves were never taught, it tells spans of known moves from spans of those.
    """
    right = np.array([answer.first == answer.truth for answer in answers], np.float64)
    top_3 = np.array([answer.truth in answer.ranked[:3] for answer in answers], np.float64)
    sure = np.array([answer.confidence for answer in answers])
    known, unknown = (np.array([getattr(answer, name) for answer in answers]) for name in ("known", "unknown"))
    table = metrics.confusion([answer.truth for answer in answers], [answer.first for answer in answers])
    cells = _cells(answers, table.labels)
    numbers = estimates(
        [answer.unit for answer in answers],
        {
            "accuracy": lambda at: float(right[at].mean()),
            **_by_name(answers),
            "top-3": lambda at: float(top_3[at].mean()),
            "macro-F1": lambda at: macro_f1(np.bincount(cells[at], minlength=table.counts.size), table.labels),
            "ECE": lambda at: metrics.reliability(sure[at], right[at] > 0).error,
            "open-set AUROC": lambda at: _auroc(known[at], unknown[at]),
        },
    )
    reliability = metrics.reliability(sure, right > 0)
    return Scores(len(answers), numbers, _by_condition(answers, right), table, reliability)


def _by_name(answers: Sequence[Answer]) -> dict[str, Score]:
    """Where moves have sides: how often the name is right, be the side or not."""
    if not any(isinstance(answer.truth, tuple) for answer in answers):
        return {}
    named = np.array([name(answer.first) == name(answer.truth) for answer in answers], np.float64)
    return {"accuracy, names alone": lambda at: float(named[at].mean())}


def _cells(answers: Sequence[Answer], labels: Sequence[Label]) -> IntT:
    """(N,) the cell of the confusion table that each answer counts in."""
    place = {label: i for i, label in enumerate(labels)}
    return np.array([place[each.truth] * len(place) + place[each.first] for each in answers])


def _by_condition(answers: Sequence[Answer], right: Float64) -> dict[str, metrics.Estimate]:
    found: dict[str, metrics.Estimate] = {}
    conditions = list(dict.fromkeys(answer.condition for answer in answers))
    for condition in conditions if len(conditions) > 1 else []:
        own = np.array([answer.condition == condition for answer in answers])
        units = [answer.unit for answer in answers if answer.condition == condition]
        found |= estimates(units, {condition: partial(_mean, right[own])})
    return found


def _mean(values: Float64, at: IntT) -> float:
    return float(values[at].mean())


def _auroc(known: Float64, unknown: Float64) -> float:
    known, unknown = known[np.isfinite(known)], unknown[np.isfinite(unknown)]
    return metrics.auroc(known, unknown) if len(known) and len(unknown) else float("nan")
