"""What a whole segment was like: five numbers of each column, for search and for the segment's stored vector."""

import numpy as np
from scipy.signal import find_peaks

from dancecore.types import Features, Float, Span

STATISTICS = ("mean", "variance", "peaks_per_s", "periodicity", "turns_per_s")
"""The rows of `window_statistics`."""


def window_statistics(features: Features, span: Span, prominence: float) -> Float:
    """(5, 128) float32 over the frames in `span`; all zero where fewer than three frames are.

    mean and variance of the stored (scaled) values; peaks a second that stand out by `prominence`; periodicity, the
    highest autocorrelation of the detrended column at a lag from its first fall below zero to half the span, 0..1;
    changes of direction a second that travel at least `prominence` from the last one.
    """
    lo, hi = np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])
    values = features.values[lo:hi].astype(np.float64)
    if len(values) < 3:
        return np.zeros((len(STATISTICS), values.shape[1]), np.float32)
    seconds = span.length_ns / 1e9
    rows = (
        values.mean(axis=0),
        values.var(axis=0),
        np.array([len(find_peaks(column, prominence=prominence)[0]) for column in values.T]) / seconds,
        np.array([_periodicity(column) for column in values.T]),
        np.array([_turns(column, prominence) for column in values.T]) / seconds,
    )
    return np.stack(rows).astype(np.float32)


def _periodicity(column: np.ndarray) -> float:
    """Highest normalised autocorrelation after it first falls below zero, up to half the length."""
    centred = column - column.mean()
    power = float(centred @ centred)
    if power < 1e-9:
        return 0.0
    size = len(centred)
    lags = np.arange(1, size // 2 + 1)
    raw = np.array([centred[lag:] @ centred[:-lag] for lag in lags])
    correlation = raw / power * size / (size - lags)
    below = np.flatnonzero(correlation < 0)
    return float(np.clip(correlation[below[0] :].max(), 0, 1)) if len(below) else 0.0


def _turns(column: np.ndarray, least: float) -> int:
    """How often the column turns back by at least `least` from the furthest point it had reached."""
    turns, direction = 0, 0
    low = high = float(column[0])
    for value in column:
        low, high = min(low, value), max(high, value)
        if direction >= 0 and high - value >= least:
            turns += direction > 0
            direction, low = -1, value
        elif direction <= 0 and value - low >= least:
            turns += direction < 0
            direction, high = 1, value
    return turns
