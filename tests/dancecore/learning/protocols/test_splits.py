"""Who is asked was not shown: of performers, of takes, of clips; and splits are the same every time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Entry, Label
from dancecore.learning.protocols import goals, splits
from dancecore.learning.protocols.plan import Boundaries, Fold, Performance, asked, by_move
from dancecore.types import OTHER


def performance(clip: str, performer: str, move: str, start: int = 0) -> Performance:
    return Performance(clip, performer, move, None, start, start + 1000)


SETS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=30).map(
    lambda rows: [
        performance(f"clip{i}", who, what)
        for i, (who, what) in enumerate([*((w, m) for w in "abc" for m in "xyz" for _ in range(5)), *rows])
    ]
)
"""Three performers who dance three moves five times each or more."""


@given(SETS, st.sampled_from([1, 3, 5]), st.sampled_from(["true", "found"]))
def test_performers_are_kept_apart(performances: list[Performance], k: int, boundaries: Boundaries) -> None:
    plan = splits.k_shot(performances, k, boundaries)
    assert len(plan.folds) == 3
    for fold in plan.folds:
        assert not {e.performer for e in fold.exemplars} & {q.performer for q in fold.queries}
        assert set(Counter(e.move_id for e in fold.exemplars).values()) == {k}
        assert {q.move_id for q in fold.queries} <= {e.move_id for e in fold.exemplars}
    assert plan == splits.k_shot(performances, k, boundaries)


def test_somebody_must_show_two_moves() -> None:
    with pytest.raises(DanceError, match="nobody shows 3"):
        splits.k_shot([performance(f"{who}{move}", who, move) for who in "ab" for move in "xy"], 3)


def test_of_one_performer_clips_are_kept_apart() -> None:
    performances = [performance(f"{move}{take}", "ann", move) for move in "xy" for take in range(4)]
    plan = splits.k_shot(performances, 1)
    assert [len(fold.exemplars) for fold in plan.folds] == [2] * 4
    for fold in plan.folds:
        assert not {e.clip for e in fold.exemplars} & {q.clip for q in fold.queries}


def test_a_fold_refuses_to_ask_what_it_showed() -> None:
    one = performance("one", "ann", "x")
    with pytest.raises(DanceError, match="asks about what it showed"):
        Fold("fold", (one,), (one,))


def test_with_found_boundaries_a_clip_is_one_question() -> None:
    parts = [performance("one", "ann", "x", 1000), performance("one", "ann", "y"), performance("two", "ann", "x")]
    fold = Fold("fold", (), tuple(parts))
    assert [[part.start_ms for part in question] for question in asked(fold, "found")] == [[0, 1000], [0]]
    assert len(asked(fold, "true")) == 3


def test_what_was_not_shown_is_other_where_clips_are_cut() -> None:
    performances = [performance(f"{who}{move}", who, move) for who in "ab" for move in "xy"] + [
        performance("c", "b", "z")
    ]
    plan = splits.k_shot(performances, 1, "found")
    (fold,) = [fold for fold in plan.folds if fold.name == "a"]
    assert [q.move_id for q in fold.queries if q.clip == "c"] == [OTHER]


def test_a_closed_set_asks_the_test_split_and_shows_the_training_split() -> None:
    labels = (Label(0, 1000, "mv_dab", True), Label(1000, 1200, "mv_floss", False))
    entries = [
        Entry(split, f"creator of {split}", (), 1200, labels, split, None) for split in ("train", "validation", "test")
    ]
    (fold,) = splits.closed_set(entries, "true").folds
    assert [(q.clip, q.move_id) for q in fold.queries] == [("test", "mv_dab")]
    assert [(e.clip, e.mirror) for e in fold.exemplars] == [("train", True)]
    (fold,) = splits.closed_set(entries, "found").folds
    assert len(fold.queries) == 2
    (fold,) = splits.closed_set(entries, "found", whole=True).folds
    assert ({each.clip for each in fold.queries}, fold.exemplars) == ({"train", "validation", "test"}, ())


def test_an_open_set_asks_what_is_known_and_what_is_not() -> None:
    labels = (Label(0, 1000, "mv_dab", True), Label(1000, 2000, "mv_floss", False), Label(2000, 3000, OTHER, None))
    entries = [Entry("clip", "ann", (), 3000, labels, None, None)]
    plan = splits.open_set(entries, frozenset(["mv_floss"]), straight=frozenset(), whole=False)
    assert [each.move_id for each in plan.folds[0].queries] == ["mv_dab", "mv_floss"]
    for without in (frozenset[str](), frozenset(["mv_dab", "mv_floss"])):
        with pytest.raises(DanceError, match="INVALID_INPUT"):
            splits.open_set(entries, without, straight=frozenset(), whole=False)


def test_cross_view_shows_the_front_and_asks_every_side() -> None:
    plan = splits.cross_view([performance(f"{who}{move}", who, move) for who in "ab" for move in "xy"])
    for fold in plan.folds:
        assert {e.yaw for e in fold.exemplars} == {0.0}
        assert Counter(q.yaw for q in fold.queries) == dict.fromkeys(splits.YAWS, 2)


ISTPA = [performance(f"{move}_{i}", "istpa", f"gesture_{move}") for move in range(9) for i in range(15)]


@pytest.mark.parametrize(("shots", "exemplars"), [(1, 9), (3, 27)])
def test_istpa_people(shots: int, exemplars: int) -> None:
    plan = goals.istpa(ISTPA, shots)
    assert [(len(fold.exemplars), len(fold.queries)) for fold in plan.folds] == [(exemplars, 108)] * 5
    for person, fold in enumerate(plan.folds):
        assert {int(e.clip.split("_")[1]) // 3 for e in fold.exemplars} == {person}
        assert person not in {int(q.clip.split("_")[1]) // 3 for q in fold.queries}


def test_turned_away_has_five_moves_from_two_sides() -> None:
    plan = goals.turned_away(ISTPA)
    assert plan.flat
    for fold in plan.folds:
        assert len(by_move(fold.exemplars)) == len(by_move(fold.queries)) == 5
        assert Counter(q.yaw for q in fold.queries) == {90.0: 60, 180.0: 60}
        assert not {e.performer for e in fold.exemplars} & {q.performer for q in fold.queries}


def test_bandai_styles_are_kept_apart() -> None:
    styles = ("angry", "calm", "old")
    clips = [performance(f"{m}_{s}_{i}", s, f"bn2/{m}") for m in "xyz" for s in styles for i in range(4)]
    plan = goals.bandai_styles([*clips, performance("elsewhere", "calm", "bn1/x")])
    assert [fold.name for fold in plan.folds] == list(styles)
    for fold in plan.folds:
        assert not {e.performer for e in fold.exemplars} & {q.performer for q in fold.queries}
        assert len(fold.exemplars) == 3
        assert Counter(q.yaw for q in fold.queries) == {0.0: 6, 45.0: 6, 90.0: 6}


def test_hanchoom_takes_are_kept_apart_and_cut_in_pieces() -> None:
    takes = [Performance(f"{m}{i}", "h", m, None, 0, 9000) for m in "xy" for i in range(3)] + [
        performance("once", "h", "z")
    ]
    plan = goals.hanchoom(takes)
    assert len(plan.folds) == 3
    for fold in plan.folds:
        assert {"x", "y"} == set(by_move(fold.exemplars)) == set(by_move(fold.queries))
        assert max(len(parts) for parts in by_move(fold.exemplars).values()) == 5
        assert {each.end_ms - each.start_ms for each in fold.exemplars} == {3000}


def test_cmu_exercises_that_were_not_shown_are_other() -> None:
    runs = [performance("a1", "a", "squat"), performance("b1", "b", "squat"), performance("b1", "b", "jog", 2000)]
    plan = goals.cmu_exercises(runs)
    first, second = plan.folds
    assert [q.move_id for q in first.queries] == ["squat", OTHER]
    assert [e.move_id for e in second.exemplars] == ["squat", "jog"]


def test_known_names() -> None:
    plan = goals.known_names([performance("c", "q", "YMCA"), performance("d", "q", "Bow")], {"YMCA": "mv_ymca"})
    assert [(q.move_id, q.yaw) for q in plan.folds[0].queries] == [("mv_ymca", 45.0 * turn) for turn in range(8)]
    with pytest.raises(DanceError, match="no clip of this set"):
        goals.known_names([performance("d", "q", "Bow")], {})
