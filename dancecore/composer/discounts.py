"""What counts are worth: Good-Turing discounts, so that what was never seen keeps a share."""

from collections.abc import Iterable

import numpy as np

from dancecore.types import Float64

RELIABLE = 5
"""Counts above this are taken as they are (Katz 1987, section II)."""

FEW = 10
"""With fewer events that were seen once, counts of counts are noise, and Good-Turing of noise is worse than a guess."""


def discounts(counts: Iterable[int]) -> Float64:
    """(RELIABLE + 2,): what the counts 1..RELIABLE, and larger ones, are multiplied by, in (0, 1]; entry 0 is not used.

    Katz's form of Good-Turing, over the most counts for which it is sound: every factor in (0, 1), larger counts worth
    more. Where it is sound for none, or too few events were seen once, the absolute discount n1 / (n1 + 2 n2) of Ney,
    Essen & Kneser (1994), which needs no more than the first two counts of counts; without those, one half.
    """
    n = np.bincount(np.minimum(np.fromiter(counts, np.int64), RELIABLE + 2), minlength=RELIABLE + 3).astype(np.float64)
    if n[1] >= FEW:
        for most in range(RELIABLE, 1, -1):
            factors = _good_turing(n, most)
            if factors is not None:
                return factors
    off = n[1] / (n[1] + 2 * n[2]) if n[1] and n[2] else 0.5
    return np.append(1 - off / np.maximum(np.arange(RELIABLE + 1), 1), 1.0)


def _good_turing(n: Float64, most: int) -> Float64 | None:
    """Factors of the counts 1..most; None where the counts of counts `n` do not carry them."""
    if not n[1 : most + 2].all():
        return None
    r = np.arange(1, most + 1)
    rest = (most + 1) * n[most + 1] / n[1]
    if rest >= 1:
        return None
    factors = ((r + 1) * n[r + 1] / (r * n[r]) - rest) / (1 - rest)
    worth = np.append(factors * r, most + 1)
    if not ((factors > 0).all() and (factors < 1).all() and (np.diff(worth) > 0).all()):
        return None
    return np.concatenate([[1.0], factors, np.ones(RELIABLE + 1 - most)])
