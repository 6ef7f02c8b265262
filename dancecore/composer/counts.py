"""How often which move follows which: the choreography graph, as counts that add up."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self, TypeVar

from dancecore.composer.steps import START, Choreography

T = TypeVar("T")

GRID = 0.5
"""Beats: lengths are counted on half beats, as finely as dancers count."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of moves; of (prev, next), where `prev` is START before the first step of a dance; of (prev2, prev, next); and of
    (move, beats), on half beats. Nothing is counted across a gap.

    `spread`: in how many dances each pair and triple occurs. Dances come back to what they have shown, so that one that
    is seen often in one dance is no more to be expected in the next than one that is seen there once.
    """

    moves: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    triples: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    beats: Counter[tuple[str, float]] = field(default_factory=Counter)
    spread: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, dance: Choreography, times: int = 1) -> Self:
        """Count a dance in; with `times` -1 take it out again, which leaves no zeros behind."""
        found: set[tuple[str, ...]] = set()
        for begins, run in dance.runs():
            names = [*([START] if begins else []), *(step.move_id for step in run)]
            pairs, triples = list(pairwise(names)), list(zip(names, names[1:], names[2:], strict=False))
            lengths = ((step.move_id, _on_grid(step.beats)) for step in run if step.beats is not None)
            _count(self.moves, (step.move_id for step in run), times)
            _count(self.pairs, pairs, times)
            _count(self.triples, triples, times)
            _count(self.beats, lengths, times)
            found.update(pairs, triples)
        _count(self.spread, found, times)
        return self

    def among(self, moves: Collection[str]) -> "Counts":
        """What of this is of these moves alone."""
        kept = {START, *moves}
        return Counts(
            Counter({name: n for name, n in self.moves.items() if name in kept}),
            Counter({key: n for key, n in self.pairs.items() if kept.issuperset(key)}),
            Counter({key: n for key, n in self.triples.items() if kept.issuperset(key)}),
            Counter({key: n for key, n in self.beats.items() if key[0] in kept}),
            Counter({key: n for key, n in self.spread.items() if kept.issuperset(key)}),
        )


def count(dances: Iterable[Choreography]) -> Counts:
    """The counts of these dances together."""
    counts = Counts()
    for dance in dances:
        counts.add(dance)
    return counts


def _on_grid(beats: float) -> float:
    return max(GRID, round(beats / GRID) * GRID)


def _count(counter: Counter[T], keys: Iterable[T], times: int) -> None:
    for key in keys:
        counter[key] += times
        if not counter[key]:
            del counter[key]
