"""What counts are worth: Good-Turing discounts, so that what was never seen keeps a share."""

from collections.abc import Iterable

import numpy as np
from scipy.optimize import isotonic_regression

from dancecore.types import Float64

RELIABLE = 5
"""Counts above this are taken as they are (Katz 1987, section II)."""

FEW = 10
"""With fewer events that were seen once, counts of counts are noise, and Good-Turing of noise is worse than a guess."""


LEAST = 0.05
"""What was seen is never worth less: nothing that people do is as good as unheard of."""


def discounts(counts: Iterable[int]) -> Float64:
    """(RELIABLE + 2,): what the counts 1..RELIABLE, and larger ones, are multiplied by, in (0, 1]; entry 0 is not used.

    Katz's form of Good-Turing, over the most counts for which it is sound: every factor in (0, 1), larger counts worth
    more. Where it is sound for none, counts say little of what comes next: then the same estimates, pooled so that no
    count is worth less than a smaller one, nor more than itself (see `_pooled`). Where too few events were seen once,
    the absolute discount n1 / (n1 + 2 n2) of Ney, Essen & Kneser (1994), which needs no more than the first two counts
    of counts; without those, one half.
    """
    n = np.bincount(np.minimum(np.fromiter(counts, np.int64), RELIABLE + 2), minlength=RELIABLE + 3).astype(np.float64)
    if n[1] >= FEW:
        for estimate in (_good_turing, _pooled):
            for most in range(RELIABLE, 1, -1):
                factors = estimate(n, most)
                if factors is not None:
                    return factors
    off = n[1] / (n[1] + 2 * n[2]) if n[1] and n[2] else 0.5
    return np.append(1 - off / np.maximum(np.arange(RELIABLE + 1), 1), 1.0)


def _good_turing(n: Float64, most: int) -> Float64 | None:
    """Factors of the counts 1..most; None where the counts of counts `n` do not carry them."""
    worth = _worth(n, most)
    if worth is None:
        return None
    factors = worth / np.arange(1, most + 1)
    if not ((factors > 0).all() and (factors < 1).all() and (np.diff([*worth, most + 1]) > 0).all()):
        return None
    return np.concatenate([[1.0], factors, np.ones(RELIABLE + 1 - most)])


def _pooled(n: Float64, most: int) -> Float64 | None:
    """The same factors, made to keep the order of the counts by isotonic regression (Barlow et al. 1972), each count
    with the weight of how many events have it.

    Where people go from any move to any other, events that were seen once, twice or three times will all be seen as
    often again: pooled they are worth the same. An absolute discount believes the larger counts, and foretold such
    dances worse than frequency alone.
    """
    worth = _worth(n, most)
    if worth is None or (n[1 : most + 2] < FEW).any():
        return None
    r = np.arange(1, most + 1)
    kept = np.clip(isotonic_regression(worth, weights=n[1 : most + 1]).x, LEAST, r)
    return np.concatenate([[1.0], kept / r, np.ones(RELIABLE + 1 - most)])


def _worth(n: Float64, most: int) -> Float64 | None:
    """(most,) how often what was seen 1..most times is to be expected, by Good and Turing, less what Katz takes off so
    that larger counts stay as they are; None where counts are missing."""
    rest = (most + 1) * n[most + 1] / max(n[1], 1.0)
    if not n[1 : most + 2].all() or rest >= 1:
        return None
    r = np.arange(1, most + 1)
    return np.asarray(((r + 1) * n[r + 1] / n[r] - r * rest) / (1 - rest))
