"""Dynamic time warping of one query with many references at once: LANES of them lie side by side.

What the compiler would do for one pair cell by cell it does here for LANES pairs in vector registers.
"""

import numba
import numpy as np

from dancecore.matching.dtw import open_columns
from dancecore.types import Float, Float64, IntT

LANES = 16
"""References side by side: one register of AVX-512, two of AVX2."""

LEAST = np.float32(1e-30)
"""Squared distances below it are rounding, maybe negative."""

CLOSE = np.float32(0.03)
"""Of the query's own part of a squared distance: below it |q|^2 - 2 q r + |r|^2 cancels more than 1e-5 allows."""

TIE = 3e-6
"""Of a cost: steps whose costs are nearer than this may be taken for each other in single precision."""

DOUBT = np.float32(1 / 1024)
"""Added to the steps of a path for each doubtful one: of fewer than 1024 steps they stay the fraction."""


@numba.njit(cache=True, nogil=True)
def lane_limits(rows: int, lengths: IntT, band: float) -> tuple[Float, Float, IntT, IntT]:
    """The band (rows, LANES) of references of these lengths (LANES,), and the first and last of any lane (rows,)."""
    low, high = np.empty((rows, LANES), np.float32), np.empty((rows, LANES), np.float32)
    first, last = np.full(rows, lengths.max()), np.zeros(rows, np.int64)
    for k in range(LANES):
        begin, end = open_columns(rows, lengths[k], band)
        low[:, k], high[:, k] = begin, end
        first, last = np.minimum(first, begin), np.maximum(last, end)
    return low, high, first, last


@numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def local(
    even: Float, odd: Float, where: IntT, own: Float, side: float, low: Float, high: Float, first: IntT, last: IntT,
    out: Float,
) -> None:  # fmt: skip
    """Set `out` to the distances (T, P, LANES) from even + side x odd (R, P, LANES), of which row where[i] is that of
    frame i, and own (T, LANES), negative where cancellation makes them doubtful, infinite outside a lane's band, low
    and high (T, LANES). Only columns first to last (T,), those that some lane's band has, are set."""
    infinity, sign = np.float32(np.inf), np.float32(side)
    for i in range(len(where)):
        # Rows by name and a comparison in place of max(): otherwise the compiler takes one lane at a time.
        summed, apart, mine, begin, end, row = even[where[i]], odd[where[i]], own[i], low[i], high[i], out[i]
        for j in range(first[i], last[i] + 1):
            column = np.float32(j)
            for k in range(LANES):
                squared = mine[k] + (summed[j, k] + sign * apart[j, k])
                squared = squared if squared > LEAST else LEAST
                distance = np.sqrt(squared)
                distance = -distance if squared < CLOSE * mine[k] else distance
                outside = (column < begin[k]) | (column > end[k])
                row[j, k] = infinity if outside else distance


@numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def nearest(local: Float, starts: IntT, ends: IntT, first: IntT, last: IntT) -> Float64:
    """(LANES, 3): least cost over path length, the start where it was found, and whether single precision leaves doubt.

    local (T, P, LANES): distances between T query frames and P frames of each reference, negative where they are
    doubtful. A window begins at each of `starts` and goes on with the first frame after the last; row i of it is open
    from column first[i] to last[i], and its lanes end in columns `ends` (LANES,). Ties as in `align`.
    """
    rows, period, _ = local.shape
    infinity, one, tie = np.float32(np.inf), np.float32(1), np.float32(TIE)
    found = np.full((LANES, 3), np.inf)
    found[:, 2] = 0
    cells = np.empty((2, last[-1] + 2, 2, LANES), np.float32)  # cost and steps side by side, of two rows
    for start in starts:
        cells[:, :, 0] = infinity
        cells[:, :, 1] = 0
        cells[0, 0, 0] = 0
        for i in range(rows):
            was, now = i % 2, 1 - i % 2
            cells[now, first[i], 0] = infinity
            column = (start + first[i]) % period
            for j in range(first[i], last[i] + 1):
                for k in range(LANES):
                    best, steps = cells[was, j, 0, k], cells[was, j, 1, k]
                    cost, count = cells[was, j + 1, 0, k], cells[was, j + 1, 1, k]
                    doubtful = (abs(cost - best) < tie * best) & (count != steps)
                    steps = count if cost < best else steps
                    best = cost if cost < best else best
                    cost, count = cells[now, j, 0, k], cells[now, j, 1, k]
                    doubtful |= (abs(cost - best) < tie * best) & (count != steps)
                    steps = count if cost < best else steps
                    best = cost if cost < best else best
                    here = local[i, column, k]
                    doubtful |= here < 0
                    cells[now, j + 1, 0, k] = best + abs(here)
                    cells[now, j + 1, 1, k] = steps + (one + DOUBT if doubtful else one)
                column += 1
                if column == period:
                    column = 0
            if i == 0:
                cells[0, 0, 0] = infinity
        for k in range(LANES):
            total, steps = cells[rows % 2, ends[k] + 1, 0, k], cells[rows % 2, ends[k] + 1, 1, k]
            cost = total / np.floor(steps)
            if cost < found[k, 0]:
                found[k, 0], found[k, 1], found[k, 2] = cost, start, steps - np.floor(steps)
    return found


@numba.njit(cache=True, nogil=True)
def search(
    even: Float, odd: Float, where: IntT, own: Float, edges: IntT, weighting: IntT, lengths: IntT, starts: IntT,
    looped: bool, both: bool, band: float,
) -> Float64:  # fmt: skip
    """(Q, 2, LANES, 3): what `nearest` finds for queries q, rows edges[q] to edges[q + 1], as they are and, with
    `both`, in the mirror, among references of `lengths` (LANES,).

    Squared distances of row r are row where[r] of even + odd (R, P x LANES), in the mirror even - odd, plus own
    (2, R, U) of `weighting` (LANES,).
    A window of a loop has the query's length and begins at any of `starts`; a sequence is one window.
    """
    columns = even.shape[1] // LANES
    shape = (len(where), columns, LANES)
    sums, differences = even.reshape(shape), odd.reshape(shape)
    found = np.full((len(edges) - 1, 2, LANES, 3), np.inf)
    found[..., 2] = 0  # no doubt about what is not asked
    scratch = np.empty((np.diff(edges).max(), columns, LANES), np.float32)
    for q in range(len(edges) - 1):
        part = slice(edges[q], edges[q + 1])
        rows = edges[q + 1] - edges[q]
        windows = np.full(LANES, rows) if looped else lengths
        low, high, first, last = lane_limits(rows, windows, band)
        begin, end = (np.zeros_like(first), np.full_like(last, columns - 1)) if looped else (first, last)
        if looped:
            low[:], high[:] = 0, columns
        for side in range(2 if both else 1):
            mine = own[side, part][:, weighting].copy()
            local(sums, differences, where[part], mine, 1 - 2 * side, low, high, begin, end, scratch)
            found[q, side] = nearest(scratch[:rows], starts, windows - 1, first, last)
    return found
