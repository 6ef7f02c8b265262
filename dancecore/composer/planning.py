"""Whole dances: the best steps that fill the bars and keep to what was asked for, by beam search.

At every beat the best dances that end there are kept, as many for each number of moves that must still come (Hokamp &
Liu 2017). They are compared by their score and a bound on what can follow, found backwards without memory.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from dancecore.composer.book import Book
from dancecore.composer.profiles import Profile
from dancecore.composer.reasons import explain
from dancecore.composer.scoring import Part, Place, Scorer
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR, Wish, checked, on_bars, within
from dancecore.errors import DanceError
from dancecore.types import Float64, IntT


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a dance, its score, and the parts of each step's score."""

    steps: tuple[Step, ...]
    score: float
    parts: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class _Dance:
    """A beginning of a dance: its last step, what came before it, and all that what follows depends on.

    used (V,): how often each move occurs; owed: moves that must still come; hope: score and bound.
    """

    before: "_Dance | None"
    move: int | None
    beats: float
    end: float
    score: float
    hope: float
    used: Float64
    owed: tuple[int, ...]

    def place(self) -> Place:
        prev2 = self.before.move if self.before else None
        return Place(prev2, self.move, self.end, self.used)

    def key(self) -> tuple[object, ...]:
        """Dances of the same key have the same futures."""
        return self.before and self.before.move, self.move, self.used.tobytes(), self.owed


@dataclass(frozen=True, slots=True)
class _Ways:
    """Ways to go on with a dance, all of the same length: moves (N,), and the scores and hopes (N,) they lead to."""

    dance: _Dance
    beats: float
    locked: bool
    moves: IntT
    scores: Float64
    hopes: Float64

    def taken(self, i: int) -> _Dance:
        """The dance with the i-th of these steps; a locked one pays no debt."""
        move, owed = int(self.moves[i]), list(self.dance.owed)
        if move in owed and not self.locked:
            owed.remove(move)
        used = self.dance.used.copy()
        used[move] += 1
        end, score, hope = self.dance.end + self.beats, float(self.scores[i]), float(self.hopes[i])
        return _Dance(self.dance, move, self.beats, end, score, hope, used, tuple(owed))


def plan(wish: Wish, book: Book, settings: ComposerSettings) -> Plan:
    """The best dance that is found.

    Every step fills whole phrases of its move; one that begins on a bar line fills bars or stays in its bar, others end
    by their bar's end. No move follows itself, and postures join, except between two locked steps.
    Raises DanceError: INVALID_INPUT, NOT_FOUND as `checked`; NO_PLAN when nothing was found that fulfils the wish.
    """
    search = _Search(checked(wish, book, settings), book, settings)
    best = search.run(settings.beam) or search.run(settings.beam * settings.wider)
    if best is None:
        raise DanceError("NO_PLAN", search.why())
    return search.told(best)


class _Search:
    """One search for a plan."""

    def __init__(self, wish: Wish, book: Book, settings: ComposerSettings) -> None:
        self.wish, self.book = wish, book
        self.scorer = Scorer(book, wish, settings)
        self.locks = dict(wish.locked)
        ragged = any(edge % BAR for start, step in wish.locked for edge in (start, start + step.beats))
        self.lengths = (*settings.lengths, *(settings.fill_lengths if ragged else ()))
        self.wanted = {*wish.must, *filter(None, (wish.first, wish.last))}
        self.free = np.array([self._is_free(move) for move in book.moves])
        lengths = {*self.lengths, *(move.phrase for move in book.moves)}
        self.fitting = {beats: np.array([self._fits(move, beats) for move in book.moves]) for beats in lengths}
        self.twice = np.eye(len(book), dtype=bool)
        self._debt = self._owed()
        self._room: dict[tuple[tuple[int, ...], float], bool] = {}
        self.bound = self._bounds()

    def run(self, width: int) -> _Dance | None:
        """The best dance that a beam of this width leads to."""
        start = _Dance(None, None, 0.0, 0.0, 0.0, 0.0, np.zeros(len(self.book)), self._debt)
        at: dict[float, list[_Ways]] = defaultdict(list)
        for ways in self._onward(start):
            at[ways.beats].append(ways)
        while at and (here := min(at)) < self.wish.beats:
            for dance in self._kept(at.pop(here), width):
                for ways in self._onward(dance):
                    at[here + ways.beats].append(ways)
        done = self._kept(at.get(float(self.wish.beats), []), width)
        return max((dance for dance in done if not dance.owed), key=attrgetter("score"), default=None)

    def told(self, dance: _Dance) -> Plan:
        """The plan, every other time that a move comes on its other side."""
        chain = [dance]
        while chain[-1].before is not None:
            chain.append(chain[-1].before)
        steps, parts, times = [], [], Counter[int]()
        for before, here in zip(chain[:0:-1], chain[-2::-1], strict=True):
            assert here.move is not None
            move = self.book.moves[here.move]
            locked = self.locks.get(before.end)
            steps.append(locked or Step(move.move_id, here.beats, move.mirrorable and times[here.move] % 2 == 1))
            times[here.move] += 1
            parts.append(explain(self.scorer, before.place(), here.move, here.beats))
        return Plan(tuple(steps), dance.score, tuple(parts))

    def why(self) -> str:
        """Why there may be no plan, in words."""
        if not (self.free.any() or self.locks):
            asked = "of these families and grades " if self.wish.families or self.wish.max_difficulty else ""
            return f"no move {asked}is danced at {self.wish.bpm:g} bpm"
        room = self.wish.beats - sum(step.beats for step in self.locks.values())
        needed = sum(self._shortest(move) for move in self._debt)
        if needed > room:
            return f"the moves that must occur last {needed:g} beats, and {room:g} are free"
        return f"no dance of {self.wish.bars} bars fulfils all of this; leave one wish out"

    def _is_free(self, move: Profile) -> bool:
        wish = self.wish
        if move.move_id in wish.never:
            return False
        slow, fast = move.bpm
        hard = wish.max_difficulty is not None and move.difficulty > wish.max_difficulty
        other = bool(wish.families) and not within(move, wish.families)
        return move.move_id in self.wanted or (slow <= wish.bpm <= fast and not hard and not other)

    def _fits(self, move: Profile, beats: float) -> bool:
        """Whether a move may be danced for so long: whole phrases; its phrase where that is no usual length."""
        whole = beats == move.phrase or (move.loopable and beats % move.phrase == 0)
        usual = move.loopable and any(length % move.phrase == 0 for length in self.lengths)
        return whole and (beats in self.lengths if usual else beats == move.phrase)

    def _owed(self) -> tuple[int, ...]:
        """What must occur and is not locked already."""
        there = Counter(step.move_id for step in self.locks.values())
        missing = Counter(self.wish.must) - there
        return tuple(sorted(self.book.number[name] for name in missing.elements()))

    def _shortest(self, move: int) -> float:
        return min(beats for beats, fits in self.fitting.items() if fits[move])

    def _onward(self, dance: _Dance) -> Iterator[_Ways]:
        """The ways to go on with a dance."""
        here = dance.end
        if here in self.locks:
            step = self.locks[here]
            yield from self._ways(dance, step.beats, self._only(step.move_id), locked=True)
            return
        until = self._until(here)
        for beats, fits in self.fitting.items():
            if here + beats <= until and on_bars(here, beats):
                yield from self._ways(dance, beats, fits & self._may(dance, here + beats), locked=False)

    def _until(self, here: float) -> float:
        """Where the next locked step begins, or the dance ends."""
        return min((start for start in self.locks if start > here), default=float(self.wish.beats))

    def _ways(self, dance: _Dance, beats: float, may: NDArray[np.bool_], *, locked: bool) -> Iterator[_Ways]:
        bound = self.bound[dance.end + beats]
        moves = np.flatnonzero(may & np.isfinite(bound))
        if len(moves):
            scores = dance.score + self.scorer.total(dance.place(), beats)[moves]
            yield _Ways(dance, beats, locked, moves, scores, scores + bound[moves])

    def _kept(self, ways: Sequence[_Ways], width: int) -> list[_Dance]:
        """The most promising dances, as many for each number of moves owed; of those with the same futures the best."""
        if not ways:
            return []
        of = np.repeat(np.arange(len(ways)), [len(one.moves) for one in ways])
        nth = np.concatenate([np.arange(len(one.moves)) for one in ways])
        banks: dict[int, dict[tuple[object, ...], _Dance]] = {debt: {} for debt in range(len(self._debt) + 1)}
        open_banks, each = set(banks), -(-width // len(banks))
        for k in np.argsort(-np.concatenate([one.hopes for one in ways]), kind="stable"):
            one, i = ways[of[k]], int(nth[k])
            pays = not one.locked and int(one.moves[i]) in one.dance.owed
            debt = len(one.dance.owed) - pays
            if debt not in open_banks:
                continue
            dance = one.taken(i)
            if self._has_room(dance.owed, dance.end):
                banks[debt].setdefault(dance.key(), dance)
                if len(banks[debt]) == each:
                    open_banks.remove(debt)
                    if not open_banks:
                        break
        return [dance for bank in banks.values() for dance in bank.values()]

    def _may(self, dance: _Dance, end: float) -> NDArray[np.bool_]:
        """(V,) the moves that may come next and end there."""
        wish, may = self.wish, self.free
        if dance.end == 0 and wish.first is not None:
            may = may & self._only(wish.first)
        if end == wish.beats and wish.last is not None:
            may = may & self._only(wish.last)
        if dance.move is not None:
            may = may & self.book.joins[dance.move] & ~self.twice[dance.move]
        if end in self.locks:
            after = self.book.number[self.locks[end].move_id]
            may = may & self.book.joins[:, after] & ~self.twice[after]
        return may

    def _only(self, name: str) -> NDArray[np.bool_]:
        only = np.zeros(len(self.book), bool)
        only[self.book.number[name]] = True
        return only

    def _has_room(self, owed: tuple[int, ...], end: float) -> bool:
        if not owed:
            return True
        if (owed, end) not in self._room:
            taken = sum(step.beats for start, step in self.locks.items() if start >= end)
            room = self.wish.beats - end - taken
            self._room[owed, end] = sum(self._shortest(move) for move in owed) <= room
        return self._room[owed, end]

    def _bounds(self) -> dict[float, Float64]:
        """(V,) by beat: the most that can follow on a dance that ends there with each move, as one step sees it."""
        total = float(self.wish.beats)
        bound = {total: np.zeros(len(self.book))}
        pair = np.where(self.book.joins & ~self.twice, self.scorer.pair_seen, -np.inf)
        for here in np.arange(total - 0.5, 0, -0.5):
            if here in self.locks:
                step = self.locks[here]
                ways = [(step.beats, self._only(step.move_id), self.scorer.pair_seen)]
            else:
                until = self._until(here)
                ways = [
                    (beats, fits & self.free, pair)
                    for beats, fits in self.fitting.items()
                    if here + beats <= until and on_bars(here, beats)
                ]
            best = np.full(len(self.book), -np.inf)
            for beats, may, worth in ways:
                if here + beats in bound:
                    alone = self.scorer.by_itself(float(here), beats) + bound[here + beats]
                    best = np.maximum(best, (worth + np.where(may, alone, -np.inf)).max(axis=1))
            if np.isfinite(best).any():
                bound[float(here)] = best
        return defaultdict(lambda: np.full(len(self.book), -np.inf), bound)
