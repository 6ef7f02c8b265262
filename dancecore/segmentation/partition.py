"""The best way to cut a series at given places: optimal partitioning, exact."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dancecore.types import IntT


@njit(cache=True)
def partition(costs: NDArray[np.float64], rows: IntT, times: IntT, shortest: int, longest: int, penalty: float) -> IntT:
    """Indices into `times`, first and last included, of the cuts with the least cost + penalty x spans.

    times (M,) are the places where a cut may be, ends included; rows (M,) the number of rows before each;
    costs as `span_costs` makes them. Every span is `shortest` to `longest` long, in the unit of `times`. The dynamic
    programme tries every admissible last span of every prefix (Jackson et al. 2005), so the result is optimal.
    Of equally good partitions the one with the later cuts is taken. Empty if the limits allow none.
    """
    count = len(times)
    best = np.full(count, np.inf)
    best[0] = 0.0
    before = np.full(count, -1)
    for end in range(1, count):
        for start in range(end - 1, -1, -1):
            length = times[end] - times[start]
            if length > longest:
                break
            if length < shortest:
                continue
            cost = best[start] + costs[rows[end], rows[end] - rows[start]] + penalty
            if cost < best[end]:
                best[end], before[end] = cost, start
    cuts = np.empty(count, np.int64)
    kept, at = 0, count - 1 if before[count - 1] >= 0 else -1
    while at >= 0:
        cuts[kept] = at
        kept += 1
        at = before[at]
    return cuts[:kept][::-1].copy()
