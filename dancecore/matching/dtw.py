"""Dynamic time warping of multivariate series inside a band, and the path it takes."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.types import Float, Float64, IntT

DIAGONAL, UP, LEFT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Alignment:
    """`cost`: the sum of local distances along the optimal path over its number of steps.

    path (K, 2) int64: the (query, reference) frames it pairs, one row a step, from (0, 0) to (Tq - 1, Tr - 1).
    """

    cost: float
    path: IntT


def align(query: Float, reference: Float, *, band: float = 0.12, weights: Float | None = None) -> Alignment:
    """Dependent multivariate DTW, symmetric1 step, Sakoe-Chiba band (Sakoe & Chiba 1978).

    query (Tq, D) and reference (Tr, D), finite. The local distance is the weighted L2 norm
    sqrt(sum_d w_d (q_d - r_d)^2); `weights` is (D,) or (Tq, D), not negative, and None means ones. `band` is the
    half-width as a fraction of the longer length, around the diagonal from corner to corner, counted along the longer
    series. Of equally cheap steps the diagonal is taken before the one along the query (up) before the one along the
    reference (left). The cost is divided by the number of steps, counting the pair it starts from.
    Raises DanceError("BAND_TOO_NARROW") when no path fits, DanceError("INVALID_INPUT") for empty or non-finite series.
    """
    rows, columns = _series("query", query), _series("reference", reference)
    if rows.shape[1] != columns.shape[1]:
        raise DanceError("INVALID_INPUT", f"query has {rows.shape[1]} columns, reference {columns.shape[1]}")
    low, high = band_limits(len(rows), len(columns), band)
    local = local_distances(rows, columns, _spread(weights, rows.shape), low, high)
    total, direction = accumulate(local, low, high)
    path = trace(direction)
    return Alignment(cost=float(total / len(path)), path=path)


def band_limits(rows: int, columns: int, band: float) -> tuple[IntT, IntT]:
    """First and last column (rows,) that the band leaves open in each row, both included.

    Raises DanceError("BAND_TOO_NARROW") when they leave no path of unit steps from corner to corner.
    """
    if not 0 <= band <= 1:
        raise DanceError("INVALID_INPUT", f"band must be in 0..1, not {band}")
    low, high = open_columns(rows, columns, band)
    if (low > high).any() or (low[1:] > high[:-1] + 1).any():
        raise DanceError(
            "BAND_TOO_NARROW", f"a band of {band:g} leaves no path between {rows} and {columns} frames",
            {"band": band, "query": rows, "reference": columns},
        )  # fmt: skip
    return low, high


@numba.njit(cache=True, nogil=True)
def open_columns(rows: int, columns: int, band: float) -> tuple[IntT, IntT]:
    """What `band_limits` returns, without its checks: there may be no path."""
    longer = max(rows, columns)
    slope = (columns - 1) / (rows - 1) if rows > 1 else 0.0
    reach = band * longer * (1.0 if columns >= rows else slope) if min(rows, columns) > 1 else float(longer)
    low, high = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for i in range(rows):
        low[i] = max(int(np.ceil(slope * i - reach - 1e-9)), 0)
        high[i] = min(int(np.floor(slope * i + reach + 1e-9)), columns - 1)
    return low, high


def _series(name: str, values: Float) -> Float64:
    if values.ndim != 2 or 0 in values.shape:
        raise DanceError("INVALID_INPUT", f"{name} must be (T, D) with T, D > 0, not {values.shape}")
    if not np.isfinite(values).all():
        raise DanceError("INVALID_INPUT", f"{name} has values that are not finite")
    return np.ascontiguousarray(values, dtype=np.float64)


def _spread(weights: Float | None, shape: tuple[int, ...]) -> Float64:
    """The weights as (Tq, D) float64."""
    if weights is None:
        return np.ones(shape)
    if weights.shape not in (shape, shape[1:]):
        raise DanceError("INVALID_INPUT", f"weights must be {shape[1:]} or {shape}, not {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise DanceError("INVALID_INPUT", "weights must be finite and not negative")
    return np.ascontiguousarray(np.broadcast_to(weights, shape), dtype=np.float64)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})  # sums in vector registers
def local_distances(query: Float64, reference: Float64, weights: Float64, low: IntT, high: IntT) -> Float64:
    """(Tq, Tr) weighted L2 distances inside the band; what lies outside is left unset."""
    local = np.empty((len(query), len(reference)))
    for i in range(len(query)):
        for j in range(low[i], high[i] + 1):
            total = 0.0
            for d in range(query.shape[1]):
                total += weights[i, d] * (query[i, d] - reference[j, d]) ** 2
            local[i, j] = np.sqrt(total)
    return local


@numba.njit(cache=True, nogil=True)
def accumulate(local: Float64, low: IntT, high: IntT) -> tuple[float, NDArray[np.uint8]]:
    """Total cost of the cheapest path through `local` (Tq, Tr), and the step (Tq, Tr) by which it reaches each cell."""
    rows, columns = local.shape
    direction = np.empty((rows, columns), np.uint8)
    before = np.full(columns + 1, np.inf)  # one column of infinity stands left of the first
    before[0] = 0.0
    for i in range(rows):
        here = np.full(columns + 1, np.inf)
        for j in range(low[i], high[i] + 1):
            best, step = before[j], DIAGONAL
            if before[j + 1] < best:
                best, step = before[j + 1], UP
            if here[j] < best:
                best, step = here[j], LEFT
            here[j + 1] = best + local[i, j]
            direction[i, j] = step
        before = here
    return float(before[columns]), direction


@numba.njit(cache=True, nogil=True)
def trace(direction: NDArray[np.uint8]) -> IntT:
    """(K, 2): the path that ends in the last cell, from the first."""
    i, j = direction.shape[0] - 1, direction.shape[1] - 1
    path = np.empty((i + j + 1, 2), np.int64)
    k = len(path)
    while True:
        k -= 1
        path[k] = i, j
        if i == 0 and j == 0:
            return path[k:].copy()
        step = direction[i, j]
        i -= step != LEFT
        j -= step != UP
