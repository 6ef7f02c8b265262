"""What could come next: moves with a score and its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dancecore.composer.book import Book
from dancecore.composer.reasons import explain
from dancecore.composer.scoring import Part, Place, Scorer
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR, Wish, checked, on_bars, within
from dancecore.types import Float64


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A step that could come next. `parts` add up to `score`."""

    step: Step
    name: str
    score: float
    parts: tuple[Part, ...]


def suggest(before: Sequence[Step], wish: Wish, book: Book, settings: ComposerSettings) -> list[Suggestion]:
    """The best next steps after these, best first: `settings.suggestions` of them, or as many as there are.

    The wish is that for the whole dance, of which so much is there; `first`, `last`, `must` and `locked` say nothing
    here. A move lasts as people dance it, as far as whole phrases and the bar allow; moves that keep to no bar are left
    out.
    Raises DanceError as `checked` does, for the moves before too.
    """
    start = sum(step.beats for step in before)
    bars = max(wish.bars, int(start // BAR) + 2)
    said = {name: getattr(wish, name) for name in Wish.__slots__}
    asked = Wish(**said | {"bars": bars, "must": tuple(step.move_id for step in before), "locked": (), "first": None,
                           "last": None, "never": ()})  # fmt: skip
    scorer = Scorer(book, checked(asked, book, settings), settings)
    never = {book.number[name] for name in wish.never if name in book.number}
    numbers = [book.number[step.move_id] for step in before]
    used = np.bincount(numbers, minlength=len(book)).astype(np.float64)
    place = Place(numbers[-2] if len(numbers) > 1 else None, numbers[-1] if numbers else None, start, used)
    if (seen := book.seen_in(before, wish.style)) is not None:
        scorer.heard(place, seen)
    found, totals = [], dict[float, Float64]()
    for move, profile in enumerate(book.moves):
        slow, fast = profile.bpm
        hard = wish.max_difficulty is not None and profile.difficulty > wish.max_difficulty
        other = bool(wish.families) and not within(profile, wish.families)
        cannot = place.prev is not None and not book.joins[place.prev, move]
        if move in never or hard or other or cannot or not slow <= wish.bpm <= fast:
            continue
        beats = _natural(profile.phrase, profile.loopable, profile.median_beats, start)
        if beats is not None:
            if beats not in totals:
                totals[beats] = scorer.total(place, beats)
            found.append((float(totals[beats][move]), move, beats))
    best = sorted(found, key=lambda one: (-one[0], one[1]))[: settings.suggestions]
    return [
        Suggestion(_step(before, book, move, beats), book.moves[move].name, score, explain(scorer, place, move, beats))
        for score, move, beats in best
    ]


def _step(before: Sequence[Step], book: Book, move: int, beats: float) -> Step:
    """A move that goes on does so on its other side."""
    profile = book.moves[move]
    again = bool(before) and before[-1].move_id == profile.move_id
    return Step(profile.move_id, beats, again and profile.mirrorable and not before[-1].mirror)


@lru_cache(4096)  # of a move there are as many as places in the bar
def _natural(phrase: float, loopable: bool, usual: float | None, start: float) -> float | None:
    """How long a move best lasts: whole phrases that keep to the bars, to a bar's end if any do, near to what is usual;
    None where none keep to them."""
    choices = [times * phrase for times in range(1, max(2, int(2 * BAR // phrase) + 1) if loopable else 2)]
    fitting = [beats for beats in choices if on_bars(start, beats)]
    filling = [beats for beats in fitting if (start + beats) % BAR == 0]
    wanted = usual or float(BAR)
    return min(filling or fitting, key=lambda beats: (abs(np.log2(beats / wanted)), beats), default=None)
