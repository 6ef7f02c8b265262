"""Scores of spans become segments: named, merged, or left as "other"."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dancecore.errors import DanceError
from dancecore.settings import DecodingSettings
from dancecore.types import MS, OTHER, MoveScores, Segment, Span

Reading = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class _Part:
    """One span, or several merged: what it was read as, and each reading's probability."""

    span: Span
    reading: Reading
    probability: dict[Reading, float]


def decode(scores: Sequence[MoveScores], settings: DecodingSettings) -> list[Segment]:
    """Segments of one clip in order of time, none overlapping another.

    A span takes its most probable move, and of that move the more probable side. It is OTHER when the move is less
    probable than `min_confidence` or than OTHER, or its distance more than `max_distance` of the typical one. Equal
    neighbours (same move, same side) less than `merge_gap_ms` apart become one segment, whose probabilities are the
    spans' weighted by duration. `confidence` is the probability of the move on either side; for OTHER it is one less
    that of the most probable move. Raises DanceError("INVALID_INPUT") when spans overlap.
    """
    ordered = sorted(scores, key=lambda score: score.span)
    for before, after in pairwise(ordered):
        if after.span.start_ns < before.span.end_ns:
            raise DanceError("INVALID_INPUT", f"spans overlap: {before.span} and {after.span}")
    merged: list[_Part] = []
    for part in (_read(score, settings) for score in ordered):
        if merged and _joins(merged[-1], part, settings.merge_gap_ms * MS):
            merged[-1] = _join(merged[-1], part)
        else:
            merged.append(part)
    return [_segment(part) for part in merged]


def band(confidence: float, settings: DecodingSettings) -> str:
    """The word for a confidence: "high", "medium" or "low"."""
    if confidence >= settings.high:
        return "high"
    return "medium" if confidence >= settings.medium else "low"


def _read(score: MoveScores, settings: DecodingSettings) -> _Part:
    probability = {(c.move_id, c.mirror): c.probability for c in score.candidates}
    return _Part(score.span, _choose(score, probability, settings), probability)


def _choose(score: MoveScores, probability: dict[Reading, float], settings: DecodingSettings) -> Reading:
    moves = _by_move(probability)
    if not moves:
        return OTHER, False
    move_id = max(moves, key=lambda move: moves[move])
    distance = min(c.distance for c in score.candidates if c.move_id == move_id)
    too_far = distance > settings.max_distance * score.typical
    if move_id == OTHER or too_far or moves[move_id] < settings.min_confidence:
        return OTHER, False
    sides = {reading: p for reading, p in probability.items() if reading[0] == move_id}
    return max(sides, key=lambda reading: sides[reading])


def _by_move(probability: dict[Reading, float]) -> dict[str, float]:
    """Probability of each move, its two sides together."""
    moves: dict[str, float] = {}
    for (move_id, _), p in probability.items():
        moves[move_id] = moves.get(move_id, 0.0) + p
    return moves


def _joins(before: _Part, after: _Part, gap_ns: int) -> bool:
    return before.reading == after.reading and after.span.start_ns - before.span.end_ns < gap_ns


def _join(before: _Part, after: _Part) -> _Part:
    a, b = before.span.length_ns, after.span.length_ns
    readings = {**before.probability, **after.probability}
    mean = {
        reading: (a * before.probability.get(reading, 0.0) + b * after.probability.get(reading, 0.0)) / (a + b)
        for reading in readings
    }
    return _Part(Span(before.span.start_ns, after.span.end_ns), before.reading, mean)


def _segment(part: _Part) -> Segment:
    moves = {move: p for move, p in _by_move(part.probability).items() if move != OTHER}
    move_id, mirror = part.reading
    ranked = sorted(moves.items(), key=lambda item: -item[1])
    confidence = moves[move_id] if move_id != OTHER else 1 - max(moves.values(), default=0.0)
    return Segment(
        start_ns=part.span.start_ns,
        end_ns=part.span.end_ns,
        move_id=move_id,
        confidence=min(max(confidence, 0.0), 1.0),
        mirror=mirror,
        alternatives=tuple((move, min(p, 1.0)) for move, p in ranked if move != move_id),
    )
