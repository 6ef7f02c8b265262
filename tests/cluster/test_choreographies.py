"""What was learned: counted once, taken out again, whoever writes; the index and files beside each other."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from cluster import keys
from cluster.artifacts import pack_beats, unpack_beats
from cluster.choreographies import INDEX, Learned, corpora, counts_of, learn, mark_of
from cluster.dances import learn_corpus, learn_index
from cluster.database import connect
from cluster.index import write_clip
from cluster.objects import LocalObjects
from cluster.tables import choreographies, metadata, move_stats, segments, videos
from dancecore.composer.counts import count
from dancecore.composer.profiles import Profile
from dancecore.composer.steps import START, Choreography, Heard
from dancecore.errors import DanceError
from dancecore.types import SECOND, BeatGrid
from tests.cluster.stored import V2, catalogue, clip
from tests.dancecore.composer.dances import steps

named = st.dictionaries(st.sampled_from("123"), steps, max_size=3)


def dance(name: str, *moves: str | None) -> Choreography:
    return Choreography(name, tuple(move and Heard(move, 4.0) for move in moves))


def empty(pool: Engine) -> None:
    with connect(pool) as tx:
        for name in ("choreographies", "move_stats", "move_transitions"):
            tx.execute(delete(metadata.tables[name]))


@hypothesis(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(named, min_size=1, max_size=4))
def test_however_it_came_the_counts_are_those_of_what_is_there(pool: Engine, rounds: list[dict]) -> None:
    """Each round brings some dances, new or changed, and takes out those it does not have."""
    empty(pool)
    before: set[str] = set()
    for drawn in rounds:
        there = [Choreography(name, of) for name, of in drawn.items()]
        learned = learn(pool, "x", ((mark_of(one), one) for one in there), before - set(drawn))
        assert learned.dances == len(there)
        assert learned.gone == len(before - set(drawn))
        before = set(drawn)
        wanted = count(there)
        if wanted.moves:
            assert counts_of(pool, "x") == wanted
        else:
            with pytest.raises(DanceError, match="NOT_FOUND"):
                counts_of(pool, "x")


def test_what_is_the_same_is_not_counted_again(pool: Engine) -> None:
    dances = [dance("1", "a", "b"), dance("2", "a", None, "b")]
    marked = [(mark_of(one), one) for one in dances]
    assert learn(pool, "x", marked) == Learned("x", 2, 0, 0, 0)
    assert learn(pool, "x", marked) == Learned("x", 0, 0, 0, 2)
    assert learn(pool, "x", [("other", dance("1", "b"))], ["2", "none"]) == Learned("x", 0, 1, 1, 0)
    assert counts_of(pool, "x") == count([dance("1", "b")])


def test_corpora_do_not_mix(pool: Engine) -> None:
    learn(pool, "x", [("m", dance("1", "a"))])
    learn(pool, "y", [("m", dance("1", "b"))])
    assert corpora(pool) == {"x": 1, "y": 1}
    assert counts_of(pool, "x").pairs == {(START, "a"): 1}
    with pytest.raises(DanceError, match="there is: x, y"):
        counts_of(pool, "z")


def test_statistics_of_a_move(pool: Engine) -> None:
    floss = Profile(
        "floss", "Floss", (), "arms", "swing", 2, 3, 4, (85, 125), ("arms",), "narrow", "wide", True, True, ()
    )  # fmt: skip
    heard = [Heard("floss", beats) for beats in (2, 4, 4, 8, None)]
    learn(pool, "x", [("m", Choreography("1", (*heard, Heard("plié", None))))], profiles={"floss": floss})
    with connect(pool) as tx:
        known, other = tx.execute(select(move_stats).order_by(move_stats.c.move))
    assert (known.uses, known.median_beats, known.iqr_beats, known.avg_energy) == (5, 4, 1.5, 4)
    assert known.beats == {"2": 1, "4": 2, "8": 1}
    assert known.tags == ["arms", "narrow", "wide"]
    assert (other.move, other.uses, other.median_beats, other.avg_energy, other.tags) == ("plié", 1, None, None, [])


@pytest.fixture
def store(tmp_path) -> LocalObjects:
    return LocalObjects(tmp_path)


def index(pool: Engine, store: LocalObjects) -> Learned:
    return learn_index(pool, store, 1500, {}, {})


def test_the_index_is_learned_and_kept_current(pool: Engine, store: LocalObjects) -> None:
    catalogue(pool)
    spans = [("mv_floss", 0, 2000), ("mv_dab", 2100, 4100), ("other", 4100, 8000), ("mv_spin", 8000, 10000)]
    first = write_clip(pool, clip("a.mp4", *spans))
    grid = BeatGrid(120.0, np.arange(0, 12 * SECOND, SECOND // 2), 0.7)
    store.put(keys.beats(first.video_id, "m1"), pack_beats(grid))
    write_clip(pool, clip("b.mp4", ("mv_dab", 3000, 5000)))
    assert index(pool, store) == Learned(INDEX, 2, 0, 0, 0)
    counts = counts_of(pool, INDEX)
    assert counts.pairs == {(START, "mv_floss"): 1, ("mv_floss", "mv_dab"): 1}, "the spin and b's dab follow a gap"
    assert counts.beats == {("mv_floss", 4.0): 1, ("mv_dab", 4.0): 1, ("mv_spin", 4.0): 1}, "b has no beats"
    assert index(pool, store) == Learned(INDEX, 0, 0, 0, 2)
    write_clip(pool, clip("a.mp4", ("mv_dab", 0, 2000), versions=V2))
    with connect(pool) as tx:
        tx.execute(update(segments).where(segments.c.start_ms == 3000).values(move="mv_spin"))
    assert index(pool, store) == Learned(INDEX, 0, 2, 0, 0)
    assert counts_of(pool, INDEX).moves == {"mv_dab": 1, "mv_spin": 1}
    with connect(pool) as tx:
        tx.execute(update(videos).where(videos.c.filename == "a.mp4").values(deleted_at="2026-01-01"))
    assert index(pool, store) == Learned(INDEX, 0, 0, 1, 1)


def test_a_file_is_learned_in_place_of_what_it_held(pool: Engine) -> None:
    learn_corpus(pool, "files", iter([dance("1", "a"), dance("2", "left")]), {"left": "b"}, {})
    assert counts_of(pool, "files").moves == {"a": 1, "b": 1}
    assert learn_corpus(pool, "files", iter([dance("2", "c")]), {}, {}) == Learned("files", 0, 1, 1, 0)
    with pytest.raises(DanceError, match="another name"):
        learn_corpus(pool, INDEX, iter([]), {}, {})
    with connect(pool) as tx:
        assert json.loads(json.dumps(tx.scalar(select(choreographies.c.steps)))) == [["c", 4.0, False]]


def test_beats_are_kept_as_they_were_heard() -> None:
    grid = BeatGrid(97.3, np.array([12, 500]) * SECOND, 0.4)
    again = unpack_beats(pack_beats(grid))
    assert again is not None
    assert (again.bpm, again.confidence, again.beats_ns.tolist()) == (97.3, 0.4, grid.beats_ns.tolist())
    assert unpack_beats(pack_beats(None)) is None
