"""Scores of frames become segments: the best of all ways to cut a dance and to name its parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from dancecore.decoding.decode import UNKNOWN
from dancecore.errors import DanceError
from dancecore.settings import DecodingSettings
from dancecore.types import MS, OTHER, SECOND, Float64, IntT, Reading, Segment


@dataclass(frozen=True, slots=True)
class Part:
    """Frames [first, end) that are of one class, and what they add to the score of the whole."""

    first: int
    end: int
    label: int
    score: float


def viterbi(scores: Float64, boundary: Float64, log_duration: Float64, *, penalty: float = 0.0) -> list[Part]:
    """The segmentation of T frames with the greatest score, exact (semi-Markov Viterbi: Sarawagi & Cohen 2004).

    scores (T, C): log-score of each class at each frame; boundary (T,): log-odds that a segment begins at this frame;
    log_duration (L + 1, C): log-probability that a segment of a class is so many frames long, -inf where it cannot be.
    A segment adds its class's scores, the log-probability of its length and, if it is not the first, boundary -
    penalty. A class may follow itself. Of equally good ones the last segment is of the lowest class, then the shortest;
    so is the one before it. O(T L C). Raises DanceError("INVALID_INPUT") for scores or boundaries that are not finite,
    and when no segments of these durations are T frames long together.
    """
    frames, classes = scores.shape
    if boundary.shape != (frames,) or log_duration.ndim != 2 or log_duration.shape[1] != classes or not classes:
        shapes = f"{scores.shape}, {boundary.shape}, {log_duration.shape}"
        raise DanceError("INVALID_INPUT", f"shapes must be (T, C), (T,), (L + 1, C), not {shapes}")
    if not (np.isfinite(scores).all() and np.isfinite(boundary).all()):
        raise DanceError("INVALID_INPUT", "scores and boundaries must be finite")
    possible = np.flatnonzero((log_duration[1:] > -np.inf).any(axis=1)) + 1
    shortest = int(possible[0]) if len(possible) else frames + 1
    entry = np.append(0.0, boundary[1:] - penalty)
    sums = np.vstack([np.zeros(classes), np.cumsum(scores, axis=0, dtype=np.float64)])
    best, length, label = _forward(sums, entry, np.ascontiguousarray(log_duration, np.float64), shortest)
    if best[-1] == -np.inf:
        raise DanceError("INVALID_INPUT", f"no segments of these durations are {frames} frames long together")
    return list(_backward(best, length, label))[::-1]


def segments_of(
    scores: Float64, boundary: Float64, time_ns: IntT, readings: Sequence[Reading], settings: DecodingSettings,
    *, bpm: float | None = None,
) -> list[Segment]:  # fmt: skip
    """Segments of one stretch of a dance, in order of time, without gaps.

    scores (T, C) and boundary (T,) as in `viterbi`, of the readings (C,), one of which is `UNKNOWN`; time_ns (T,),
    evenly spaced; `bpm` of the music, None if unknown. Equal neighbours become one segment. A reading's probability is
    the softmax of its mean score over the segment's frames / `temperature`: for the move with its side, or OTHER, the
    segment's `confidence`; alternatives are the most probable other moves, on either side. A stretch shorter than
    `shortest_ms` has no segment. Raises DanceError("INVALID_INPUT").
    """
    if scores.shape != (len(time_ns), len(readings)) or UNKNOWN not in readings:
        raise DanceError(
            "INVALID_INPUT",
            f"scores {scores.shape} are not of {len(time_ns)} frames and {len(readings)} readings with {OTHER}",
        )
    step = int(np.median(np.diff(time_ns))) if len(time_ns) > 1 else SECOND
    if len(time_ns) * step < settings.shortest_ms * MS:
        return []
    table = durations(step, len(readings), settings, bpm)
    parts = viterbi(scores, boundary, table, penalty=settings.segment_penalty)
    return [_segment(scores[a:b], int(time_ns[a]), int(time_ns[b - 1]) + step, readings[k], readings, settings)
            for a, b, k in _merged(parts)]  # fmt: skip


def durations(step_ns: int, classes: int, settings: DecodingSettings, bpm: float | None) -> Float64:
    """(L + 1, C): log-probability of segments of so many frames, `shortest_ms` to `longest_ms` long.

    All lengths are as probable; with a tempo, those nearer to a number of half beats are more so: what they are off
    is Gaussian with `beat_spread` beats. The limits allow every sum that is at least `shortest_ms`.
    """
    shortest = max(1, -(-settings.shortest_ms * MS // step_ns))
    longest = max(settings.longest_ms * MS // step_ns, 2 * shortest - 1)
    frames = np.arange(longest + 1)
    off = np.zeros(longest + 1)
    if bpm is not None:
        halves = frames * step_ns / SECOND * bpm / 30
        off = (halves - np.round(halves)) / 2
    weight = np.where(frames >= shortest, np.exp(-((off / settings.beat_spread) ** 2) / 2), 0.0)
    with np.errstate(divide="ignore"):
        logs = np.log(weight / weight.sum())
    return np.repeat(logs[:, None], classes, axis=1)


@njit(cache=True, nogil=True)
def _forward(sums: Float64, entry: Float64, log_duration: Float64, shortest: int) -> tuple[Float64, IntT, IntT]:
    """Score of the best segmentation of the first n frames (T + 1,), and length and class of its last segment.

    sums (T + 1, C) are of the scores of the first n frames. As transitions are alike, all classes share the best
    score before a segment; classes lie side by side, so that the compiler takes several at once.
    """
    frames, classes = sums.shape[0] - 1, sums.shape[1]
    longest = log_duration.shape[0] - 1
    best, length, label = np.full(frames + 1, -np.inf), np.zeros(frames + 1, np.int64), np.zeros(frames + 1, np.int64)
    best[0] = 0.0
    before = np.empty((frames + 1, classes))  # best score of the first n frames less the sums up to there
    running = np.empty(classes)
    for end in range(frames + 1):
        if end:
            running[:] = -np.inf
            for d in range(shortest, min(longest, end) + 1):
                for c in range(classes):
                    score = before[end - d, c] + log_duration[d, c]
                    running[c] = score if score > running[c] else running[c]
            for c in range(classes):
                if running[c] + sums[end, c] > best[end]:
                    best[end], label[end] = running[c] + sums[end, c], c
            for d in range(min(longest, end), shortest - 1, -1):
                if before[end - d, label[end]] + log_duration[d, label[end]] == running[label[end]]:
                    length[end] = d
        if end < frames:
            for c in range(classes):
                before[end, c] = best[end] + entry[end] - sums[end, c]
    return best, length, label


def _backward(best: Float64, length: IntT, label: IntT) -> Iterator[Part]:
    """The segments of the best segmentation, the last one first."""
    end = len(best) - 1
    while end:
        first = end - int(length[end])
        yield Part(first, end, int(label[end]), float(best[end] - best[first]))
        end = first


def _merged(parts: Sequence[Part]) -> Iterator[tuple[int, int, int]]:
    """First frame, end and class of runs of one class."""
    first = 0
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        if after is None or after.label != part.label:
            yield first, part.end, part.label
            first = part.end


def _segment(
    scores: Float64, start_ns: int, end_ns: int, reading: Reading, readings: Sequence[Reading],
    settings: DecodingSettings,
) -> Segment:  # fmt: skip
    logits = scores.mean(axis=0) / settings.temperature
    likely = np.exp(logits - logits.max())
    moves: dict[str, float] = {}
    likely /= likely.sum()
    for (move_id, _), p in zip(readings, likely, strict=True):
        moves[move_id] = min(moves.get(move_id, 0.0) + float(p), 1.0)
    others = sorted((item for item in moves.items() if item[0] not in (reading[0], OTHER)), key=lambda item: -item[1])
    sure = min(float(likely[readings.index(reading)]), 1.0)
    return Segment(start_ns, end_ns, reading[0], sure, reading[1], tuple(others[: settings.alternatives]))
