"""What a step is worth where it stands: a sum of named parts."""

from dataclasses import dataclass

import numpy as np

from dancecore.composer.book import LOUDEST, Book
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import START
from dancecore.composer.wish import BAR, Wish, target, within
from dancecore.types import Float64


@dataclass(frozen=True, slots=True)
class Part:
    """A named part of a score, what it adds, and why, in words."""

    name: str
    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step would stand: after these moves (None beyond the beginning), at a beat. used (V,): how often each
    move occurs before."""

    prev2: int | None
    prev: int | None
    start: float
    used: Float64


class Scorer:
    """Scores of steps under a wish that `checked` gave."""

    def __init__(self, book: Book, wish: Wish, settings: ComposerSettings) -> None:
        self.book, self.wish = book, wish
        self.weight = settings.weights
        tables = {
            "body": book.body, "difficulty": book.difficulty, "posture": book.posture, "follows": book.follows,
        }  # fmt: skip
        self.pairs = {name: self.weight[name] * table for name, table in tables.items()}
        self.pair = sum(self.pairs.values(), np.zeros((len(book), len(book))))
        self._habit = self.weight["seen"] * (1 - wish.novelty)
        self.pair_seen = self.pair + self._habit * book.seen_after
        of_style = tuple(settings.styles[wish.style]) if wish.style else ()
        self._style = self.weight["style"] * np.array([float(within(move, of_style)) for move in book.moves])
        self._novelty = self.weight["novelty"] * wish.novelty * book.rare
        self._energy = np.array([move.energy for move in book.moves])
        self._usual = np.array([move.median_beats or np.nan for move in book.moves])
        self._alone: dict[tuple[float, float], tuple[dict[str, Float64], Float64]] = {}
        self._heard: dict[tuple[int | None, int | None], Float64] = {}
        self.by_whole_dance: set[tuple[int | None, int | None]] = set()

    def parts(self, place: Place, beats: float) -> dict[str, Float64]:
        """(V,) each: what every move would add by each part, danced for so many beats there."""
        found = {"seen": self.seen(place.prev2, place.prev)}
        if place.prev is not None:
            found |= {name: worth[place.prev] for name, worth in self.pairs.items()}
        return found | self.alone(place.start, beats) | {"variety": self.repeated(place.used)}

    def total(self, place: Place, beats: float) -> Float64:
        """(V,) the sum of `parts`."""
        score = self.seen(place.prev2, place.prev) + self.repeated(place.used) + self.by_itself(place.start, beats)
        return score if place.prev is None else score + self.pair[place.prev]

    def seen(self, prev2: int | None, prev: int | None) -> Float64:
        """(V,) habit: what people do after these moves."""
        if (prev2, prev) not in self._heard:
            names = self.book.model.names
            before = (START if prev is not None else None) if prev2 is None else names[prev2]
            self._heard[prev2, prev] = self._habit * self.book.seen(before, START if prev is None else names[prev])
        return self._heard[prev2, prev]

    def heard(self, place: Place, seen: Float64) -> None:
        """Let habit at this place be `seen` (V,), as `Book.seen_in` has it, instead of what the last two moves say."""
        self._heard[place.prev2, place.prev] = self._habit * seen
        self.by_whole_dance.add((place.prev2, place.prev))

    def by_itself(self, start: float, beats: float) -> Float64:
        """(V,) the sum of `alone`."""
        return self._by_itself(start, beats)[1]

    def alone(self, start: float, beats: float) -> dict[str, Float64]:
        """(V,) each: the parts that know of no other step."""
        return self._by_itself(start, beats)[0]

    def _by_itself(self, start: float, beats: float) -> tuple[dict[str, Float64], Float64]:
        if (start, beats) not in self._alone:
            found = self._found_alone(start, beats)
            self._alone[start, beats] = found, sum(found.values(), np.zeros(len(self.book)))
        return self._alone[start, beats]

    def _found_alone(self, start: float, beats: float) -> dict[str, Float64]:
        found = {"beat": self.weight["beat"] * self._fits(start, beats)}
        asked = target(self.wish, start + beats / 2)
        if asked is not None:
            off = np.abs(self._energy - asked)
            found["energy"] = self.weight["energy"] * np.clip(1 - off, -LOUDEST, LOUDEST)
        if self.wish.style:
            found["style"] = self._style
        if self.wish.novelty:
            found["novelty"] = self._novelty
        if self.wish.seed:
            rng = np.random.default_rng([self.wish.seed, round(4 * start), round(4 * beats)])
            found["chance"] = self.weight["chance"] * rng.uniform(-1, 1, len(self.book))
        return found

    def repeated(self, used: Float64) -> Float64:
        """(V,) the price of what was danced before, the move itself or one of its sub-family."""
        return -self.weight["variety"] * self.wish.diversity * (used @ self.book.alike)

    def _fits(self, start: float, beats: float) -> Float64:
        """1 for a step from bar line to bar line, less for one that stays within its bar, less for lengths that people
        do not dance: half for twice or half as long as usual."""
        whole = 1.0 if start % BAR == 0 and (start + beats) % BAR == 0 else 0.5
        return whole - 0.5 * np.abs(np.nan_to_num(np.log2(beats / self._usual)))
