"""Where a dance holds a pattern: cases, and against trying every choice of segments."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.patterns import Danced, Link, Match, Pattern, Step, find


def dance(text: str, beats: bool = True) -> list[Danced]:
    """A dance of a segment a second, two beats: a letter a move, in capitals mirrored, "." for a pause."""
    found = []
    for n, one in enumerate(text):
        counted = (2.0 * n, 2.0 * n + 2) if beats else (None, None)
        found.append(Danced(one.lower(), one.isupper(), 1000 * n, 1000 * n + 1000, *counted))
    return [each for each in found if each.move_id != "."]


def steps(text: str) -> tuple[Step, ...]:
    return tuple(Step(one) for one in text)


A_TO_B = steps("ab")
FOUND: dict[str, tuple[Pattern, str, list[tuple[int, ...]]]] = {
    "one step": (Pattern(steps("a"), ()), "aba", [(0,), (2,)]),
    "either side": (Pattern(A_TO_B, (Link(),)), "Ab.aB", [(0, 1), (3, 4)]),
    "mirrored": (Pattern((Step("a", True), Step("b")), (Link(),)), "abAb", [(2, 3)]),
    "straight": (Pattern((Step("a", False), Step("b")), (Link(),)), "Abab", [(2, 3)]),
    "something else between": (Pattern(A_TO_B, (Link(),)), "axxb", [(0, 3)]),
    "in the wrong order": (Pattern(A_TO_B, (Link(),)), "ba", []),
    "matches share nothing": (Pattern(A_TO_B, (Link(),)), "aabb", [(0, 2)]),
    "at once": (Pattern(A_TO_B, (Link(0.0),)), "axbab", [(3, 4)]),
    "within counts": (Pattern(A_TO_B, (Link(2.0),)), "axxb.axb", [(5, 7)]),
    "within ms": (Pattern(A_TO_B, (Link(None, 1000.0),)), "axxb.axb", [(5, 7)]),
    "nothing of a kind between": (Pattern(A_TO_B, (Link(None, None, steps("c")),)), "acb.axb", [(4, 6)]),
    "the nearer one": (Pattern(A_TO_B, (Link(None, None, steps("a")),)), "aab", [(1, 2)]),
    "the first is no way on": (Pattern(steps("abc"), (Link(), Link(0.0))), "abxbc", [(0, 3, 4)]),
    "the same twice": (Pattern(steps("aa"), (Link(),)), "aaa", [(0, 1)]),
    "its own step between": (Pattern(A_TO_B, (Link(None, None, steps("b")),)), "abb", [(0, 1)]),
    "nothing is danced": (Pattern(A_TO_B, (Link(),)), "", []),
}


@pytest.mark.parametrize(("pattern", "text", "want"), FOUND.values(), ids=FOUND)
def test_where_it_is_danced(pattern: Pattern, text: str, want: list[tuple[int, ...]]) -> None:
    assert [tuple(each.start_ms // 1000 for each in match.steps) for match in find(pattern, dance(text))] == want


def test_a_dance_without_beats_holds_no_counts() -> None:
    assert find(Pattern(A_TO_B, (Link(8.0),)), dance("ab", beats=False)) == []
    assert find(Pattern(A_TO_B, (Link(None, 0.0),)), dance("ab", beats=False))


def test_a_move_may_be_a_quarter_beat_late() -> None:
    late = [Danced("a", False, 0, 1000, 0, 2), Danced("b", False, 2100, 3000, 4.2, 6)]
    assert find(Pattern(A_TO_B, (Link(2.0),)), late)
    assert not find(Pattern(A_TO_B, (Link(1.9),)), late)


LINKS = st.builds(
    Link, st.sampled_from([None, None, 0.0, 2.0, 4.0]), st.sampled_from([None, None, 0.0, 1000.0]),
    st.lists(st.builds(Step, st.sampled_from("abc"), st.sampled_from([None, True])), max_size=1).map(tuple),
)  # fmt: skip
STEPS = st.builds(Step, st.sampled_from("abc"), st.sampled_from([None, None, True, False]))


@given(st.text("abcABCx.", max_size=10), st.lists(STEPS, min_size=1, max_size=3), st.data())
def test_against_every_choice_of_segments(text: str, wanted: list[Step], data: st.DataObject) -> None:
    links = data.draw(st.lists(LINKS, min_size=len(wanted) - 1, max_size=len(wanted) - 1))
    pattern, danced = Pattern(tuple(wanted), tuple(links)), dance(text)
    assert find(pattern, danced) == every(pattern, danced)


def every(pattern: Pattern, danced: list[Danced]) -> list[Match]:
    """From left to right, the first choice of segments that fits and begins after the last one has ended."""
    found, until = list[Match](), 0
    for chosen in combinations(danced, len(pattern.steps)):
        if chosen[0].start_ms >= until and fits(pattern, chosen, danced):
            found.append(Match(chosen))
            until = chosen[-1].end_ms
    return found


def fits(pattern: Pattern, chosen: tuple[Danced, ...], danced: list[Danced]) -> bool:
    for link, before, after in zip(pattern.links, chosen, chosen[1:], strict=False):
        gap, between = after.start_ms - before.end_ms, danced[danced.index(before) + 1 : danced.index(after)]
        if link.ms is not None and gap > link.ms:
            return False
        if link.beats is not None and gap / 500 > link.beats + 0.25:
            return False
        if any(same(one, each) for one in link.without for each in between):
            return False
    return all(same(step, each) for step, each in zip(pattern.steps, chosen, strict=True))


def same(step: Step, each: Danced) -> bool:
    return step.move_id == each.move_id and (step.mirror is None or step.mirror == each.mirror)
