"""What the tests of the index store, and a way to see everything that is stored."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, Table, insert, select, update

from cluster.catalogue import MoveRow, sync_taxonomy
from cluster.database import connect
from cluster.index import ClipRecord, StateChange
from cluster.tables import metadata, videos
from dancecore.types import MS, ClipInfo, Segment, Versions

V1 = Versions(pose="p1", features="f1", model="m1", taxonomy="tx-0.1")
V2 = Versions(pose="p1", features="f1", model="m2", taxonomy="tx-0.1")
MOVES = [
    MoveRow("mv_floss", "Floss", "arms", 2, aliases=("flossing",)),
    MoveRow("mv_dab", "Dab", "arms", 1),
    MoveRow("mv_spin", "Spin", "turns", 3, metadata={"mirrorable": True}),
]


def sha(name: str) -> str:
    """The sha256 a clip of this name has here."""
    return hashlib.sha256(name.encode()).hexdigest()


def clip(name: str, *spans: tuple[str, int, int], versions: Versions = V1) -> ClipRecord:
    """An analysed clip of 60 s with these (move, start_ms, end_ms)."""
    found = tuple(Segment(lo * MS, hi * MS, move, 0.9, False, (("mv_dab", 0.1),)) for move, lo, hi in spans)
    vectors = np.linspace(0, 1, 128 * len(found), dtype=np.float32).reshape(-1, 128)
    info = ClipInfo(Path("/clips") / name, sha(name), 1000, 60_000, 29.97, 360, 640, True, "h264")
    return ClipRecord(info, versions, found, vectors, {"frames": 1200.0}, (StateChange("DECODED", 1),))


def catalogue(pool: Engine) -> None:
    """Store MOVES as tx-0.1."""
    sync_taxonomy(pool, "tx-0.1", MOVES)


def own(pool: Engine, name: str, **values: Any) -> None:
    """Change the row of the clip of this name."""
    with connect(pool) as connection:
        connection.execute(update(videos).where(videos.c.filename == name).values(**values))


def put(pool: Engine, table: Table, **values: Any) -> None:
    """Insert one row."""
    with connect(pool) as connection:
        connection.execute(insert(table).values(values))


def dump(pool: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, ordered by its key."""
    with connect(pool) as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
        }
