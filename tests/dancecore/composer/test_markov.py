"""Distributions: they sum to one whatever was counted, and say what counting says."""

from collections import Counter
from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.composer.counts import Counts, count
from dancecore.composer.discounts import RELIABLE, discounts
from dancecore.composer.judging import foretell
from dancecore.composer.markov import Markov
from dancecore.composer.steps import START, Choreography, Heard
from dancecore.errors import DanceError
from tests.dancecore.composer.dances import NAMES, dances

context = st.sampled_from([None, START, "never heard of", *NAMES])
sets = st.sets(st.sampled_from(NAMES))


def dance(*names: str) -> Choreography:
    return Choreography("x", tuple(Heard(name, 4) for name in names))


@given(dances, context, context, st.integers(1, 3))
def test_each_distribution_sums_to_one_and_leaves_nobody_out(
    drawn: list[Choreography], prev2: str | None, prev: str | None, orders: int
) -> None:
    share = Markov(count(drawn), NAMES, orders).after(prev2, prev)
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert (share > 0).all()


@given(dances, context, context, st.floats(0.05, 20), st.one_of(st.none(), sets), sets)
def test_choosing_sums_to_one_among_what_is_left(
    drawn: list[Choreography], prev2: str | None, prev: str | None, temperature: float,
    allow: Collection[str] | None, exclude: Collection[str],
) -> None:  # fmt: skip
    model = Markov(count(drawn), NAMES)
    left = {name for name in NAMES if (allow is None or name in allow) and name not in exclude}
    if not left:
        with pytest.raises(DanceError, match="no move is allowed"):
            model.choose(prev2, prev, temperature, allow, exclude)
        return
    share = model.choose(prev2, prev, temperature, allow, exclude)
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert {name for name, p in zip(model.names, share, strict=True) if p > 0} <= left


@given(st.lists(st.integers(1, 40), max_size=400))
def test_discounts_keep_the_order_of_counts(counts: list[int]) -> None:
    factors = discounts(counts)[1 : RELIABLE + 1]
    assert ((factors > 0) & (factors <= 1)).all()
    assert (np.diff(factors * np.arange(1, RELIABLE + 1)) > -1e-9).all()


def test_where_counts_say_nothing_they_are_worth_the_same() -> None:
    """Poisson counts, as of dances in which any move may follow any other: all are to be expected as often again."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(1.2, 6400)
    worth = discounts(counts[counts > 0])[1:5] * np.arange(1, 5)
    assert worth[0] > 0.95
    assert np.ptp(worth[1:]) < 0.3
    assert worth[1:] == pytest.approx(1.2, abs=0.2)


def test_dances_without_habits_are_foretold_about_as_well_as_by_frequency() -> None:
    rng = np.random.default_rng(1)
    names = [f"m{i}" for i in range(40)]
    seen, unseen = ([dance(*rng.choice(names, 12)) for _ in range(n)] for n in (250, 60))
    plain, pairs = (foretell(Markov(count(seen), names, orders), unseen).perplexity for orders in (1, 2))
    assert pairs < 1.1 * plain, "an absolute discount: 1.19"


def test_good_turing_by_hand() -> None:
    """Counts of counts 120, 40, 24, 13, 15, 5 as in Church & Gale's and Katz's tables: d by his formula."""
    n = {1: 120, 2: 40, 3: 24, 4: 13, 5: 8, 6: 5}
    counts = [r for r, times in n.items() for _ in range(times)]
    rest = 6 * 5 / 120
    by_hand = [((r + 1) * n[r + 1] / (r * n[r]) - rest) / (1 - rest) for r in range(1, 6)]
    assert discounts(counts)[1:] == pytest.approx([*by_hand, 1.0])


def test_few_counts_are_discounted_by_a_constant() -> None:
    assert discounts([1, 1, 1, 2])[1:4] == pytest.approx([1 - 0.6, 1 - 0.6 / 2, 1 - 0.6 / 3])
    assert discounts([])[1] == 0.5
    assert discounts([7, 8])[1] == 0.5


def test_katz_by_hand() -> None:
    """a b c twice, a b d once: the triple table, backed off to pairs, backed off to moves."""
    model = Markov(count([dance("a", "b", "c"), dance("a", "b", "c"), dance("a", "b", "d")]))
    assert model.names == ("a", "b", "c", "d")
    lowest = np.array([3, 3, 2, 1]) * discounts([3, 3, 2, 1])[[3, 3, 2, 1]]
    lowest /= lowest.sum()
    pairs = discounts([3, 3, 2, 1])
    seen = np.array([2 * pairs[2], 1 * pairs[1]]) / 3
    after_b = np.concatenate([lowest[:2] / lowest[:2].sum() * (1 - seen.sum()), seen])
    assert model.after(None, "b") == pytest.approx(after_b)
    triples = discounts([3, 2, 1])
    seen = np.array([2 * triples[2], 1 * triples[1]]) / 3
    after_ab = np.concatenate([after_b[:2] / after_b[:2].sum() * (1 - seen.sum()), seen])
    assert model.after("a", "b") == pytest.approx(after_ab)
    assert model.times("a", "b", "c") == (2, 2)
    assert model.times(None, START, "a") == (0, 3)


def test_a_context_of_common_things_leaves_a_share_to_the_rest() -> None:
    model = Markov(count([dance("a", "b")] * 50), ["z"])
    after = model.after(None, "a")
    assert after[model.number["z"]] > 0
    assert after[model.number["b"]] == pytest.approx(50 / 51)


def test_no_context_leaves_nothing_where_only_some_counts_are_discounted() -> None:
    """Twenty pairs in one dance, two in two, one in three: Good-Turing is sound up to 2, and a context has one of 3."""
    once = [dance(f"a{i}", f"b{i}", f"c{i}") for i in range(20)]
    more = [dance("x", "y")] * 3 + [dance("u", "v"), dance("s", "t")] * 2
    model = Markov(count([*once, *more]))
    for context in [(None, name) for name in model.names]:
        assert (model.after(*context) > 0).all()


def test_what_one_dance_repeats_is_no_more_to_be_expected_than_what_it_shows_once() -> None:
    chorus = Choreography("x", (*(Heard("a", 4), Heard("b", 4)) * 20, Heard("c", 4), Heard("d", 4)))
    others = [dance("e", "f"), dance("f", "g")]
    model = Markov(count([chorus, *others]))
    unseen = model.after(None, "a")[[model.number[name] for name in "acdefg"]].sum()
    assert unseen == pytest.approx(1 - discounts([1] * 9)[1])


def test_temperature_sharpens_and_flattens() -> None:
    model = Markov(count([dance("a", "b")] * 3 + [dance("a", "c")]))
    cold, plain, hot = (model.choose(None, "a", t) for t in (0.2, 1.0, 5.0))
    b = model.number["b"]
    assert cold[b] > plain[b] > hot[b]
    assert plain == pytest.approx(model.after(None, "a"))
    with pytest.raises(DanceError, match="temperature"):
        model.choose(None, "a", 0.0)


def test_nothing_to_learn_from() -> None:
    with pytest.raises(DanceError, match="no moves to learn from"):
        Markov(Counts())
    assert Markov(Counts(), "ab").after(None, None) == pytest.approx([0.5, 0.5])


def test_foretelling_by_hand() -> None:
    model = Markov(Counts(moves=Counter({"a": 2, "b": 1, "c": 1})), orders=1)
    p = model.after(None, None)
    found = foretell(model, [dance("a", "b", "unheard")])
    assert (found.steps, found.unknown) == (2, 1)
    assert found.perplexity == pytest.approx((p[0] * p[1]) ** -0.5)
    assert (found.top1, found.top5) == (0.5, 1.0)
    assert found.mrr == pytest.approx((1 + 1 / 2.5) / 2), "b and c share the second and third place"
    with pytest.raises(DanceError, match="no step to foretell"):
        foretell(model, [dance("unheard")])


def test_what_was_learned_foretells_better_than_frequency() -> None:
    rng = np.random.default_rng(0)
    following = rng.dirichlet(np.full(8, 0.2), size=8)

    def walk(n: int) -> Choreography:
        at, names = 0, []
        for _ in range(n):
            at = rng.choice(8, p=following[at])
            names.append(NAMES[at])
        return dance(*names)

    seen, unseen = [walk(20) for _ in range(60)], [walk(20) for _ in range(20)]
    by_order = [foretell(Markov(count(seen), NAMES, orders), unseen) for orders in (1, 2, 3)]
    assert by_order[1].perplexity < by_order[0].perplexity / 1.5
    assert by_order[2].perplexity < by_order[0].perplexity / 1.5
    assert by_order[1].mrr > by_order[0].mrr
