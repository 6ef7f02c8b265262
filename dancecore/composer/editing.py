"""Changing a dance: another step in place of one, another rest, or more of it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from dancecore.composer.book import Book
from dancecore.composer.planning import Plan, plan
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR, Wish
from dancecore.errors import DanceError


def swap(steps: Sequence[Step], order: int, wish: Wish, book: Book, settings: ComposerSettings) -> Plan:
    """The dance with the step of this order replaced by the best that joins both sides, and none of its move.

    Raises DanceError: INVALID_INPUT for an order that there is not, and as `plan` does.
    """
    if not 0 <= order < len(steps):
        raise DanceError("INVALID_INPUT", f"the steps are numbered 0 to {len(steps) - 1}; there is no {order}")
    held = [lock for i, lock in enumerate(_locked(steps)) if i != order]
    never = (*wish.never, steps[order].move_id)
    asked = replace(wish, locked=tuple(held), must=(), first=None, last=None, never=never, bars=_bars(steps))
    return plan(asked, book, settings)


def go_on(steps: Sequence[Step], wish: Wish, book: Book, settings: ComposerSettings) -> Plan:
    """The dance that begins with these steps and goes on to `wish.bars`; what it locks besides counts from its start.

    Raises DanceError: INVALID_INPUT when the steps are longer than that, and as `plan` does.
    """
    if sum(step.beats for step in steps) > wish.beats:
        raise DanceError("INVALID_INPUT", f"the steps fill {_bars(steps)} bars already, and {wish.bars} are asked for")
    return plan(replace(wish, locked=(*_locked(steps), *wish.locked)), book, settings)


def regenerate(steps: Sequence[Step], keep: int, wish: Wish, book: Book, settings: ComposerSettings) -> Plan:
    """The dance with all but its first `keep` steps planned anew, drawn by the seed of the wish.

    Raises DanceError: INVALID_INPUT for a number of steps that there is not, and as `plan` does.
    """
    if not 0 <= keep <= len(steps):
        raise DanceError("INVALID_INPUT", f"there are {len(steps)} steps; {keep} cannot be kept")
    return go_on(steps[:keep], replace(wish, bars=_bars(steps)), book, settings)


def _locked(steps: Sequence[Step]) -> tuple[tuple[float, Step], ...]:
    starts = [0.0, *accumulate(step.beats for step in steps)]
    return tuple(zip(starts, steps, strict=False))


def _bars(steps: Sequence[Step]) -> int:
    return int(-(-sum(step.beats for step in steps) // BAR))
