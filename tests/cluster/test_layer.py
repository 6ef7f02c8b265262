"""A user's own moves: enrolled, known to the library, added to, forgotten."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from cluster import keys
from cluster.catalogue import MoveRow, sync_taxonomy
from cluster.database import connect
from cluster.layer import (
    MOST_EXEMPLARS,
    OwnMove,
    check_enrolment,
    enrol,
    forget,
    move_id,
    own_exemplars,
    own_moves,
)
from cluster.objects import LocalObjects
from cluster.settings import settings
from cluster.tables import moves, templates
from dancecore.errors import DanceError
from dancecore.matching.enrol import Exemplar, learn
from dancecore.matching.templates import Template, load
from dancecore.types import SECOND, PoseTrack, Span

TUNED = settings()


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


@pytest.fixture
def stocked(pool: Engine) -> Engine:
    sync_taxonomy(pool, "tx-0.1", [MoveRow("mv_floss", "Floss", "arms", 2, aliases=("flossing",))])
    return pool


def exemplar(seed: int, seconds: int = 3) -> Exemplar:
    """Somebody who sways, each seed in another way."""
    frames, rng = seconds * 20, np.random.default_rng(seed)
    base = rng.uniform(-1, 1, (33, 3)) * [0.3, 0.8, 0.2]
    base[[11, 12]], base[[23, 24]] = [[0.2, -0.5, 0], [-0.2, -0.5, 0]], [[0.1, 0, 0], [-0.1, 0, 0]]
    sway = 0.2 * np.sin(np.arange(frames)[:, None, None] / 5 + rng.uniform(0, 6, (33, 3)))
    world = (base + sway).astype(np.float32)
    track = PoseTrack(
        np.arange(frames) * (SECOND // 20), world[..., :2] * 200 + 300, world, np.ones((frames, 33), np.float32),
        np.zeros(frames, np.bool_), 640, 640,
    )  # fmt: skip
    return Exemplar("given", track, Span(0, seconds * SECOND), 120.0)


def refuse(store: LocalObjects, key: str, data: bytes = b"") -> None:
    raise DanceError("STORAGE_FULL", "the store is down")


def put(pool: Engine, store: LocalObjects, name: str, *seeds: int) -> OwnMove:
    return enrol(pool, store, TUNED, "tx-0.1", name, [exemplar(seed) for seed in seeds])


def test_what_is_enrolled_is_found(stocked: Engine, store: LocalObjects) -> None:
    own = put(stocked, store, "Table Sweep", 1, 2)
    assert own.move_id == "mv_local_table_sweep"
    assert own_moves(stocked) == [own]
    kept = own_exemplars(stocked, store)
    assert {move: tuple(each.name for each in shown) for move, shown in kept.items()} == {own.move_id: own.exemplars}
    with connect(stocked) as connection:
        rows = connection.execute(select(templates.c.id, templates.c.feature_seq)).all()
        row = connection.execute(select(moves).where(moves.c.id == own.move_id)).one()
    assert len(rows) == 2 * 2 * len(TUNED.templates.views)  # exemplars, sides, views
    assert all(load(store.get(each.feature_seq)).move_id == own.move_id for each in rows)
    assert row.taxonomy_version == "tx-0.1+local"
    assert row.canonical_template in {each.id for each in rows}


def test_the_same_again_changes_nothing(stocked: Engine, store: LocalObjects) -> None:
    once = put(stocked, store, "Sweep", 1)
    assert put(stocked, store, "Sweep", 1) == once
    assert own_moves(stocked) == [once]


def test_more_exemplars_are_added(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", 1)
    assert len(put(stocked, store, "Sweep", 2, 3).exemplars) == 3


def test_two_at_once_are_both_kept(stocked: Engine, store: LocalObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    both = Barrier(2)

    def slowly(*given: Any) -> list[Template]:
        with suppress(BrokenBarrierError):
            both.wait(timeout=2)  # for the other, who must not get so far
        return learn(*given)

    monkeypatch.setattr("cluster.layer.learn", slowly)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda seed: put(stocked, store, "Sweep", seed), (1, 2)))
    assert len(own_moves(stocked)[0].exemplars) == 2
    assert len(own_exemplars(stocked, store)["mv_local_sweep"]) == 2


def test_what_is_hopeless_is_refused_beforehand(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", *range(MOST_EXEMPLARS))
    check_enrolment(stocked, "Another Sweep", MOST_EXEMPLARS)
    cases = (("Sweep", 1, "has 5 exemplars already"), ("New", 6, "is given 6 exemplars"), ("floss", 1, "a name of"))
    for name, given, said in cases:
        with pytest.raises(DanceError, match=said):
            check_enrolment(stocked, name, given)


def test_too_many(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", *range(MOST_EXEMPLARS))
    with pytest.raises(DanceError, match="would have 6 exemplars; 1 to 5"):
        put(stocked, store, "Sweep", 99)
    assert len(own_moves(stocked)[0].exemplars) == MOST_EXEMPLARS


@pytest.mark.parametrize("name", ["Floss", "FLOSSING", " floss "])
def test_a_name_that_is_taken(stocked: Engine, store: LocalObjects, name: str) -> None:
    with pytest.raises(DanceError, match="already a name of Floss"):
        put(stocked, store, name, 1)
    assert store.keys() == []


def test_forgotten(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", 1)
    forget(stocked, store, "sweep")
    assert own_moves(stocked) == []
    assert own_exemplars(stocked, store) == {}
    assert store.keys() == []
    with connect(stocked) as connection:
        assert connection.execute(select(templates.c.id)).all() == []
    with pytest.raises(DanceError) as caught:
        forget(stocked, store, "sweep")
    assert caught.value.code == "NOT_FOUND"


def test_forgotten_though_the_store_failed_halfway(
    stocked: Engine, store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(stocked, store, "Sweep", 1)
    with monkeypatch.context() as broken:
        broken.setattr(LocalObjects, "delete", refuse)
        with pytest.raises(DanceError, match="down"):
            forget(stocked, store, "Sweep")
    forget(stocked, store, "Sweep")
    assert (own_moves(stocked), store.keys()) == ([], [])


@pytest.mark.parametrize("seeds", [(1,), (1, 2)], ids=["a new move", "a known move"])
def test_a_full_disk_enrols_nothing(
    stocked: Engine, store: LocalObjects, monkeypatch: pytest.MonkeyPatch, seeds: tuple[int, ...]
) -> None:
    for seed in seeds[:-1]:
        put(stocked, store, "Sweep", seed)
    before = own_moves(stocked)
    monkeypatch.setattr(LocalObjects, "put", refuse)
    with pytest.raises(DanceError, match="down"):
        put(stocked, store, "Sweep", seeds[-1])
    assert own_moves(stocked) == before


def test_an_exemplar_that_is_gone(stocked: Engine, store: LocalObjects) -> None:
    own = put(stocked, store, "Sweep", 1)
    store.delete(keys.exemplar_poses(own.move_id, own.exemplars[0]))
    with pytest.raises(DanceError, match="mv_local_sweep is gone; forget the move") as caught:
        own_exemplars(stocked, store)
    assert caught.value.code == "OBJECT_MISSING"
    forget(stocked, store, "Sweep")
    assert own_exemplars(stocked, store) == {}


def test_forgotten_and_enrolled_anew(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", 1)
    forget(stocked, store, "Sweep")
    assert len(put(stocked, store, "Sweep", 2).exemplars) == 1


def test_layers_are_apart(stocked: Engine, store: LocalObjects) -> None:
    put(stocked, store, "Sweep", 1)
    enrol(stocked, store, TUNED, "tx-0.1", "Sweep", [exemplar(2)], layer="usr_1")
    assert [own.move_id for own in own_moves(stocked, "usr_1")] == ["mv_usr_1_sweep"]
    assert [own.move_id for own in own_moves(stocked)] == ["mv_local_sweep"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Table  Sweep", "mv_local_table_sweep"), ("2 step", "mv_local_2_step"), ("Café", "mv_local_cafe_"),
     ("ダンス", "mv_local_"), ("a" * 90, "mv_local_" + "a" * 40 + "_"), ("../x", "mv_local_x_")],
)  # fmt: skip
def test_ids(name: str, expected: str) -> None:
    found = move_id("local", name)
    assert found.startswith(expected)
    assert found.isascii()
    assert len(found) < 70


def test_one_name_however_its_accents_are_encoded() -> None:
    assert move_id("local", "Cafe\u0301") == move_id("local", "Caf\u00e9")


def test_names_that_look_alike_have_ids_of_their_own() -> None:
    names = ["Cafe", "Café", "Caf é", "ダンス", "バレエ", "x!", "x?"]
    assert len({move_id("local", name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["", "  ", "!?", "a\udcff", "a\0"])
def test_no_name(name: str) -> None:
    with pytest.raises(DanceError, match="needs a letter"):
        move_id("local", name)
