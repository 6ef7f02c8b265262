"""Scores of spans become segments: named, merged, or left as "other"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dancecore.errors import DanceError
from dancecore.settings import DecodingSettings
from dancecore.types import MS, OTHER, MoveScores, Reading, Segment, Span

UNKNOWN: Reading = (OTHER, False)


@dataclass(frozen=True, slots=True)
class _Part:
    """One span, or several merged: what it was read as, how far that move is, alone and as a share of the distance of
    the next nearest move, and each reading's probability."""

    span: Span
    reading: Reading
    distance: float
    ratio: float
    probability: dict[Reading, float]


def decode(scores: Sequence[MoveScores], settings: DecodingSettings) -> list[Segment]:
    """Segments of one clip in order of time, none overlapping another.

    A span takes its most probable move, and of that move the more probable side. Equal neighbours (same move, same
    side) less than `merge_gap_ms` apart become one segment, in which every number is the spans' mean weighted by
    duration. A segment is OTHER when its move is farther than `max_distance`, or more than `max_ratio` times as far as
    the next nearest move: what is about as near to two moves is neither (Lowe 2004, section 7.1). Neighbours that are
    OTHER merge too. `confidence` is the probability of the move with its side; for OTHER it is one less that of the
    most probable move. Raises DanceError("INVALID_INPUT") when spans overlap.
    """
    ordered = sorted(scores, key=lambda score: score.span)
    for before, after in pairwise(ordered):
        if after.span.start_ns < before.span.end_ns:
            raise DanceError("INVALID_INPUT", f"spans overlap: {before.span} and {after.span}")
    gap_ns = settings.merge_gap_ms * MS
    named = _merged(map(_read, ordered), gap_ns)
    judged = [replace(part, reading=UNKNOWN) if _is_unknown(part, settings) else part for part in named]
    return [_segment(part) for part in _merged(judged, gap_ns)]


def band(confidence: float, settings: DecodingSettings) -> str:
    """The word for a confidence: "high", "medium" or "low"."""
    if confidence >= settings.high:
        return "high"
    return "medium" if confidence >= settings.medium else "low"


def _read(score: MoveScores) -> _Part:
    """The most probable reading of a span; without candidates it is nothing known, infinitely far."""
    probability = {(c.move_id, c.mirror): c.probability for c in score.candidates}
    moves = _by_move(probability)
    if not moves:
        return _Part(score.span, UNKNOWN, float("inf"), 1.0, {})
    move_id = max(moves, key=lambda move: moves[move])
    side = max((reading for reading in probability if reading[0] == move_id), key=lambda reading: probability[reading])
    distance = min(c.distance for c in score.candidates if c.move_id == move_id)
    rival = min((c.distance for c in score.candidates if c.move_id != move_id), default=float("inf"))
    return _Part(score.span, side, distance, distance / rival if rival else 1.0, probability)


def _is_unknown(part: _Part, settings: DecodingSettings) -> bool:
    return part.distance > settings.max_distance or part.ratio > settings.max_ratio


def _merged(parts: Iterable[_Part], gap_ns: int) -> list[_Part]:
    merged: list[_Part] = []
    for part in parts:
        near = merged and part.span.start_ns - merged[-1].span.end_ns < gap_ns
        if near and merged[-1].reading == part.reading:
            merged[-1] = _join(merged[-1], part)
        else:
            merged.append(part)
    return merged


def _join(before: _Part, after: _Part) -> _Part:
    share = before.span.length_ns / (before.span.length_ns + after.span.length_ns)
    a, b = before.probability, after.probability
    return _Part(
        span=Span(before.span.start_ns, after.span.end_ns),
        reading=before.reading,
        distance=share * before.distance + (1 - share) * after.distance,
        ratio=share * before.ratio + (1 - share) * after.ratio,
        probability={key: share * a.get(key, 0.0) + (1 - share) * b.get(key, 0.0) for key in {**a, **b}},
    )


def _by_move(probability: dict[Reading, float]) -> dict[str, float]:
    """Probability of each move, its two sides together."""
    moves: dict[str, float] = {}
    for (move_id, _), p in probability.items():
        moves[move_id] = moves.get(move_id, 0.0) + p
    return moves


def _segment(part: _Part) -> Segment:
    moves = _by_move(part.probability)
    move_id, mirror = part.reading
    ranked = sorted(moves.items(), key=lambda item: -item[1])
    confidence = part.probability[part.reading] if move_id != OTHER else 1 - max(moves.values(), default=0.0)
    return Segment(
        start_ns=part.span.start_ns,
        end_ns=part.span.end_ns,
        move_id=move_id,
        confidence=min(max(confidence, 0.0), 1.0),
        mirror=mirror,
        alternatives=tuple((move, min(p, 1.0)) for move, p in ranked if move != move_id),
    )
