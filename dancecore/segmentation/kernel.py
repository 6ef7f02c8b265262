"""How alike the frames of a span are: the within-span scatter under a Gaussian kernel."""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from dancecore.types import Float

MEDIAN_ROWS = 400
"""Rows, evenly spread, whose 80 000 distances give the median: more do not move it, and pairs grow as the square."""


def bandwidth(rows: Float) -> float:
    """gamma of exp(-gamma |x - y|^2): one over the median squared distance (Garreau et al. 2017)."""
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), MEDIAN_ROWS)).astype(int)]
    median = float(np.median(pdist(some, "sqeuclidean"))) if len(some) > 1 else 0.0
    return 1 / median if median > 0 else 1.0


@njit(cache=True)
def span_costs(rows: Float, gamma: float, longest: int) -> NDArray[np.float64]:
    """costs (N + 1, longest + 1): [b, n] is the scatter of the n rows before b, for n <= b.

    The scatter is sum k(x, x) - 1/n sum k(x, y) over the span's rows, the squared distance to their mean in the
    kernel's space (Harchaoui & Cappe 2007; Truong et al. 2020, section 4.2.3), with k(x, y) = exp(-gamma |x - y|^2).
    Only the band of the Gram matrix that spans of `longest` rows touch is computed.
    """
    count, columns = rows.shape
    alike = np.zeros((count, longest))  # [a, d]: sum of k(a, a + 1) .. k(a, a + d)
    for a in range(count):
        for d in range(1, min(longest, count - a)):
            distance = np.float32(0)
            for c in range(columns):
                step = rows[a, c] - rows[a + d, c]
                distance += step * step
            alike[a, d] = alike[a, d - 1] + np.exp(-gamma * distance)
    costs = np.zeros((count + 1, longest + 1))
    for b in range(1, count + 1):
        total = 0.0
        for n in range(1, min(longest, b) + 1):
            total += 1 + 2 * alike[b - n, n - 1]
            costs[b, n] = n - total / n
    return costs
