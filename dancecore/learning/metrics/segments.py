"""How well predicted segments agree with the true ones. A label is a move id or a (move id, mirror) pair."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.learning.metrics.classes import Label
from dancecore.types import OTHER, SECOND, Segment


@dataclass(frozen=True, slots=True)
class Interval:
    """A labelled window [start_ns, end_ns)."""

    start_ns: int
    end_ns: int
    label: Label


@dataclass(frozen=True, slots=True)
class Counts:
    """True positives, false positives and false negatives; those of several clips add up."""

    hits: int
    false: int
    missed: int

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.hits + other.hits, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0..1; 1 when there was nothing to find and nothing was found."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0


def intervals(segments: Iterable[Segment], *, mirror: bool = False) -> list[Interval]:
    """Segments as intervals labelled by move, or with `mirror` by (move, mirror); OTHER has no side."""
    return [
        Interval(s.start_ns, s.end_ns, (s.move_id, s.mirror) if mirror and s.move_id != OTHER else s.move_id)
        for s in segments
    ]


def joined(parts: Iterable[Interval]) -> list[Interval]:
    """Intervals in order of time; those of one label that follow each other without a gap are one."""
    whole: list[Interval] = []
    for part in sorted(parts, key=lambda each: each.start_ns):
        if whole and whole[-1].label == part.label and whole[-1].end_ns == part.start_ns:
            part = replace(whole.pop(), end_ns=part.end_ns)
        whole.append(part)
    return whole


def frames(labelled: Iterable[Interval], duration_ns: int, *, rate_hz: int = 20) -> list[Label]:
    """The label at every frame of a clip, at 0, 1/rate_hz ... before `duration_ns`; OTHER where there is none."""
    count = -(-duration_ns * rate_hz // SECOND)
    labels: list[Label] = [OTHER] * count
    for part in labelled:
        first, end = (-(-at * rate_hz // SECOND) for at in (part.start_ns, part.end_ns))
        for k in range(max(first, 0), min(end, count)):
            labels[k] = part.label
    return labels


def segment_counts(truth: Sequence[Interval], predicted: Sequence[Interval], overlap: float = 0.5) -> Counts:
    """Segments found, for F1@k (Lea et al. 2017, "Temporal Convolutional Networks", section 4.1).

    A prediction, taken in order of time, is a hit when its best overlap (intersection over union) with a true segment
    of its label is at least `overlap` and that segment was not hit before. OTHER is background: it is neither found
    nor missed.
    """
    truth, predicted = _moves(truth), _moves(predicted)
    shared = _overlaps(truth, predicted)
    taken: set[int] = set()
    for row in shared:
        best = int(row.argmax()) if len(row) else 0
        if len(row) and row[best] >= overlap and best not in taken:
            taken.add(best)
    return Counts(hits=len(taken), false=len(predicted) - len(taken), missed=len(truth) - len(taken))


def mean_segment_iou(truth: Sequence[Interval], predicted: Sequence[Interval]) -> float:
    """Mean over the true segments of the best overlap with a prediction of the same label, 0..1; OTHER is left out.

    Raises DanceError("INVALID_INPUT") when the truth has no move.
    """
    truth = _moves(truth)
    if not truth:
        raise DanceError("INVALID_INPUT", "the truth has no segment but OTHER: its mean overlap is undefined")
    shared = _overlaps(truth, _moves(predicted))
    return float(shared.max(axis=0).mean()) if len(shared) else 0.0


def edit_score(truth: Sequence[Interval], predicted: Sequence[Interval]) -> float:
    """How alike the order of moves is, whenever they are danced, 0..1 (Lea et al. 2017, section 4.1).

    1 less the Levenshtein distance of the two sequences of labels, neighbours of one label taken together, over the
    longer one's length; OTHER is left out. 1 when both are empty.
    """
    wanted, given = (_order(part) for part in (truth, predicted))
    longer = max(len(wanted), len(given))
    return 1 - _levenshtein(wanted, given) / longer if longer else 1.0


def needless_and_lacking(truth: Sequence[Interval], predicted: Sequence[Interval]) -> tuple[int, int]:
    """How many segments more than there are were found, and how many fewer, one of them 0; OTHER is left out.

    Summed over clips and divided by the true segments they are over- and under-segmentation: the ratio of found to
    true segments, without clips of the one kind making up for those of the other.
    """
    more = len(_moves(predicted)) - len(_moves(truth))
    return max(more, 0), max(-more, 0)


def boundary_counts(truth: Iterable[int], predicted: Iterable[int], tolerance_ns: int) -> Counts:
    """Boundaries (ns) found within the tolerance, each paired once; pairing in order of time finds the most pairs."""
    wanted, given = sorted(truth), sorted(predicted)
    hits = t = p = 0
    while t < len(wanted) and p < len(given):
        if abs(wanted[t] - given[p]) <= tolerance_ns:
            hits, t, p = hits + 1, t + 1, p + 1
        elif wanted[t] < given[p]:
            t += 1
        else:
            p += 1
    return Counts(hits, len(given) - hits, len(wanted) - hits)


def boundaries(labelled: Sequence[Interval]) -> list[int]:
    """The times (ns) at which an interval begins or ends, each once."""
    return sorted({at for part in labelled for at in (part.start_ns, part.end_ns)})


def _order(labelled: Iterable[Interval]) -> list[Label]:
    """The labels in order of time, each once where it follows itself directly in the sequence of moves and OTHER."""
    ordered = [part.label for part in sorted(labelled, key=lambda part: part.start_ns)]
    return [label for i, label in enumerate(ordered) if label != OTHER and (i == 0 or ordered[i - 1] != label)]


def _levenshtein(a: Sequence[Label], b: Sequence[Label]) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (x != y))
    return row[-1]


def _moves(labelled: Iterable[Interval]) -> list[Interval]:
    return sorted((part for part in labelled if part.label != OTHER), key=lambda part: part.start_ns)


def _overlaps(truth: Sequence[Interval], predicted: Sequence[Interval]) -> NDArray[np.float64]:
    """(predicted, truth) intersection over union, 0 where the labels differ."""
    shared = np.zeros((len(predicted), len(truth)))
    for i, p in enumerate(predicted):
        for j, t in enumerate(truth):
            both = min(p.end_ns, t.end_ns) - max(p.start_ns, t.start_ns)
            if p.label == t.label and both > 0:
                shared[i, j] = both / (max(p.end_ns, t.end_ns) - min(p.start_ns, t.start_ns))
    return shared
