"""The taxonomy in the database follows the one that is given, and nothing is touched that does not differ."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, select

from cluster.catalogue import sync_taxonomy
from cluster.database import connect
from cluster.tables import moves
from tests.cluster.stored import MOVES, dump


def stored(pool: Engine) -> dict[str, Any]:
    with connect(pool) as connection:
        return {row.id: row for row in connection.execute(select(moves))}


def test_what_is_stored(pool: Engine) -> None:
    assert sync_taxonomy(pool, "tx-0.1", MOVES, "first") == 4
    floss = stored(pool)["mv_floss"]
    assert (floss.name, floss.family, floss.difficulty, floss.aliases) == ("Floss", "arms", 2, ["flossing"])
    assert stored(pool)["mv_spin"].metadata == {"mirrorable": True}


def test_the_same_again_changes_nothing(pool: Engine) -> None:
    sync_taxonomy(pool, "tx-0.1", MOVES)
    before = dump(pool)
    assert sync_taxonomy(pool, "tx-0.1", list(reversed(MOVES))) == 0
    assert dump(pool) == before


def test_only_what_differs_is_written(pool: Engine) -> None:
    sync_taxonomy(pool, "tx-0.1", MOVES)
    assert sync_taxonomy(pool, "tx-0.1", [replace(MOVES[0], difficulty=4), *MOVES[1:]]) == 1
    assert stored(pool)["mv_floss"].difficulty == 4


def test_names_may_be_exchanged(pool: Engine) -> None:
    sync_taxonomy(pool, "tx-0.1", MOVES)
    swapped = [replace(MOVES[0], name="Dab"), replace(MOVES[1], name="Floss"), MOVES[2]]
    assert sync_taxonomy(pool, "tx-0.1", swapped) == 2
    assert stored(pool)["mv_dab"].name == "Floss"


def test_a_move_lives_on_in_a_newer_version(pool: Engine) -> None:
    sync_taxonomy(pool, "tx-0.1", MOVES)
    sync_taxonomy(pool, "tx-0.2", MOVES[:1])
    versions = {name: row.taxonomy_version for name, row in stored(pool).items()}
    assert versions == {"mv_floss": "tx-0.2", "mv_dab": "tx-0.1", "mv_spin": "tx-0.1"}


def test_a_version_without_moves(pool: Engine) -> None:
    assert sync_taxonomy(pool, "tx-0.1", []) == 1
    assert stored(pool) == {}


def test_many_at_once(pool: Engine) -> None:
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda _: sync_taxonomy(pool, "tx-0.1", MOVES), range(8)))
    assert sum(counts) == 4
