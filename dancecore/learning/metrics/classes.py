"""How well labels agree, one against one: of frames, or of spans that were cut by hand."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.errors import DanceError
from dancecore.types import Float64, IntT

Label = Hashable
"""A move id or a (move id, mirror) pair."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """counts (C, C) int64: frames of the true label (row) that were given a predicted label (column)."""

    labels: tuple[Label, ...]
    counts: IntT


def confusion(truth: Sequence[Label], predicted: Sequence[Label], labels: Sequence[Label] = ()) -> Confusion:
    """One by one, over the labels that either has, or `labels` if they are named, in the order of their text.

    Raises DanceError("INVALID_INPUT") when the two differ in length or are empty.
    """
    if len(truth) != len(predicted) or not truth:
        raise DanceError("INVALID_INPUT", f"{len(truth)} true frames and {len(predicted)} predicted; equal, above 0")
    ordered = tuple(sorted({*truth, *predicted, *labels}, key=str))
    index = {label: i for i, label in enumerate(ordered)}
    counts = np.zeros((len(ordered), len(ordered)), np.int64)
    np.add.at(counts, ([index[t] for t in truth], [index[p] for p in predicted]), 1)
    return Confusion(ordered, counts)


def frame_accuracy(table: Confusion) -> float:
    """Share of frames labelled right, 0..1."""
    return float(np.trace(table.counts) / table.counts.sum())


def class_f1(table: Confusion) -> dict[Label, float]:
    """F1 of each label over frames, 0..1; of one that neither occurs nor was predicted, 0."""
    return dict(zip(table.labels, _share(2 * np.diag(table.counts), _totals(table)).tolist(), strict=True))


def macro_f1(table: Confusion) -> float:
    """Mean of the F1 of every label that occurs in the truth or the prediction, OTHER among them."""
    totals = _totals(table)
    return float(_share(2 * np.diag(table.counts), totals)[totals > 0].mean())


def precision(table: Confusion) -> dict[Label, float]:
    """Of what was given each label, the share that has it, 0..1; 0 for a label that was never given."""
    return dict(zip(table.labels, _share(np.diag(table.counts), table.counts.sum(0)).tolist(), strict=True))


def recall(table: Confusion) -> dict[Label, float]:
    """Of what has each label, the share that was given it, 0..1; 0 for a label that nothing has."""
    return dict(zip(table.labels, _share(np.diag(table.counts), table.counts.sum(1)).tolist(), strict=True))


def top_k(truth: Sequence[Label], ranked: Sequence[Sequence[Label]], k: int) -> float:
    """Share of cases whose label is among the first k distinct ones that were ranked for them, 0..1.

    Raises DanceError("INVALID_INPUT") when the two differ in length or are empty, or k < 1.
    """
    if len(truth) != len(ranked) or not truth or k < 1:
        raise DanceError("INVALID_INPUT", f"{len(truth)} labels, {len(ranked)} rankings, k {k}: want as many, above 0")
    return float(np.mean([label in list(dict.fromkeys(order))[:k] for label, order in zip(truth, ranked, strict=True)]))


def _totals(table: Confusion) -> IntT:
    return np.asarray(table.counts.sum(0) + table.counts.sum(1))


def _share(part: IntT, whole: IntT) -> Float64:
    """part / whole, 0 where there is nothing."""
    return np.asarray(part / np.maximum(whole, 1))
