"""Which moves a span of a dance is nearest to."""

from collections.abc import Iterator, Sequence

import numpy as np

from dancecore.errors import DanceError
from dancecore.features.columns import confidence
from dancecore.matching.bank import Bank
from dancecore.matching.compare import Queries, costs
from dancecore.settings import MatchingSettings
from dancecore.types import BeatGrid, Candidate, Features, Float, Float64, IntT, MoveScores, Reading, Span

Danced = tuple[int, tuple[Float, Float]]
"""The number of a series, and its values and trust at some tempo."""

BATCH = 512
"""Rows of queries that are multiplied at once: enough for matrix products to run at full speed."""


def score(
    features: Features, spans: Sequence[Span], beats: BeatGrid | None, bank: Bank, settings: MatchingSettings
) -> list[MoveScores]:
    """The `top` nearest readings of each span, with softmax(-alpha x distance) over all readings as probability.

    A span is stretched to the tempo of a template and compared by DTW with a window of its length from every phase of
    the loop; a reading's distance is that of its nearest window. The tempo ratio is the music's over the template's
    when both are known, otherwise each of `tempi`. Distances are root mean squares over columns, weighted by
    the template's columns times the confidence of the joints they are taken of, averaged over the warping path.
    Raises DanceError("INVALID_INPUT") for a span with fewer than two frames.
    """
    known = beats.bpm if beats is not None else None
    distance = distances(series(features, spans), known, bank, settings)
    return [ranked(span, row, bank.readings, settings) for span, row in zip(spans, distance, strict=True)]


def series(features: Features, spans: Sequence[Span]) -> list[tuple[Float, Float]]:
    """The values (T, 128) of each span, and how far each is to be trusted (T, 128).

    Raises DanceError("INVALID_INPUT") for a span with fewer than two frames.
    """
    trust = confidence(features.mask)
    return [_cut(features, trust, span) for span in spans]


def distances(
    danced: Sequence[tuple[Float, Float]], bpm: float | None, bank: Bank, settings: MatchingSettings
) -> Float64:
    """(S, R): how far each of the bank's readings is from each of S series of values (T, D) and trust (T, D) in 0..1.

    T > 1; D as in the bank. `bpm`: the tempo of the music, None if unknown. Distances are those of `score`.
    """
    nearest = np.full((len(danced), len(bank.readings) + 1), np.inf)  # the last column takes what is no reading
    for reference_bpm, groups in bank.by_tempo():
        turned = [
            (k, _at_tempo(values, trust, ratio, bank.layout.order))
            for k, (values, trust) in enumerate(danced)
            for ratio in _ratios(reference_bpm, bpm, settings)
        ]
        for part in _batches(turned):
            found = costs(Queries.of([query for _, query in part], bank), groups, bank, settings.band)
            for (k, _), cost in zip(part, found, strict=True):
                np.minimum.at(nearest[k], bank.reading_of, cost)
    return nearest[:, :-1]


def _cut(features: Features, trust: Float, span: Span) -> tuple[Float, Float]:
    lo, hi = np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])
    if hi - lo < 2:
        raise DanceError("INVALID_INPUT", f"span {span.start_ns}..{span.end_ns} holds {hi - lo} frames; 2 are needed")
    return features.values[lo:hi], trust[lo:hi]


def ranked(
    span: Span, distance: Float64, readings: Sequence[Reading], settings: MatchingSettings
) -> MoveScores:  # fmt: skip
    """The `top` nearest of the `readings` (R,) of a span, by their distances (R,), as `score` gives them."""
    likely = np.exp(-settings.alpha * (distance - distance.min()))
    likely /= likely.sum()
    nearest = np.argsort(distance, kind="stable")[: settings.top]
    candidates = (
        Candidate(move_id, mirror, float(distance[r]), float(likely[r]))
        for r in nearest
        for move_id, mirror in [readings[r]]
    )
    return MoveScores(span, tuple(candidates))


def _batches(danced: Sequence[Danced]) -> Iterator[list[Danced]]:
    """Some queries after another, of BATCH rows or the last one more."""
    part: list[Danced] = []
    for each in danced:
        part.append(each)
        if sum(len(values) for _, (values, _) in part) >= BATCH:
            yield part
            part = []
    if part:
        yield part


def _ratios(template_bpm: float, bpm: float | None, settings: MatchingSettings) -> Iterator[float]:
    """How much faster than the template the span may be danced. Beats counted at half or double time mean the same."""
    if bpm is None or template_bpm == 0:
        yield from settings.tempi
        return
    octaves = np.log2(bpm / template_bpm)
    yield float(2 ** (octaves - np.round(octaves)))


def _at_tempo(values: Float, trust: Float, ratio: float, order: IntT) -> tuple[Float, Float]:
    """The span as it would be at the template's tempo, `ratio` times slower: longer, its derivatives smaller."""
    frames = max(2, round(len(values) * ratio))
    at = np.linspace(0, len(values) - 1, frames)
    below = np.minimum(at.astype(np.int64), len(values) - 2)
    share = (at - below)[:, None].astype(np.float32)
    slower = np.float32(ratio) ** -order.astype(np.float32)
    return (
        ((1 - share) * values[below] + share * values[below + 1]) * slower,
        (1 - share) * trust[below] + share * trust[below + 1],
    )
