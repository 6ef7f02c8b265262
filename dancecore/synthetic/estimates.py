"""Numbers estimated from values of which not all are known: NaN where they are not."""

from collections.abc import Sequence

import numpy as np

from dancecore.synthetic.observe_settings import Parts, Turned
from dancecore.types import BoolT, Float64

NEEDED = 50
"""Values from which a number is taken; a part that has fewer gets the median of the others."""


def least_squares(causes: Float64, effect: Float64, ridge: float) -> Float64:
    """(C,) numbers with effect (...) = causes (..., C) @ numbers, drawn a little to 0; what has a NaN is left out."""
    known = np.isfinite(effect) & np.isfinite(causes).all(-1)
    x, y = causes[known], effect[known]
    return np.asarray(np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y))


def slope(cause: Float64, effect: Float64) -> float:
    """The number in -1.5..1.5 by which one array best gives the other; NaN when too little of both is known."""
    known = np.isfinite(cause) & np.isfinite(effect)
    if known.sum() < NEEDED:
        return float("nan")
    x, y = cause[known], effect[known]
    return float(np.clip((x * y).sum() / max((x * x).sum(), 1e-9), -1.5, 1.5))


def rms(values: Float64) -> float:
    """The root mean square of what is known."""
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if len(known) >= NEEDED else float("nan")


def turned(numbers: Float64) -> Turned:
    front, half, side, back = (round(float(np.nan_to_num(number)), 4) for number in numbers)
    return front, half, side, back


def parts(numbers: Sequence[float] | Float64) -> Parts:
    """Rounded; what could not be told gets the median of the rest."""
    known = np.array(numbers, np.float64)
    known[np.isnan(known)] = np.nanmedian(known) if np.isfinite(known).any() else 0.0
    return tuple(round(float(number), 3) for number in known)


def stretch(state: BoolT, step_s: float) -> float:
    """Seconds that a column of (N, D) stays true, on average; one frame if it never is."""
    begun = int((state[1:] & ~state[:-1]).sum() + state[0].sum())
    return round(step_s * max(int(state.sum()), 1) / max(begun, 1), 3)
