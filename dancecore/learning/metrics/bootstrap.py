"""How far a score may be from what other clips, or other people, would have given."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dancecore.errors import DanceError
from dancecore.types import Float64

RESAMPLES, LEVEL, SEED = 1000, 0.95, 4
"""Intervals of 1000 resamples differ by about a tenth of their width; the seed makes a report repeatable."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score and its confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(score: Callable[[Float64], float], units: int, seed: int = SEED) -> Estimate:
    """A score with its percentile bootstrap interval (Efron & Tibshirani 1993, section 13.3).

    `score` takes how often each of the `units` (clips, or creators: what is drawn anew, whole) counts, (units,) float64
    and never all 0; all ones give the value itself. A resample of which the score is undefined (NaN) is left out; an
    interval of which all are is (NaN, NaN). Raises DanceError("INVALID_INPUT") without units.
    """
    if units < 1:
        raise DanceError("INVALID_INPUT", "there is nothing to score")
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).astype(np.float64)
    scores = np.array([score(weights) for weights in drawn])
    scores = scores[np.isfinite(scores)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(scores, [tail, 1 - tail]) if len(scores) else (np.nan, np.nan)
    return Estimate(float(score(np.ones(units))), float(low), float(high))
