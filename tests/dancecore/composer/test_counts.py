"""Counting dances: by hand, and the same in any order, in and out again."""

from hypothesis import given

from dancecore.composer.counts import Counts, count
from dancecore.composer.steps import START, Choreography, Heard
from tests.dancecore.composer.dances import dances


def test_counts_of_a_dance_with_a_gap() -> None:
    a, b = Heard("a", 4.1), Heard("b", None, True)
    counts = count([Choreography("x", (a, b, a, None, b, a))])
    assert counts.moves == {"a": 3, "b": 2}
    assert counts.pairs == {(START, "a"): 1, ("a", "b"): 1, ("b", "a"): 2}
    assert counts.triples == {(START, "a", "b"): 1, ("a", "b", "a"): 1}
    assert counts.beats == {("a", 4.0): 3}


def test_no_length_is_nothing() -> None:
    assert count([Choreography("x", (Heard("a", 0.1),))]).beats == {("a", 0.5): 1}


@given(dances, dances)
def test_what_is_taken_out_leaves_what_was_before(first: list[Choreography], second: list[Choreography]) -> None:
    counts = count([*second, *first])
    for dance in second:
        counts.add(dance, -1)
    assert counts == count(first)


@given(dances)
def test_counts_among_some_moves_are_those_that_name_no_other(drawn: list[Choreography]) -> None:
    counts = count(drawn)
    few = counts.among("abc")
    assert set(few.moves) == set(counts.moves) & set("abc")
    for name in ("pairs", "triples", "spread"):
        whole, part = getattr(counts, name), getattr(few, name)
        assert part == {key: n for key, n in whole.items() if set(key) <= {START, *"abc"}}
    assert counts.among("abcdefgh") == counts


@given(dances)
def test_triples_and_pairs_agree(drawn: list[Choreography]) -> None:
    """A pair is the end of a triple, or the first of a run; its start is the start of one, or the last."""
    counts = count(drawn)
    for pair, times in counts.pairs.items():
        assert sum(n for triple, n in counts.triples.items() if triple[1:] == pair) <= times
        assert sum(n for triple, n in counts.triples.items() if triple[:2] == pair) <= times
    assert sum(counts.pairs.values()) <= sum(counts.moves.values())
    assert Counts() == count([])
