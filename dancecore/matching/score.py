"""Which moves a span of a dance is nearest to."""

from collections.abc import Iterator, Sequence

import numba
import numpy as np

from dancecore.errors import DanceError
from dancecore.features.columns import confidence
from dancecore.matching.bank import TIME_ORDER, Bank
from dancecore.matching.dtw import band_limits
from dancecore.settings import MatchingSettings
from dancecore.types import BeatGrid, Candidate, Features, Float, IntT, MoveScores, Span

UNSEEN = 1.0
"""Squared distance that a column nobody saw is taken to have: about that of unrelated moves."""


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
    trust = confidence(features.mask)
    known = beats.bpm if beats is not None else None
    return [_score_span(span, *_cut(features, trust, span), known, bank, settings) for span in spans]


def _cut(features: Features, trust: Float, span: Span) -> tuple[Float, Float]:
    lo, hi = np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])
    if hi - lo < 2:
        raise DanceError("INVALID_INPUT", f"span {span.start_ns}..{span.end_ns} holds {hi - lo} frames; 2 are needed")
    return features.values[lo:hi], trust[lo:hi]


def _score_span(
    span: Span, values: Float, trust: Float, bpm: float | None, bank: Bank, settings: MatchingSettings
) -> MoveScores:
    distance = np.full(len(bank.readings), np.inf)
    for template_bpm, loops in bank.by_tempo():
        for ratio in _ratios(template_bpm, bpm, settings):
            _compare(*_at_tempo(values, trust, ratio), bank, loops, settings.band, distance)
    likely = np.exp(-settings.alpha * (distance - distance.min()))
    likely /= likely.sum()
    nearest = np.argsort(distance, kind="stable")[: settings.top]
    candidates = (
        Candidate(move_id, mirror, float(distance[r]), float(likely[r]))
        for r in nearest
        for move_id, mirror in [bank.readings[r]]
    )
    return MoveScores(span, tuple(candidates))


def _ratios(template_bpm: float, bpm: float | None, settings: MatchingSettings) -> Iterator[float]:
    """How much faster than the template the span may be danced. Beats counted at half or double time mean the same."""
    if bpm is None or template_bpm == 0:
        yield from settings.tempi
        return
    octaves = np.log2(bpm / template_bpm)
    yield float(2 ** (octaves - np.round(octaves)))


def _at_tempo(values: Float, trust: Float, ratio: float) -> tuple[Float, Float]:
    """The span as it would be at the template's tempo, `ratio` times slower: longer, its derivatives smaller."""
    frames = max(2, round(len(values) * ratio))
    at = np.linspace(0, len(values) - 1, frames)
    below = np.minimum(at.astype(np.int64), len(values) - 2)
    share = (at - below)[:, None].astype(np.float32)
    slower = np.float32(ratio) ** -TIME_ORDER.astype(np.float32)
    return (
        ((1 - share) * values[below] + share * values[below + 1]) * slower,
        (1 - share) * trust[below] + share * trust[below + 1],
    )


def _compare(values: Float, trust: Float, bank: Bank, loops: slice, band: float, distance: Float) -> None:
    """Lower `distance` (readings,) to the nearest window of each of these loops."""
    members = bank.loops[loops]
    first, last = members[0].first, members[-1].first + members[-1].length
    products = np.hstack([trust * values, trust]) @ bank.frames[first:last].T
    own = (trust * values**2) @ bank.weights[loops].T
    seen = trust @ bank.weights[loops].T
    low, high = band_limits(len(values), len(values), band)
    for k, loop in enumerate(members):
        at = slice(loop.first - first, loop.first - first + loop.length)
        squared = products[:, at] + (own[:, k] + UNSEEN * (1 - seen[:, k]))[:, None]
        near = nearest_window(np.sqrt(np.maximum(squared, 0)), loop.starts, low, high)
        distance[loop.reading] = min(distance[loop.reading], near)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def nearest_window(local: Float, starts: IntT, low: IntT, high: IntT) -> float:
    """Least DTW cost over path length between a query and windows of its own length cut from a loop.

    local (T, P) float32: distances between the T query frames and the P frames of the loop, which begins anew at its
    end; starts: where windows begin; low, high (T,): the band. Ties as in `align`: diagonal, up, left.
    """
    frames, period = local.shape
    infinity = np.float32(np.inf)
    nearest = np.inf
    cost = np.empty((2, frames + 1), np.float32)
    steps = np.empty((2, frames + 1), np.int32)
    for start in starts:
        cost[:] = infinity
        cost[0, 0] = 0
        steps[:] = 0
        for i in range(frames):
            was, now = i % 2, (i + 1) % 2
            cost[now, low[i]] = infinity
            column = (start + low[i]) % period
            for j in range(low[i], high[i] + 1):
                best, step = cost[was, j], steps[was, j]
                if cost[was, j + 1] < best:
                    best, step = cost[was, j + 1], steps[was, j + 1]
                if cost[now, j] < best:
                    best, step = cost[now, j], steps[now, j]
                cost[now, j + 1] = best + local[i, column]
                steps[now, j + 1] = step + 1
                column += 1
                if column == period:
                    column = 0
            if i == 0:
                cost[0, 0] = infinity
        total = cost[frames % 2, frames] / steps[frames % 2, frames]
        nearest = min(nearest, total)
    return nearest
