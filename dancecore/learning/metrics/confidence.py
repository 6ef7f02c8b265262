"""Whether a recogniser knows how sure it may be, and when it does not know."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from dancecore.errors import DanceError
from dancecore.learning.metrics.segments import Interval
from dancecore.types import OTHER, Float64, IntT

BINS = 15
"""Of equal width, as Guo et al. have them."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram of B bins.

    edges (B + 1,); counts (B,) int64; confidence and accuracy (B,): means, NaN in empty bins.
    """

    edges: Float64
    counts: IntT
    confidence: Float64
    accuracy: Float64

    @property
    def error(self) -> float:
        """Expected calibration error, 0..1: |accuracy - confidence| averaged over bins by how full they are."""
        filled = self.counts > 0
        apart = np.abs(self.accuracy[filled] - self.confidence[filled])
        return float(apart @ self.counts[filled] / self.counts.sum())


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> Reliability:
    """How often predictions of each confidence (0..1) are right (Guo et al. 2017, "On Calibration of Modern Neural
    Networks", section 2). A bin is open below and closed above; the first is closed.

    Raises DanceError("INVALID_INPUT") when the two differ in length or are empty, or a confidence is not in 0..1.
    """
    sure, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if sure.shape != hits.shape or not len(sure) or not ((sure >= 0) & (sure <= 1)).all():
        raise DanceError("INVALID_INPUT", f"want as many confidences in 0..1 as outcomes: {sure.shape}, {hits.shape}")
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(place, weights=each, minlength=bins) / counts for each in (sure, hits)]
    return Reliability(edges, counts, *means)


def auroc(known: ArrayLike, unknown: ArrayLike) -> float:
    """Area under the ROC curve, 0..1: how often something known gets a higher score than something unknown, ties
    counting half (Mann & Whitney 1947).

    Raises DanceError("INVALID_INPUT") when either is empty.
    """
    scores = np.concatenate([np.asarray(known, np.float64), np.asarray(unknown, np.float64)])
    own = np.size(known)
    if not 0 < own < len(scores):
        raise DanceError("INVALID_INPUT", f"{own} known and {len(scores) - own} unknown; at least one of each")
    return float((rankdata(scores)[:own].mean() - (own + 1) / 2) / (len(scores) - own))


def coverage(found: Iterable[Interval], duration_ns: int) -> float:
    """Share of a clip's time that was named anything but OTHER, 0..1; the intervals do not overlap."""
    if duration_ns <= 0:
        raise DanceError("INVALID_INPUT", f"a clip of {duration_ns} ns has no time to name")
    named = sum(min(each.end_ns, duration_ns) - each.start_ns for each in found if each.label != OTHER)
    return min(max(named / duration_ns, 0.0), 1.0)
