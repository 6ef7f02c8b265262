"""Queries against the references of a bank, each cost as `align` has it within 1e-5."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from dancecore.matching.bank import Bank, Group
from dancecore.matching.dtw import align
from dancecore.matching.lanes import LANES, lane_limits, search
from dancecore.types import Float, Float64, IntT

UNSEEN = 1.0
"""Squared distance that a column nobody saw is taken to have: about that of unrelated moves."""

BLOCK = 12
"""Rows of a query that are multiplied at once with sequences: more would multiply too much outside the band."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Q series to be compared with the references of a bank, one after another: q has rows edges[q] to edges[q + 1].

    values (R, D) and trust (R, D) in 0..1: how far each value is to be believed; even, odd: both as `Layout.halves`;
    own (2, R, N): what of the squared distances no frame of a reference changes, as it is and in the mirror.
    """

    values: Float
    trust: Float
    even: Float
    odd: Float
    own: Float
    edges: IntT

    @classmethod
    def of(cls, series: Sequence[tuple[Float, Float]], bank: Bank) -> Self:
        """Series of values (T, D) and trust (T, D), float32 and finite."""
        values, trust = (np.concatenate(parts) for parts in zip(*series, strict=True))
        even, odd = bank.layout.halves(trust * values, trust)
        sides = [bank.weights.T, bank.weights[:, bank.layout.mirror_from].T]
        own = np.stack([UNSEEN + (trust * (values**2 - UNSEEN)) @ weights for weights in sides])
        return cls(values, trust, even, odd, own, np.cumsum([0, *(len(part) for part, _ in series)]))


def costs(queries: Queries, groups: Iterable[Group], bank: Bank, band: float) -> Float64:
    """(Q, N, 2): DTW cost over path length of each query and the nearest window of each reference of these groups, as
    it is and in the mirror; infinite where the mirror image is no reading, no path fits the band, or in other groups.

    The local distance is sqrt(sum_d w_d c_d (q_d - r_d)^2 + UNSEEN sum_d w_d (1 - c_d)) with weights w that sum to one
    and confidence c. The sums are matrix products, |q|^2 - 2 q r + |r|^2; what single precision leaves in doubt (see
    `search`) is compared again by direct differences in double precision.
    """
    out = np.full((len(queries.edges) - 1, len(bank.references), 2), np.inf)
    for group in groups:
        even, odd = _products(queries, group, band)
        found = search(
            even, odd, queries.own, queries.edges, group.members, group.lengths, group.starts, group.looped,
            group.both, band,
        )  # fmt: skip
        for q, side, lane in np.argwhere(found[..., 2] > 0):
            window = int(group.members[lane]), int(side), int(found[q, side, lane, 1])
            found[q, side, lane, 0] = _again(queries, int(q), bank, *window, band)
        out[:, group.members] = found[..., 0].transpose(0, 2, 1)
    return out


def _products(queries: Queries, group: Group, band: float) -> tuple[Float, Float]:
    """Two (R, P x LANES): the inner products of halves; for sequences only those that the band needs are set."""
    if group.looped:
        return queries.even @ group.even, queries.odd @ group.odd
    even, odd = np.empty((2, len(queries.even), group.even.shape[1]), np.float32)
    for begin, end in pairwise(queries.edges):
        *_, first, last = lane_limits(end - begin, group.lengths, band)
        for k in range(0, end - begin, BLOCK):
            rows = slice(begin + k, min(begin + k + BLOCK, end))
            span = slice(first[k] * LANES, (last[: k + BLOCK][-1] + 1) * LANES)
            np.matmul(queries.even[rows], group.even[:, span], out=even[rows, span])
            np.matmul(queries.odd[rows], group.odd[:, span], out=odd[rows, span])
    return even, odd


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
