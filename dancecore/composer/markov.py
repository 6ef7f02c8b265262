"""Which move comes next: a Markov model of order two with Katz back-off (Katz 1987)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dancecore.composer.counts import Counts
from dancecore.composer.discounts import RELIABLE, discounts
from dancecore.errors import DanceError
from dancecore.types import Float64

Seen = tuple[NDArray[np.int64], Float64, Float64]
"""What followed a context: moves by number, how often each did, and what part of that counts (0..1]."""

Context = tuple[str | None, ...]

ORDERS = 3
"""Of the distributions: no context, the move before, the two moves before."""


class Markov:
    """P(next | prev2, prev) over `names`, V of them in alphabetical order: all moves that were counted, and `known`.

    Each distribution sums to one and gives no move nothing. `orders` 2 looks at one move before, 1 at none. What
    followed is discounted by in how many dances it did, see `Counts`.
    """

    def __init__(self, counts: Counts, known: Iterable[str] = (), orders: int = ORDERS) -> None:
        self.names = tuple(sorted({*counts.moves, *known}))
        if not self.names:
            raise DanceError("INVALID_INPUT", "there are no moves to learn from")
        self.number = {name: i for i, name in enumerate(self.names)}
        self.counts = counts
        self._first = self._lowest(counts)
        self._tables = [self._table(table, counts.spread) for table in (counts.pairs, counts.triples)[: orders - 1]]

    def __len__(self) -> int:
        return len(self.names)

    def after(self, prev2: str | None, prev: str | None) -> Float64:
        """(V,) probabilities of the next move. `prev` may be START; None, or a move nobody knows, tells nothing."""
        share = self._first
        for table, context in zip(self._tables, ((prev,), (prev2, prev)), strict=False):
            seen = table.get(context)
            if seen is not None:
                share = _backed_off(seen, share)
        return share

    def choose(
        self, prev2: str | None, prev: str | None, temperature: float = 1.0,
        allow: Collection[str] | None = None, exclude: Collection[str] = (),
    ) -> Float64:  # fmt: skip
        """`after`, among the moves that are allowed and not excluded; below temperature 1 likely moves gain, above it
        rare ones do.

        Raises DanceError("INVALID_INPUT") for a temperature that is not > 0, or when no move is left.
        """
        if not (temperature > 0 and np.isfinite(temperature)):
            raise DanceError("INVALID_INPUT", f"a temperature is > 0, not {temperature}")
        left = [(allow is None or name in allow) and name not in exclude for name in self.names]
        if not any(left):
            raise DanceError("INVALID_INPUT", "no move is allowed and not excluded")
        powers = np.where(left, np.log(self.after(prev2, prev)) / temperature, -np.inf)
        share = np.exp(powers - powers.max())
        return np.asarray(share / share.sum())

    def times(self, prev2: str | None, prev: str, move: str) -> tuple[int, int]:
        """How often `move` followed both, and followed `prev` alone."""
        return self.counts.triples.get((prev2 or "", prev, move), 0), self.counts.pairs.get((prev, move), 0)

    def _lowest(self, counts: Counts) -> Float64:
        even = np.full(len(self.names), 1 / len(self.names))
        if not counts.moves:
            return even
        worth = discounts(counts.moves.values())
        return _backed_off(
            self._seen([(move, n, worth[min(n, RELIABLE + 1)]) for move, n in counts.moves.items()]), even
        )

    def _seen(self, after: Sequence[tuple[str, int, float]]) -> Seen:
        names, counts, worth = zip(*after, strict=True)
        return np.array([self.number[name] for name in names]), np.array(counts, np.float64), np.array(worth)

    def _table(self, counted: Mapping[Any, int], spread: Mapping[tuple[str, ...], int]) -> dict[Context, Seen]:
        """What followed each context of the counted pairs or triples."""
        worth = discounts(spread[key] for key in counted)
        by_context: dict[Context, list[tuple[str, int, float]]] = defaultdict(list)
        for key, times in counted.items():
            by_context[key[:-1]].append((key[-1], times, worth[min(spread[key], RELIABLE + 1)]))
        return {context: self._seen(after) for context, after in by_context.items()}


def _backed_off(seen: Seen, lower: Float64) -> Float64:
    """What was seen, discounted, and for the rest what the shorter context says.

    A context in which only common things were seen would leave nothing to the rest: it is given one part in N + 1
    (Laplace's rule of succession).
    """
    moves, counts, worth = seen
    share, total = counts * worth / (counts @ worth), counts.sum()
    if len(moves) == len(lower):
        out = np.empty_like(lower)
        out[moves] = share
        return out
    left = 1 - counts @ worth / total if (worth < 1).any() else 1 / (total + 1)
    out = lower * (left / (1 - lower[moves].sum()))
    out[moves] = share * (1 - left)
    return out
