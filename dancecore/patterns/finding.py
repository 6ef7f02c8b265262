"""Where a dance holds a pattern."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from dancecore.patterns.reading import Link, Pattern, Step

SLACK_BEATS = 0.25
"""How much later than its count a move may begin: segments are cut on half beats, where music has beats."""


@dataclass(frozen=True, slots=True)
class Danced:
    """A segment of a dance, [start_ms, end_ms). start_beat, end_beat: in the clip's own music; None: it has none."""

    move_id: str
    mirror: bool
    start_ms: int
    end_ms: int
    start_beat: float | None = None
    end_beat: float | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The segments of a dance that are a pattern's steps, one each."""

    steps: tuple[Danced, ...]


def find(pattern: Pattern, dance: Sequence[Danced]) -> list[Match]:
    """Where a pattern is danced: from left to right, each match as early as can be after the one before it.

    `dance`: segments that do not overlap, in order of time; those of other moves than the pattern names may be missing.
    A distance in beats holds in no dance without beats.
    """
    good = _good(pattern, dance)
    found, until = list[Match](), 0
    for first in good[0]:
        if dance[first].start_ms < until:
            continue
        chain = [first]
        for later in good[1:]:
            chain.append(_after(later, dance, dance[chain[-1]]))
        found.append(Match(tuple(dance[place] for place in chain)))
        until = dance[chain[-1]].end_ms
    return found


def _good(pattern: Pattern, dance: Sequence[Danced]) -> list[list[int]]:
    """For each step the segments from which on the rest of the pattern is danced.

    What a link asks holds of a nearer segment if it holds of a farther one. So only the nearest is ever looked at.
    """
    steps, links = pattern.steps, pattern.links
    good = [[place for place, each in enumerate(dance) if _is(steps[-1], each)]]
    for step, link in zip(steps[-2::-1], links[::-1], strict=True):
        unwanted = [each.start_ms for each in dance if any(_is(one, each) for one in link.without)]
        good.insert(0, [
            place for place, each in enumerate(dance)
            if _is(step, each) and (later := _after(good[0], dance, each)) < len(dance)
            and _holds(link, each, dance[later], unwanted)
        ])  # fmt: skip
    return good


def _after(places: Sequence[int], dance: Sequence[Danced], before: Danced) -> int:
    """The first of these segments that begins after another one has ended; len(dance) where there is none."""
    place = bisect_left(places, before.end_ms, key=lambda each: dance[each].start_ms)
    return places[place] if place < len(places) else len(dance)


def _holds(link: Link, before: Danced, after: Danced, unwanted: Sequence[int]) -> bool:
    if link.ms is not None and after.start_ms - before.end_ms > link.ms:
        return False
    if link.beats is not None:
        if before.end_beat is None or after.start_beat is None:
            return False
        if after.start_beat - before.end_beat > link.beats + SLACK_BEATS:
            return False
    return bisect_left(unwanted, before.end_ms) == bisect_left(unwanted, after.start_ms)


def _is(step: Step, danced: Danced) -> bool:
    return danced.move_id == step.move_id and step.mirror in (None, danced.mirror)
