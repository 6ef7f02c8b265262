"""Which move comes next: a Markov model of order two with Katz back-off (Katz 1987)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from dancecore.composer.counts import Counts
from dancecore.composer.discounts import RELIABLE, discounts
from dancecore.errors import DanceError
from dancecore.types import Float64

Seen = tuple[NDArray[np.int64], Float64]
"""What followed a context: moves by number, and how often each did."""

Following = dict[tuple[tuple[str, ...], str], int]
"""How often a move followed a context."""

ORDERS = 3
"""Of the distributions: no context, the move before, the two moves before."""


class Markov:
    """P(next | prev2, prev) over `names`, V of them in alphabetical order: all moves that were counted, and `known`.

    Each distribution sums to one and gives no move nothing. `orders` 2 looks at one move before, 1 at none.
    """

    def __init__(self, counts: Counts, known: Iterable[str] = (), orders: int = ORDERS) -> None:
        self.names = tuple(sorted({*counts.moves, *known}))
        if not self.names:
            raise DanceError("INVALID_INPUT", "there are no moves to learn from")
        self.number = {name: i for i, name in enumerate(self.names)}
        self.counts = counts
        self._first = self._lowest(counts)
        pairs: Following = {((prev,), after): n for (prev, after), n in counts.pairs.items()}
        triples: Following = {((prev2, prev), after): n for (prev2, prev, after), n in counts.triples.items()}
        self._tables = [(self._table(table), discounts(table.values())) for table in (pairs, triples)[: orders - 1]]

    def __len__(self) -> int:
        return len(self.names)

    def after(self, prev2: str | None, prev: str | None) -> Float64:
        """(V,) probabilities of the next move. `prev` may be START; None, or a move nobody knows, tells nothing."""
        share = self._first
        for (table, factors), context in zip(self._tables, ((prev,), (prev2, prev)), strict=False):
            seen = table.get(context)
            if seen is not None:
                share = _backed_off(seen, factors, share)
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
        seen = self._seen(counts.moves)
        return _backed_off(seen, discounts(counts.moves.values()), even)

    def _seen(self, after: Mapping[str, int]) -> Seen:
        return np.array([self.number[name] for name in after]), np.array(list(after.values()), np.float64)

    def _table(self, counted: Following) -> dict[tuple[str | None, ...], Seen]:
        by_context: dict[tuple[str | None, ...], dict[str, int]] = defaultdict(dict)
        for (context, after), times in counted.items():
            by_context[context][after] = times
        return {context: self._seen(after) for context, after in by_context.items()}


def _backed_off(seen: Seen, factors: Float64, lower: Float64) -> Float64:
    """What was seen, discounted, and for the rest what the shorter context says.

    A context in which only common things were seen would leave nothing to the rest: it is given one part in N + 1, as one more
    step would (Laplace's rule of succession).
    """
    moves, counts = seen
    worth = counts * np.where(counts <= RELIABLE, factors[np.minimum(counts, RELIABLE).astype(int)], 1.0)
    share, total = worth / worth.sum(), counts.sum()
    unseen = 1 - lower[moves].sum()
    if len(moves) == len(lower):
        out = np.empty_like(lower)
        out[moves] = share
        return out
    left = 1 - worth.sum() / total if (counts <= RELIABLE).any() else 1 / (total + 1)
    out = lower * (left / unseen)
    out[moves] = share * (1 - left)
    return out
