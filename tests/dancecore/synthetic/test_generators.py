"""Choreographies: what is danced after what, and that every move gets its turn."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.generators import EIGHT, GENERATORS, Step, choreography
from dancecore.synthetic.idle import load_non_dance

NUMBERS = settings().synthetic.dance
NAMES = sorted(GENERATORS)


@pytest.fixture(scope="module")
def many(taxonomy: Taxonomy) -> Taxonomy:
    """A taxonomy of 54 moves that differ in tempo, length, energy, family and what follows them."""
    rng, real = np.random.default_rng(0), list(taxonomy.moves.values())
    ids = [f"mv_made_{i:02d}" for i in range(54)]
    moves = {}
    for i, move_id in enumerate(ids):
        slow = float(rng.uniform(70, 105))
        moves[move_id] = replace(
            real[i % len(real)], move_id=move_id, mirror=move_id, bpm=(slow, slow + float(rng.uniform(25, 60))),
            beats=int(rng.choice([1, 2, 4, 8])), loopable=bool(rng.uniform() < 0.9),
            mirrorable=bool(rng.uniform() < 0.7), energy=int(rng.integers(1, 6)), family=f"family {i % 10}",
            deprecated=None,
            transitions=tuple(rng.choice(ids[: 1 + i // 2] + ids, int(rng.integers(2, 6)))),
        )  # fmt: skip
    return Taxonomy("tx-made", "", {f"family {i}": () for i in range(10)}, moves)


def dances(name: str, taxonomy: Taxonomy, count: int, beats: int = 28) -> list[tuple[Step, ...]]:
    tempi = np.random.default_rng(1).uniform(*NUMBERS.bpm, count)
    return [choreography(name, np.random.default_rng(i), taxonomy, NUMBERS, bpm, beats) for i, bpm in enumerate(tempi)]


@given(st.sampled_from(NAMES), st.integers(0, 2**32 - 1), st.floats(*NUMBERS.bpm), st.integers(1, 16))
def test_steps_are_whole_phrases_danced_at_the_tempo(
    many: Taxonomy, name: str, seed: int, bpm: float, bars: int
) -> None:
    steps = choreography(name, np.random.default_rng(seed), many, NUMBERS, bpm, 4 * bars)
    assert sum(step.beats for step in steps) == 4 * bars
    for step in steps:
        if step.dance:
            move = many.moves[step.move_id]
            assert move.bpm[0] <= bpm <= move.bpm[1]
            assert step.beats % move.beats == 0
            assert move.loopable or step.beats == move.beats
            assert move.mirrorable or not step.mirror
        else:
            assert step.move_id in load_non_dance()
    assert all(replace(a, beats=b.beats) != b for a, b in pairwise(steps)), "nothing is done twice in a row"


@pytest.mark.parametrize("name", NAMES)
def test_every_move_comes_up_about_equally_often(name: str, many: Taxonomy) -> None:
    steps = [step for dance in dances(name, many, 1500) for step in dance]
    count = Counter(step.move_id for step in steps if step.dance)
    mean = sum(count.values()) / len(many.moves)
    assert min(count[move] for move in many.moves) > mean / 2
    assert max(count.values()) < 2 * mean
    rested = np.mean([not step.dance for step in steps])
    assert rested == pytest.approx(NUMBERS.other_share, abs=0.08)
    assert {step.move_id for step in steps if not step.dance} == set(load_non_dance())


@pytest.mark.parametrize("name", NAMES)
def test_every_move_of_the_taxonomy_gets_its_turn(name: str, taxonomy: Taxonomy) -> None:
    count = Counter(step.move_id for dance in dances(name, taxonomy, 1500) for step in dance if step.dance)
    assert min(count[move] for move in taxonomy.moves) > sum(count.values()) / len(taxonomy.moves) / 2


def comes_back(steps: tuple[Step, ...]) -> float:
    """The share of the eight-counts whose moves were danced together in one before."""
    counts: list[frozenset[str]] = []
    at, moves = 0, set()
    for step in steps:
        moves.add(step.move_id)
        at += step.beats
        if at % EIGHT == 0:
            counts.append(frozenset(moves))
            moves = set()
    return float(np.mean([count in counts[:i] for i, count in enumerate(counts)]))


def test_phrases_come_back(many: Taxonomy) -> None:
    share = {name: np.mean([comes_back(dance) for dance in dances(name, many, 300, 32)]) for name in NAMES}
    assert share["phrase"] > 0.35
    assert max(share["uniform"], share["markov"]) < 0.1


def test_phrases_come_back_to_the_other_side_and_in_halves(many: Taxonomy) -> None:
    mirrored = halved = 0
    for steps in dances("phrase", many, 300, 32):
        seen = {(step.move_id, step.mirror, step.beats) for step in steps}
        mirrored += any((move, not side, beats) in seen for move, side, beats in seen)
        halved += any((move, side, beats // 2) in seen for move, side, beats in seen if beats == EIGHT)
    assert mirrored > 60
    assert halved > 15


def test_transitions_are_followed(many: Taxonomy) -> None:
    def followed(name: str) -> float:
        pairs = [(a, b) for dance in dances(name, many, 400) for a, b in pairwise([s for s in dance if s.dance])]
        return float(np.mean([b.move_id in many.moves[a.move_id].transitions for a, b in pairs]))

    assert followed("markov") > 3 * followed("uniform")


def test_a_walk_follows_an_arc_of_energy(many: Taxonomy) -> None:
    """From one half of a dance to the other, energy changes by more than chance would have it."""

    def change(name: str) -> float:
        energy = [[many.moves[s.move_id].energy for s in dance if s.dance] for dance in dances(name, many, 400, 48)]
        return float(np.mean([abs(np.mean(e[: len(e) // 2]) - np.mean(e[len(e) // 2 :])) for e in energy]))

    assert change("markov") > 1.3 * change("uniform")


def test_the_same_seed_gives_the_same_steps(many: Taxonomy) -> None:
    for name in NAMES:
        one, again, other = (
            choreography(name, np.random.default_rng(seed), many, NUMBERS, 110.0, 32) for seed in (3, 3, 4)
        )
        assert one == again
        assert one != other


def test_a_move_that_its_mirror_names_otherwise_is_danced_under_that_name(many: Taxonomy) -> None:
    left, right = list(many.moves)[:2]
    moves = {
        left: replace(many.moves[left], mirror=right, mirrorable=True, bpm=(60, 200), beats=4, loopable=True),
        right: replace(many.moves[right], mirror=left, mirrorable=True, bpm=(60, 200), beats=4, loopable=True),
    }
    pair = replace(many, moves=moves)
    for seed, name in product(range(20), NAMES):
        steps = choreography(name, np.random.default_rng(seed), pair, NUMBERS, 110.0, 32)
        assert not any(step.mirror for step in steps)
        assert all(replace(a, beats=b.beats) != b for a, b in pairwise(steps)), "nothing is done twice in a row"


def test_a_tempo_that_nothing_is_danced_at_is_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(DanceError, match=r"at 300\.0 bpm"):
        choreography("uniform", np.random.default_rng(0), taxonomy, NUMBERS, 300.0, 32)
