"""Plans: the best there is on small cases, and on large ones everything that was asked for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from dancecore.composer.book import Book
from dancecore.composer.counts import count
from dancecore.composer.planning import Plan, plan
from dancecore.composer.scoring import Place, Scorer
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Choreography, Heard, Step
from dancecore.composer.suggesting import suggest
from dancecore.composer.wish import Wish, checked
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy

MOVES = ["mv_floss", "mv_two_step", "mv_star_hit", "mv_can_can", "mv_grapevine", "mv_dab"]
"""Phrases of 2, 4 and 8 beats; star hits are low and can-cans on one leg, which do not join."""

Make = Callable[[list[str], list[Choreography]], Book]


def every(wish: Wish, book: Book, numbers: ComposerSettings) -> Iterator[tuple[float, list[tuple[str, float]]]]:
    """Every dance that is allowed with its score, by trying all of them."""
    scorer = Scorer(book, checked(wish, book, numbers), numbers)
    locks = dict(wish.locked)

    def fits(name: str, beats: float, start: float) -> bool:
        phrase = book.profiles[name].phrase
        bars = beats % 4 == 0 if start % 4 == 0 else start % 4 + beats <= 4
        return beats % phrase == 0 and bars and all(not start < at < start + beats for at in locks)

    def grow(names: list[str], beats: list[float], score: float) -> Iterator[tuple[float, list[tuple[str, float]]]]:
        start = sum(beats)
        if start == wish.beats:
            if all(names.count(name) >= wish.must.count(name) for name in wish.must):
                yield score, list(zip(names, beats, strict=True))
            return
        used = np.array([float(names.count(name)) for name in book.model.names])
        numbered = [book.number[name] for name in names[-2:]]
        place = Place(numbered[0] if len(numbered) == 2 else None, numbered[-1] if numbered else None, start, used)
        ways = [(n, b) for n in book.model.names for b in (4.0, 8.0)]
        worth = cache(partial(scorer.total, place))  # once for all moves of a length
        for name, length in [(locks[start].move_id, locks[start].beats)] if start in locks else ways:
            if start not in locks:
                last = start + length == wish.beats
                joined = not names or (book.joins[numbered[-1], book.number[name]] and name != names[-1])
                lock = locks.get(start + length)
                joins = lock is None or (
                    book.joins[book.number[name], book.number[lock.move_id]] and name != lock.move_id
                )
                asked = (start > 0 or wish.first in (None, name)) and (not last or wish.last in (None, name))
                if not (joined and joins and asked and fits(name, length, start) and name not in wish.never):
                    continue
            if start + length <= wish.beats:
                more = float(worth(length)[book.number[name]])
                yield from grow([*names, name], [*beats, length], score + more)

    yield from grow([], [], 0.0)


moves = st.sampled_from(MOVES)
some = st.lists(moves, max_size=2).map(tuple)
wishes = st.builds(
    Wish, bars=st.integers(1, 5), bpm=st.just(104.0), must=some, never=st.lists(moves, max_size=1).map(tuple),
    first=st.one_of(st.none(), moves), last=st.one_of(st.none(), moves), novelty=st.sampled_from([0.0, 0.3, 1.0]),
    diversity=st.sampled_from([0.0, 0.5, 1.0]), energy=st.sampled_from([(), (1.0, 5.0), (2.0, 5.0, 2.0)]),
    seed=st.integers(0, 3),
    locked=st.one_of(st.just(()), st.builds(lambda bar, m: ((4.0 * bar, Step(m, 8.0)),), st.integers(0, 3), moves)),
)  # fmt: skip
heard = st.lists(st.lists(st.builds(Heard, moves, st.sampled_from([4.0, 8.0])), max_size=6).map(tuple), max_size=6)


@hypothesis(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes, heard)
def test_the_optimum_is_found_on_small_cases(
    small: Make, numbers: ComposerSettings, wish: Wish, danced: list[tuple[Heard, ...]]
) -> None:
    book = small(MOVES, [Choreography(str(i), steps) for i, steps in enumerate(danced)])
    try:
        best = max((score for score, _ in every(wish, book, numbers)), default=None)
    except DanceError as refused:
        with pytest.raises(DanceError, match=refused.code):
            plan(wish, book, numbers)
        return
    if best is None:
        with pytest.raises(DanceError, match="NO_PLAN"):
            plan(wish, book, numbers)
        return
    found = plan(wish, book, numbers)
    assert found.score == pytest.approx(best)
    assert found.score == pytest.approx(sum(part.value for parts in found.parts for part in parts))


def holds(found: Plan, wish: Wish, book: Book) -> None:
    """Everything that is promised of a plan."""
    starts = np.cumsum([0, *(step.beats for step in found.steps)])
    assert starts[-1] == wish.beats
    locked = dict(wish.locked)
    for start, step in locked.items():
        assert found.steps[list(starts).index(start)] == step
    names = [step.move_id for step in found.steps]
    free = [i for i, start in enumerate(starts[:-1]) if start not in locked]
    for i in free:
        profile, beats = book.profiles[names[i]], found.steps[i].beats
        assert beats % profile.phrase == 0
        assert (starts[i] % 4 == 0 and beats % 4 == 0) or starts[i] % 4 + beats <= 4
        assert names[i] not in wish.never
        if names[i] not in (*wish.must, wish.first, wish.last):
            assert profile.bpm[0] <= wish.bpm <= profile.bpm[1]
            assert wish.max_difficulty is None or profile.difficulty <= wish.max_difficulty
            assert not wish.families or {profile.family, f"{profile.family}/{profile.sub_family}"} & {*wish.families}
    for i, (a, b) in enumerate(pairwise(names)):
        if i in free or i + 1 in free:
            assert a != b
            assert book.joins[book.number[a], book.number[b]]
    assert all(names.count(name) >= wish.must.count(name) for name in wish.must)
    assert wish.first in (None, names[0])
    assert wish.last in (None, names[-1])


large = st.builds(
    Wish, bars=st.integers(2, 16), bpm=st.sampled_from([88.0, 100.0, 120.0, 128.0]),
    style=st.sampled_from([None, "latin", "house"]), max_difficulty=st.sampled_from([None, 2, 3]),
    energy=st.sampled_from([(), "arc", "build"]),
    must=st.sampled_from([(), ("mv_floss",), ("mv_dab", "mv_dab", "mv_spin")]),
    never=st.sampled_from([(), ("mv_two_step", "mv_clap")]), first=st.sampled_from([None, "mv_grapevine"]),
    last=st.sampled_from([None, "mv_star_hit"]), novelty=st.floats(0, 1), diversity=st.floats(0, 1),
    seed=st.integers(0, 99), families=st.sampled_from([(), ("steps", "arms and hands/mime", "grooves")]),
    locked=st.sampled_from([(), ((2.0, Step("mv_floss", 2, True)),), ((8.0, Step("mv_moonwalk", 8)),)]),
)  # fmt: skip


@hypothesis(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(large)
def test_constraints_are_never_broken(book: Book, numbers: ComposerSettings, wish: Wish) -> None:
    narrow = replace(numbers, beam=10, wider=100)  # what must hold, holds for any beam
    try:
        found = plan(wish, book, narrow)
    except DanceError:
        if wish.bars > 8 and not (wish.first and wish.locked):  # there is room for all of it
            raise
        return
    holds(found, wish, book)


def test_a_linker_joins_postures(small: Make, numbers: ComposerSettings) -> None:
    book = small(MOVES, [])
    found = plan(Wish(3, 104, first="mv_star_hit", last="mv_can_can"), book, numbers)
    assert found.steps[1].move_id in ("mv_floss", "mv_two_step", "mv_dab")
    with pytest.raises(DanceError, match="NO_PLAN"):
        plan(Wish(2, 104, first="mv_star_hit", last="mv_can_can"), book, numbers)


def test_energy_follows_its_curve(book: Book, numbers: ComposerSettings) -> None:
    def energies(curve: str) -> list[float]:
        found = plan(Wish(16, 104, energy=curve, diversity=1.0), book, numbers)
        return [book.profiles[step.move_id].energy for step in found.steps]

    build, calm = energies("build"), energies("calm")
    assert np.mean(build[-4:]) - np.mean(build[:4]) > 1
    assert np.mean(calm[:4]) - np.mean(calm[-4:]) > 1


def test_style_diversity_novelty_and_seed_are_seen(book: Book, numbers: ComposerSettings) -> None:
    plain = Wish(16, 104)
    of_style = plan(replace(plain, style="latin"), book, numbers)
    latin = [book.profiles[step.move_id].sub_family in ("latin", "salsa", "hips") for step in of_style.steps]
    assert np.mean(latin) > 0.4
    same, varied = (plan(replace(plain, diversity=d), book, numbers).steps for d in (0.0, 1.0))
    assert len({s.move_id for s in same}) < len({s.move_id for s in varied})
    assert len({s.move_id for s in varied}) > 0.8 * len(varied)
    usual, novel = (plan(replace(plain, novelty=n), book, numbers).steps for n in (0.0, 1.0))
    uses = [np.mean([book.profiles[s.move_id].uses for s in steps]) for steps in (usual, novel)]
    assert uses[1] < uses[0]
    assert plan(replace(plain, seed=1), book, numbers).steps != plan(replace(plain, seed=2), book, numbers).steps
    assert plan(plain, book, numbers).steps == plan(plain, book, numbers).steps


def test_every_other_time_a_move_comes_on_its_other_side(small: Make, numbers: ComposerSettings) -> None:
    book = small(["mv_floss", "mv_body_roll"], [])
    steps = plan(Wish(6, 104), book, numbers).steps
    sides = [step.mirror for step in steps if step.move_id == "mv_floss"]
    assert sides == [i % 2 == 1 for i in range(len(sides))]
    assert not any(step.mirror for step in steps if step.move_id == "mv_body_roll"), "it is its own mirror image"


def test_other_peoples_moves_are_planned_too(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    danced = [Choreography("x", (Heard("plié", 4), Heard("jeté", 8)) * 4)]
    book = Book(replace(taxonomy, moves={}), count(danced))
    assert [s.move_id for s in plan(Wish(3, 100), book, numbers).steps] == ["plié", "jeté"]


REFUSED = [
    (Wish(0, 100), "INVALID_INPUT: bars"),
    (Wish(8, 9), "INVALID_INPUT: bpm"),
    (Wish(8, 100, novelty=2), "INVALID_INPUT: novelty"),
    (Wish(8, 100, max_difficulty=6), "INVALID_INPUT: max_difficulty"),
    (Wish(8, 100, style="polka"), "INVALID_INPUT: there is no style"),
    (Wish(8, 100, energy="up"), "INVALID_INPUT: there is no energy"),
    (Wish(8, 100, energy=(0.0, 3.0)), "INVALID_INPUT: energy is graded"),
    (Wish(8, 100, families=("ballet",)), "INVALID_INPUT: there is no family ballet"),
    (Wish(8, 100, must=("mv_none",)), "NOT_FOUND: there is no move mv_none"),
    (Wish(8, 100, must=("mv_dab",), never=("mv_dab",)), "INVALID_INPUT: mv_dab cannot be both"),
    (Wish(2, 100, locked=((6.0, Step("mv_dab", 4)),)), "ends after the dance"),
    (Wish(8, 100, locked=((0.0, Step("mv_dab", 4)), (2.0, Step("mv_dab", 4)))), "before 4"),
    (Wish(8, 100, locked=((0.25, Step("mv_dab", 4)),)), "off the half beats"),
    (
        Wish(2, 100, first="mv_spin", locked=((0.0, Step("mv_dab", 4)),)),
        "mv_dab is locked where mv_spin is to be first",
    ),
    (Wish(2, 100, last="mv_spin", locked=((4.0, Step("mv_dab", 4)),)), "mv_dab is locked where mv_spin is to be last"),
    (Wish(8, 210, must=("mv_dab",)), "NO_PLAN: no dance of 8 bars"),
    (Wish(8, 210), "NO_PLAN: no move is danced at 210 bpm"),
    (Wish(2, 100, must=("mv_dab", "mv_floss", "mv_spin")), "NO_PLAN: the moves that must occur last 12 beats"),
]


@pytest.mark.parametrize(("wish", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_be_is_refused(wish: Wish, words: str, book: Book, numbers: ComposerSettings) -> None:
    with pytest.raises(DanceError) as refused:
        plan(wish, book, numbers)
    assert words in str(refused.value)


def test_suggestions_add_up_and_say_why(book: Book, numbers: ComposerSettings) -> None:
    before = [Step("mv_floss", 4), Step("mv_two_step", 4)]
    found = suggest(before, Wish(8, 104, energy="build", max_difficulty=3), book, numbers)
    assert len(found) == numbers.suggestions
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    for each in found:
        assert each.score == pytest.approx(sum(part.value for part in each.parts))
        assert book.profiles[each.step.move_id].difficulty <= 3
        assert all(part.reason for part in each.parts)
    names = {part.name for each in found for part in each.parts}
    assert {"seen", "beat", "body", "difficulty", "posture", "energy"} <= names


def test_a_suggestion_says_how_often_it_was_seen(small: Make, numbers: ComposerSettings) -> None:
    danced = [Choreography(str(i), (Heard("mv_floss", 4), Heard("mv_dab", 4))) for i in range(3)]
    book = small(MOVES, danced)
    best = suggest([Step("mv_floss", 4)], Wish(4, 104), book, numbers)[0]
    assert best.step == Step("mv_dab", 4)
    assert "seen 3 times after Floss" in {part.reason for part in best.parts}
    first = suggest([], Wish(4, 104), book, numbers)[0]
    assert first.step.move_id == "mv_floss"
    assert "seen 3 times at the beginning" in {part.reason for part in first.parts}


def test_a_suggestion_fills_the_bar_and_joins(small: Make, numbers: ComposerSettings) -> None:
    book = small(MOVES, [])
    after_half = suggest([Step("mv_floss", 2)], Wish(4, 104), book, numbers)
    assert after_half[0].step.beats == 2
    after_low = suggest([Step("mv_star_hit", 4)], Wish(4, 104, never=("mv_dab",)), book, numbers)
    assert not {s.step.move_id for s in after_low} & {"mv_can_can", "mv_dab"}
    again = [s for s in after_half if s.step.move_id == "mv_floss"]
    assert [s.step.mirror for s in again] == [True]
