"""How right a recogniser is about whole clips, which it cuts and names."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dancecore.learning import metrics
from dancecore.learning.metrics import Confusion, Counts, Interval, Label
from dancecore.learning.scores import Score, Scores, estimates, macro_f1, name
from dancecore.types import MS, OTHER, Float64, IntT

OVERLAPS = (0.10, 0.25, 0.50)
TOLERANCES_MS = (100, 200)


@dataclass(frozen=True, slots=True)
class Cutting:
    """Of one clip of `duration_ns`: the true intervals, those that were found, and how sure each of these is, 0..1.

    `unit`: who or what is drawn anew with it.
    """

    unit: str
    truth: tuple[Interval, ...]
    found: tuple[Interval, ...]
    confidence: tuple[float, ...]
    duration_ns: int


def labelled_time(cutting: Cutting) -> Cutting:
    """The clip with the time cut out of which nobody said what is danced; what was found there is neither right nor
    wrong."""
    told = [(part.start_ns, part.end_ns) for part in cutting.truth]

    def before(at: int) -> int:
        return sum(max(0, min(at, end) - start) for start, end in told)

    def cut(part: Interval) -> Interval:
        return Interval(before(part.start_ns), before(part.end_ns), part.label)

    pairs = zip(map(cut, cutting.found), cutting.confidence, strict=True)
    left = [(part, sure) for part, sure in pairs if part.start_ns < part.end_ns]
    truth = metrics.joined(map(cut, cutting.truth))
    found, confidence = [part for part, _ in left], [sure for _, sure in left]
    return Cutting(cutting.unit, tuple(truth), tuple(found), tuple(confidence), before(cutting.duration_ns))


def score_cuttings(cuttings: Sequence[Cutting]) -> Scores:
    """Scores of frames at 20 Hz, of segments, of boundaries, of the time that was named and of confidences.

    Over- and under-segmentation are `metrics.needless_and_lacking` over all clips, by their true segments.
    """
    tables, labels = _frame_tables(cuttings)
    judged = [_judged(each) for each in cuttings]
    named = np.array([metrics.coverage(each.found, each.duration_ns) for each in cuttings])
    lasts = np.array([each.duration_ns for each in cuttings], np.float64)
    scores: dict[str, Score] = {
        "frame accuracy": lambda at: metrics.frame_accuracy(Confusion(labels, tables[at].sum(0))),
        "macro-F1": lambda at: macro_f1(tables[at].sum(0), labels),
        **_of_segments(cuttings),
        "coverage": lambda at: _ratio(named[at] @ lasts[at], lasts[at].sum()),
        "ECE": lambda at: _calibration(judged, at),
    }
    if any(isinstance(label, tuple) for label in labels):  # moves have sides
        alike = np.array([[name(a) == name(b) for b in labels] for a in labels])
        scores["frame accuracy, names alone"] = lambda at: float((tables[at].sum(0) * alike).sum() / tables[at].sum())
    numbers = estimates([each.unit for each in cuttings], scores)
    pairs = [pair for each in judged for pair in each]
    reliability = metrics.reliability([sure for sure, _ in pairs], [right for _, right in pairs]) if pairs else None
    return Scores(len(cuttings), numbers, {}, Confusion(labels, tables.sum(0)), reliability)


def _of_segments(cuttings: Sequence[Cutting]) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for k in OVERLAPS:
        counts = [metrics.segment_counts(each.truth, each.found, k) for each in cuttings]
        scores[f"segment F1@{k * 100:.0f}"] = partial(_f1, counts)
    edit = np.array([metrics.edit_score(each.truth, each.found) for each in cuttings])
    scores["edit score"] = lambda at: float(edit[at].mean())
    moves = np.array([sum(part.label != OTHER for part in each.truth) for each in cuttings], np.float64)
    overlap = np.array([
        metrics.mean_segment_iou(each.truth, each.found) if count else 0.0
        for each, count in zip(cuttings, moves, strict=True)
    ])  # fmt: skip
    scores["segment IoU"] = lambda at: _ratio(overlap[at] @ moves[at], moves[at].sum())
    for ms in TOLERANCES_MS:
        ends = [(metrics.boundaries(each.truth), metrics.boundaries(each.found)) for each in cuttings]
        scores[f"boundary F1 {ms} ms"] = partial(_f1, [metrics.boundary_counts(*each, ms * MS) for each in ends])
    pieces = np.array([metrics.needless_and_lacking(each.truth, each.found) for each in cuttings], np.float64)
    scores["over-segmentation"] = lambda at: _ratio(pieces[at, 0].sum(), moves[at].sum())
    scores["under-segmentation"] = lambda at: _ratio(pieces[at, 1].sum(), moves[at].sum())
    return scores


def _frame_tables(cuttings: Sequence[Cutting]) -> tuple[IntT, tuple[Label, ...]]:
    """(clips, C, C) frames of true and found labels, and the labels."""
    labels = {part.label for each in cuttings for part in (*each.truth, *each.found)} | {OTHER}
    ordered = tuple(sorted(labels, key=str))
    tables = []
    for each in cuttings:
        true, found = (metrics.frames(parts, each.duration_ns) for parts in (each.truth, each.found))
        tables.append(metrics.confusion(true, found, ordered).counts)
    return np.stack(tables), ordered


def _judged(cutting: Cutting) -> list[tuple[float, bool]]:
    """Confidence and rightness of every move found: right when it is danced for most of that time."""
    judged = []
    for part, confidence in zip(cutting.found, cutting.confidence, strict=True):
        ends = [(t.start_ns, t.end_ns) for t in cutting.truth if t.label == part.label]
        shared = sum(max(0, min(part.end_ns, end) - max(part.start_ns, start)) for start, end in ends)
        if part.label != OTHER:
            judged.append((confidence, 2 * shared > part.end_ns - part.start_ns))
    return judged


def _calibration(judged: Sequence[Sequence[tuple[float, bool]]], at: IntT) -> float:
    pairs = [pair for i in at for pair in judged[i]]
    if not pairs:
        return float("nan")
    return metrics.reliability([sure for sure, _ in pairs], [right for _, right in pairs]).error


def _f1(counts: Sequence[Counts], at: IntT) -> float:
    return sum((counts[i] for i in at), Counts(0, 0, 0)).f1


def _ratio(part: float | Float64, whole: float | Float64) -> float:
    return float(part / whole) if whole else float("nan")
