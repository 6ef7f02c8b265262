"""Spans of a dance: where the way of moving changes, on the half beats of the music."""

from itertools import pairwise

import numpy as np

from dancecore.segmentation.kernel import bandwidth, span_costs
from dancecore.segmentation.partition import partition
from dancecore.settings import SegmentationSettings
from dancecore.types import MS, SECOND, BeatGrid, Features, IntT, Span


def propose(features: Features, beats: BeatGrid | None, settings: SegmentationSettings) -> list[Span]:
    """Spans of `min_ms` to `max_ms`, in order, that cover every stretch with a dancer and nothing else.

    A stretch is a run of rows in which at least `min_joints` joints are seen; one shorter than `min_ms` holds no move
    and is left out. Each is cut where it costs least: the kernel scatter within spans (see `span_costs`) plus
    `penalty` beats' worth of rows for every span, so that a dance and its music at another tempo are cut alike. The
    optimisation is exact and has the limits inside. Columns count as they are: the feature version scales them to one
    spread, and scaling them again to the clip's would enlarge the noise of joints that hardly move.

    With beats, cuts may be on half beats only: snapping is part of the optimisation, not a step after it that could
    break a limit or the optimum. The grid is carried on where the music was not heard. A stretch's own ends stay where
    they are, and where half beats are too sparse for the limits any row is a place to cut, as it is without music.
    """
    if not len(features.time_ns):
        return []
    step = int(np.median(np.diff(features.time_ns))) if len(features.time_ns) > 1 else 0
    runs = [run for run in _stretches(features, step, settings) if _length(features, run, step) >= settings.min_ms * MS]
    if not runs:
        return []
    gamma = bandwidth(np.concatenate([features.values[run] for run in runs]))
    return [span for run in runs for span in _cut(features, run, step, gamma, beats, settings)]


def _stretches(features: Features, step: int, settings: SegmentationSettings) -> list[slice]:
    """Runs of rows with a dancer, broken where the clock jumps by more than a row and a half."""
    seen = (features.mask > 0).sum(axis=1) >= settings.min_joints
    joined = seen[1:] & seen[:-1] & (np.diff(features.time_ns) <= 1.5 * step)
    starts = np.flatnonzero(seen & ~np.concatenate([[False], joined]))
    stops = np.flatnonzero(seen & ~np.concatenate([joined, [False]])) + 1
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]


def _length(features: Features, run: slice, step: int) -> int:
    return int(features.time_ns[run.stop - 1] - features.time_ns[run.start]) + step


def _cut(
    features: Features, run: slice, step: int, gamma: float, beats: BeatGrid | None, settings: SegmentationSettings
) -> list[Span]:
    """The best spans of one stretch."""
    time_ns, rows = features.time_ns[run], features.values[run]
    shortest, longest = settings.min_ms * MS, settings.max_ms * MS
    edges = np.append(time_ns, time_ns[-1] + step)
    most = int((np.searchsorted(edges, edges + longest, side="right") - np.arange(len(edges))).max())
    costs = span_costs(rows, gamma, min(most, len(rows)))
    bpm = settings.default_bpm if beats is None else beats.bpm
    penalty = settings.penalty * 60 * SECOND / bpm / step
    places = edges if beats is None else _places(beats, int(edges[0]), int(edges[-1]))
    cuts = partition(costs, _rows_before(edges, places), places, shortest, longest, penalty)
    if not len(cuts):
        places = edges
        cuts = partition(costs, np.arange(len(edges)), places, shortest, longest, penalty)
    return [Span(int(places[a]), int(places[b])) for a, b in pairwise(cuts)]


def _rows_before(edges: IntT, places: IntT) -> IntT:
    """For each place the nearest edge between two rows."""
    middles = (edges[:-1] + edges[1:]) // 2
    return np.searchsorted(middles, places, side="right")


def _places(beats: BeatGrid, start: int, end: int) -> IntT:
    """Half beats strictly inside (start, end), the grid carried on at its own tempo, with both ends."""
    known = beats.beats_ns if len(beats.beats_ns) else np.array([start])
    period = round(60 * SECOND / beats.bpm)
    earlier = np.arange(known[0], start - period, -period)[:0:-1]
    later = np.arange(known[-1], end + period, period)[1:]
    grid = np.concatenate([earlier, known, later])
    halves = np.unique(np.concatenate([grid, (grid[:-1] + grid[1:]) // 2]))
    return np.concatenate([[start], halves[(halves > start) & (halves < end)], [end]])
