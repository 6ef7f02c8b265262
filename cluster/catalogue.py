"""The moves of the taxonomy in the database."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.database import transact
from cluster.tables import moves, taxonomy_versions


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move of the taxonomy: `difficulty` 1-5, `name` unique within the version, `metadata` JSON values."""

    move_id: str
    name: str
    family: str
    difficulty: int
    aliases: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


def sync_taxonomy(pool: Engine, semver: str, rows: list[MoveRow], notes: str = "") -> int:
    """Store a version of the taxonomy and its moves; returns how many rows were new or changed.

    A move that lives on in a newer version keeps its row, which then belongs to the newer version. A move that is
    not in `rows` stays as it is: segments name it until their clips are indexed anew.
    """
    return transact(pool, lambda tx: put_taxonomy(tx, semver, rows, notes))


def put_taxonomy(connection: Connection, semver: str, rows: list[MoveRow], notes: str = "") -> int:
    """`sync_taxonomy` within a transaction of the caller's."""
    version = {"id": semver, "semver": semver, "notes": notes}
    values = [
        {
            "id": row.move_id, "taxonomy_version": semver, "name": row.name, "family": row.family,
            "difficulty": row.difficulty, "aliases": list(row.aliases), "metadata": row.metadata,
        }
        for row in sorted(rows, key=lambda row: row.move_id)  # one order for every writer: no deadlock
    ]  # fmt: skip
    return _put(connection, taxonomy_versions, [version]) + _put(connection, moves, values)


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert or update by id, touching only rows that differ."""
    if not rows:
        return 0
    made = upsert(table).values(rows)
    names = [name for name in rows[0] if name != "id"]
    differs = tuple_(*(table.c[name] for name in names)).is_distinct_from(
        tuple_(*(made.excluded[name] for name in names))
    )
    new = made.on_conflict_do_update(
        index_elements=["id"], set_={name: made.excluded[name] for name in names}, where=differs
    )
    return len(connection.execute(new.returning(table.c.id)).all())
