"""Versions in order, and what is said of two of them."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.moves.compare import Difference, diff, precedence
from dancecore.moves.motion import Motion
from dancecore.moves.taxonomy import Deprecation, Move, Taxonomy

ORDERED = [
    "tx-0.1-1", "tx-0.1-2", "tx-0.1-10", "tx-0.1-alpha", "tx-0.1-beta", "tx-0.1", "tx-0.1.1-dev", "tx-0.1.1", "tx-0.2",
    "tx-0.10", "tx-1.0-rc1", "tx-1.0", "tx-10.0",
]  # fmt: skip


def test_versions_are_in_order() -> None:
    for older, newer in pairwise(ORDERED):
        assert precedence(older) < precedence(newer), f"{older} before {newer}"


def test_a_patch_that_is_left_out_is_zero() -> None:
    assert precedence("tx-0.3") == precedence("tx-0.3.0")


@given(st.tuples(*[st.integers(0, 99)] * 3), st.tuples(*[st.integers(0, 99)] * 3))
def test_numbers_are_compared_as_numbers(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    one, other = (precedence("tx-{}.{}.{}".format(*parts)) for parts in (a, b))
    assert (one < other) == (a < b)


@pytest.mark.parametrize("text", ["0.1", "tx-1", "tx-01.2", "tx-1.2.3.4", "tx-1.2-", "tx-1.2-A", "tx-1.2\n", ""])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(DanceError, match="no version") as caught:
        precedence(text)
    assert caught.value.code == "INVALID_INPUT"


NOTHING = Difference((), (), {}, {}, {})


@pytest.fixture
def old(every: dict[str, Move]) -> Taxonomy:
    moves = {name: every[name] for name in ("mv_clap", "mv_dab", "mv_twist")}
    return Taxonomy("tx-0.1", "old", {}, moves)


def with_move(taxonomy: Taxonomy, move: Move) -> Taxonomy:
    return replace(taxonomy, semver="tx-0.2", moves=dict(sorted((taxonomy.moves | {move.move_id: move}).items())))


def test_nothing_changed(old: Taxonomy) -> None:
    assert diff(old, replace(old, semver="tx-0.2", notes="new")) == NOTHING


def moved(motion: Motion) -> Motion:
    return replace(motion, root=motion.root + 0.01)


CHANGES = {
    "a name": (lambda m: replace(m, name="Daub"), {"renamed": {"mv_dab": ("Dab", "Daub")}}),
    "words": (lambda m: replace(m, description="As ever.", aliases=()),
              {"changed": {"mv_dab": ("aliases", "description")}}),
    "another family": (lambda m: replace(m, family="waves", sub_family="arm wave"),
                       {"changed": {"mv_dab": ("family", "sub_family")}}),
    "the motion": (lambda m: replace(m, motion=moved(m.motion)), {"changed": {"mv_dab": ("motion",)}}),
    "a contact": (lambda m: replace(m, contacts=~m.contacts), {"changed": {"mv_dab": ("contacts",)}}),
    "deprecation": (lambda m: replace(m, deprecated=Deprecation("tx-0.2", ("mv_clap",))),
                    {"deprecated": {"mv_dab": ("mv_clap",)}}),
    "a new id": (lambda m: replace(m, move_id="mv_new"), {"added": ("mv_new",)}),
}  # fmt: skip


@pytest.mark.parametrize(("change", "found"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_found(old: Taxonomy, change: object, found: dict) -> None:
    new = with_move(old, change(old.moves["mv_dab"]))
    assert diff(old, new) == replace(NOTHING, **found)


def test_a_move_that_is_gone_and_one_that_was_deprecated_before(old: Taxonomy) -> None:
    gone = with_move(old, replace(old.moves["mv_dab"], deprecated=Deprecation("tx-0.1", ())))
    without = replace(gone, moves={name: move for name, move in gone.moves.items() if name != "mv_clap"})
    assert diff(gone, without) == replace(NOTHING, removed=("mv_clap",))
    assert diff(without, gone) == replace(NOTHING, added=("mv_clap",))


def test_another_length_is_another_motion(old: Taxonomy) -> None:
    dab, twist = old.moves["mv_dab"], old.moves["mv_twist"]
    longer = replace(dab, beats=8, motion=twist.motion)
    assert diff(old, with_move(old, longer)).changed == {"mv_dab": ("beats", "motion")}
