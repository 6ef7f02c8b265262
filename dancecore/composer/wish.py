"""What somebody wants of a dance."""

from dataclasses import dataclass

import numpy as np

from dancecore.composer.book import Book
from dancecore.composer.profiles import Profile
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.errors import DanceError

BAR = 4
"""Beats in a bar."""

MOST_BARS = 256
"""Of a dance: ten minutes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A dance of so many bars at this tempo.

    `style`: a name of the settings. `families`: only moves of these families ("turns") or sub-families ("turns/spin").
    `energy`: a name of the settings, or grades 1..5 evenly over the dance. `must`: moves that occur, as often as they
    are named; `never`: those that do not. `locked`: (start beat, step) that stay as they are. `first`, `last`: moves.
    novelty 0..1: from what people do to what they seldom do. diversity 0..1: how much each repetition costs. `seed`: 0
    for the best dance that is found, others for others nearly as good. Moves are ids. What is named by `must`,
    `first`, `last` or `locked` is danced whatever families, difficulty and tempo say.
    """

    bars: int
    bpm: float
    style: str | None = None
    families: tuple[str, ...] = ()
    max_difficulty: int | None = None
    energy: str | tuple[float, ...] = ()
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    locked: tuple[tuple[float, Step], ...] = ()
    first: str | None = None
    last: str | None = None
    novelty: float = 0.0
    diversity: float = 0.5
    seed: int = 0

    @property
    def beats(self) -> int:
        return BAR * self.bars


def checked(wish: Wish, book: Book, settings: ComposerSettings) -> Wish:
    """The wish with its energy as grades and its locked steps in order. Raises DanceError("INVALID_INPUT") for values
    out of range, and DanceError("NOT_FOUND") for names nobody knows."""
    _check_numbers(wish)
    ends = {*filter(None, (wish.first, wish.last))}
    named = {*wish.must, *wish.never, *(step.move_id for _, step in wish.locked), *ends}
    if unknown := sorted(named - book.number.keys()):
        raise DanceError("NOT_FOUND", f"there is no move {', '.join(unknown)}", {"moves": unknown})
    if both := sorted(({*wish.must} | ends) & set(wish.never)):
        raise DanceError("INVALID_INPUT", f"{', '.join(both)} cannot be both wanted and left out")
    _named("style", wish.style, settings.styles)
    _check_families(wish.families, book)
    energy = wish.energy
    if isinstance(energy, str):
        _named("energy", energy, settings.energies)
        energy = tuple(settings.energies[energy])
    if not all(1 <= grade <= 5 for grade in energy):
        raise DanceError("INVALID_INPUT", f"energy is graded 1 to 5, not {energy}")
    locked = tuple(sorted(wish.locked, key=lambda lock: lock[0]))
    _check_locked(locked, wish)
    return Wish(**{name: getattr(wish, name) for name in Wish.__slots__} | {"energy": energy, "locked": locked})


def _check_numbers(wish: Wish) -> None:
    ranges = [
        ("bars", wish.bars, 1, MOST_BARS), ("bpm", wish.bpm, 30, 300), ("novelty", wish.novelty, 0, 1),
        ("diversity", wish.diversity, 0, 1), ("max_difficulty", wish.max_difficulty or 5, 1, 5),
    ]  # fmt: skip
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise DanceError("INVALID_INPUT", f"{name} wants to be {low} to {high}, not {value:g}")


def _named(what: str, name: str | None, known: dict[str, tuple[float, ...]] | dict[str, tuple[str, ...]]) -> None:
    if name is not None and name not in known:
        raise DanceError("INVALID_INPUT", f"there is no {what} {name!r}; there is: {', '.join(known)}")


def _check_families(families: tuple[str, ...], book: Book) -> None:
    known = {name for move in book.moves if move.family for name in (move.family, f"{move.family}/{move.sub_family}")}
    if unknown := sorted(set(families) - known):
        there = ", ".join(sorted(known))
        raise DanceError("INVALID_INPUT", f"there is no family {', '.join(unknown)}; there is: {there}")


def _check_locked(locked: tuple[tuple[float, Step], ...], wish: Wish) -> None:
    until, beats = 0.0, wish.beats
    for start, step in locked:
        if start % 0.5 or step.beats % 0.5:
            raise DanceError("INVALID_INPUT", f"{step.move_id} is locked off the half beats, at {start:g}")
        if start < until:
            raise DanceError("INVALID_INPUT", f"{step.move_id} is locked at beat {start:g}, before {until:g}")
        until = start + step.beats
        if until > beats:
            raise DanceError("INVALID_INPUT", f"{step.move_id} at beat {start:g} ends after the dance of {beats} beats")
        for place, wanted, there in (("first", wish.first, start == 0), ("last", wish.last, until == beats)):
            if there and wanted not in (None, step.move_id):
                raise DanceError("INVALID_INPUT", f"{step.move_id} is locked where {wanted} is to be {place}")


def within(move: Profile, families: tuple[str, ...]) -> bool:
    """Whether a move is of one of these families or sub-families."""
    return move.family in families or f"{move.family}/{move.sub_family}" in families


def target(wish: Wish, beat: float) -> float | None:
    """The energy that is asked for at a beat; None where none is."""
    if not wish.energy or isinstance(wish.energy, str):
        return None
    return float(np.interp(beat / wish.beats, np.linspace(0, 1, len(wish.energy)), wish.energy))


def on_bars(start: float, beats: float) -> bool:
    """Whether a step keeps to the bars: from a bar line for whole bars, or within one, on a multiple of its length."""
    if start % BAR == 0:
        return beats % BAR == 0 or beats < BAR
    return start % beats == 0 and start % BAR + beats <= BAR
