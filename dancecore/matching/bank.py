"""All references of all moves, laid out so that a query is compared with LANES of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import numpy as np

from dancecore.errors import DanceError
from dancecore.matching.lanes import LANES
from dancecore.matching.references import FV1, Layout, Reference, loops
from dancecore.matching.templates import Template
from dancecore.settings import MatchingSettings
from dancecore.types import Float, IntT, Reading


@dataclass(frozen=True, slots=True)
class Group:
    """LANES references side by side: of one tempo, and loops of one length or sequences of like length.

    `members` (LANES,) int64: their places in the bank, the last repeated where there are fewer; lengths (LANES,) int64;
    `starts` (S,) int64: where windows begin, [0] for sequences; `both`: their mirror images are readings too.
    even (K, P x LANES) and odd (D + G - K, P x LANES) float32 hold frame p of lane l in column p x LANES + l: what a
    query's (confidence x value, confidence) is multiplied with, [-2 w r, w r^2], as `Layout.halves`.
    """

    bpm: float
    looped: bool
    both: bool
    starts: IntT
    members: IntT
    lengths: IntT
    even: Float
    odd: Float


@dataclass(frozen=True, slots=True)
class Bank:
    """N references, in groups ordered by tempo. `readings` are the (move, mirror) that they stand for.

    weights (N, D) float32 sum to one, those that differ are weightings (U, D), number weighting_of (N,) int64 of them;
    reading_of (N, 2) int64: the reading of each reference and of its mirror image, -1 where that is none.
    """

    layout: Layout
    references: tuple[Reference, ...]
    readings: tuple[Reading, ...]
    reading_of: IntT
    weights: Float
    weightings: Float
    weighting_of: IntT
    groups: tuple[Group, ...]

    @classmethod
    def build(cls, templates: Sequence[Template], settings: MatchingSettings) -> Self:
        """The bank of these templates as loops. Raises DanceError("INVALID_INPUT") when there is none."""
        return cls.of(loops(templates, FV1, settings), FV1)

    @classmethod
    def of(cls, references: Sequence[Reference], layout: Layout) -> Self:
        """The bank of references of any columns. Raises DanceError("INVALID_INPUT") when there is none."""
        if not references:
            raise DanceError("INVALID_INPUT", "a bank needs at least one template")
        ordered = tuple(sorted(references, key=_kind))
        sides = [[(r.move_id, r.mirror), (r.move_id, not r.mirror) if r.both else None] for r in ordered]
        readings = tuple(sorted({reading for pair in sides for reading in pair if reading}))
        place = {None: -1} | {reading: k for k, reading in enumerate(readings)}
        weights = np.array([r.weights / r.weights.sum() for r in ordered], np.float32)
        groups = tuple(_group(ordered, members, weights, layout) for members in _alike(ordered))
        reading_of = np.array([[place[r] for r in pair] for pair in sides])
        weightings, weighting_of = np.unique(weights, axis=0, return_inverse=True)
        return cls(layout, ordered, readings, reading_of, weights, weightings, weighting_of, groups)

    def by_tempo(self) -> Iterator[tuple[float, list[Group]]]:
        """The tempi of the references, with the groups that have them."""
        for bpm, groups in groupby(self.groups, key=lambda group: group.bpm):
            yield bpm, list(groups)


def _kind(reference: Reference) -> tuple[float, bool, bool, int, tuple[int, ...]]:
    """References are side by side if this is alike: for sequences, but for their length."""
    starts = () if reference.starts is None else tuple(reference.starts.tolist())
    return reference.bpm, bool(starts), reference.both, len(reference.values), starts


def _alike(ordered: Sequence[Reference]) -> Iterator[list[int]]:
    """The places of up to LANES references that can be side by side."""

    def kind(place: int) -> tuple[object, ...]:
        bpm, looped, both, length, starts = _kind(ordered[place])
        return bpm, looped, both, length if looped else None, starts

    for _, run in groupby(range(len(ordered)), key=kind):
        places = list(run)
        yield from (places[k : k + LANES] for k in range(0, len(places), LANES))


def _group(references: Sequence[Reference], places: list[int], weights: Float, layout: Layout) -> Group:
    members = np.array(places + places[-1:] * (LANES - len(places)))
    first = references[places[0]]
    lengths = np.array([len(references[m].values) for m in members])
    sides: list[list[Float]] = [[], []]
    for m in members:
        values, w = references[m].values, weights[m]
        padding = ((0, int(lengths.max()) - len(values)), (0, 0))
        for side, half in zip(sides, layout.halves(-2 * w * values, layout.summed(w * values**2)), strict=True):
            side.append(np.pad(half, padding))
    even, odd = (
        np.ascontiguousarray(np.stack(side).transpose(2, 1, 0).reshape(-1, lengths.max() * LANES)) for side in sides
    )
    starts = np.zeros(1, np.int64) if first.starts is None else first.starts
    return Group(first.bpm, first.starts is not None, first.both, starts, members, lengths, even, odd)
