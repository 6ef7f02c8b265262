"""Queries against the references of a bank, each cost as `align` has it within 1e-5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from dancecore.matching.bank import Bank, Group
from dancecore.matching.dtw import align
from dancecore.matching.lanes import LANES, lane_limits, search
from dancecore.types import Float, Float64, IntT

UNSEEN = 1.0
"""Squared distance that a column nobody saw is taken to have: about that of unrelated moves."""

BLOCK = 48
"""Rows of queries that are multiplied at once with sequences: more would multiply too much outside the band."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Q series to be compared with the references of a bank, one after another: q has rows edges[q] to edges[q + 1].

    values (R, D) and trust (R, D) in 0..1: how far each value is to be believed; own (2, R, U): what of the squared
    distances no frame of a reference changes, as it is and in the mirror, for each of the bank's weightings.
    even, odd: confidence x values and confidence as `Layout.halves`, the rows by_place (R,), ordered by how far they
    are in their query: those need about the same columns, so they are multiplied together. Row r is row where[r] of
    them.
    """

    values: Float
    trust: Float
    even: Float
    odd: Float
    own: Float
    edges: IntT
    by_place: IntT
    where: IntT

    @classmethod
    def of(cls, series: Sequence[tuple[Float, Float]], bank: Bank) -> Self:
        """Series of values (T, D) and trust (T, D), float32 and finite."""
        values, trust = (np.concatenate(parts) for parts in zip(*series, strict=True))
        sides = (bank.weightings, bank.weightings[:, bank.layout.mirror_from])
        apart = trust * (values**2 - UNSEEN)
        own = np.stack([UNSEEN + apart @ weights.T for weights in sides]).astype(np.float32)
        lengths = [len(part) for part, _ in series]
        by_place = np.argsort(np.concatenate([np.linspace(0, 1, n) for n in lengths]))
        even, odd = bank.layout.halves((trust * values)[by_place], bank.layout.told(trust)[by_place])
        return cls(values, trust, even, odd, own, np.cumsum([0, *lengths]), by_place, np.argsort(by_place))


def costs(queries: Queries, groups: Sequence[Group], bank: Bank, band: float) -> Float64:
    """(Q, N, 2): DTW cost over path length of each query and the nearest window of each reference of these groups, as
    it is and in the mirror; infinite where the mirror image is no reading, no path fits the band, or in other groups.

    The local distance is sqrt(sum_d w_d c_d (q_d - r_d)^2 + UNSEEN sum_d w_d (1 - c_d)) with weights w that sum to one
    and confidence c. The sums are matrix products, |q|^2 - 2 q r + |r|^2; what single precision leaves in doubt (see
    `search`) is compared again by direct differences in double precision.
    """
    out = np.full((len(queries.edges) - 1, len(bank.references), 2), np.inf)
    rows = len(queries.values)
    room = np.empty((2, rows * max(group.even.shape[1] for group in groups)), np.float32)
    for group in groups:
        even, odd = room[:, : rows * group.even.shape[1]].reshape(2, rows, -1)
        _multiply(queries, group, band, even, odd)
        found = search(
            even, odd, queries.where, queries.own, queries.edges, bank.weighting_of[group.members], group.lengths,
            group.starts, group.looped, group.both, band,
        )  # fmt: skip
        for q, side, lane in np.argwhere(found[..., 2] > 0):
            window = int(group.members[lane]), int(side), int(found[q, side, lane, 1])
            found[q, side, lane, 0] = _again(queries, int(q), bank, *window, band)
        out[:, group.members] = found[..., 0].transpose(0, 2, 1)
    return out


def _multiply(queries: Queries, group: Group, band: float, even: Float, odd: Float) -> None:
    """Set even and odd (R, P x LANES) to the inner products of halves, for sequences only what the band needs."""
    if group.looped:
        np.matmul(queries.even, group.even, out=even)
        np.matmul(queries.odd, group.odd, out=odd)
        return
    limits = [lane_limits(n, group.lengths, band)[2:] for n in np.diff(queries.edges)]
    first, last = (np.concatenate(ends)[queries.by_place] for ends in zip(*limits, strict=True))
    for k in range(0, len(first), BLOCK):
        rows = slice(k, k + BLOCK)
        span = slice(first[rows].min() * LANES, (last[rows].max() + 1) * LANES)
        np.matmul(queries.even[rows], group.even[:, span], out=even[rows, span])
        np.matmul(queries.odd[rows], group.odd[:, span], out=odd[rows, span])


def _again(queries: Queries, q: int, bank: Bank, member: int, side: int, start: int, band: float) -> float:
    """The cost by `align`; an additional column, apart by one, has the weight of what nobody saw."""
    rows = slice(queries.edges[q], queries.edges[q + 1])
    query, trust = queries.values[rows], queries.trust[rows]
    reference, weights = bank.references[member], bank.weights[member]
    values = reference.values
    if side:
        values, weights = bank.layout.mirrored(values), weights[bank.layout.mirror_from]
    if reference.starts is not None:
        values = np.take(values, start + np.arange(len(query)), axis=0, mode="wrap")
    unseen = np.maximum(UNSEEN * (1 - trust @ weights), 0)
    return align(
        np.column_stack([query, np.ones(len(query), np.float32)]),
        np.column_stack([values, np.zeros(len(values), np.float32)]),
        band=band,
        weights=np.column_stack([trust * weights, unseen]),
    ).cost
