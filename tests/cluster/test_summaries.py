"""The summaries of segments, against a recount of the segments themselves after whatever was done to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, delete, text, update

from cluster.database import connect
from cluster.index import write_clip
from cluster.move_index import fold_days
from cluster.tables import segments, users, videos
from dancecore.types import Versions
from tests.cluster.stored import V1, V2, catalogue, clip, own, put

RECOUNT = """
SELECT video, move, owner, created_at, count(*) AS uses, sum(end_ms - start_ms) AS total_ms, min(start_ms) AS first
FROM segments JOIN videos ON videos.id = video WHERE move IS NOT NULL AND deleted_at IS NULL GROUP BY 1, 2, 3, 4
"""
CLIPS = """
SELECT (SELECT array_agg(c ORDER BY c) FROM (SELECT video, move, owner, created_at, uses, total_ms, first_start_ms
                                             FROM video_moves) c)::text
     = (SELECT array_agg(c ORDER BY c) FROM ({recount}) c)::text
"""
DAYS = """
SELECT move, day, sum(uses), sum(clips), sum(total_ms) FROM move_days GROUP BY 1, 2 HAVING sum(clips) <> 0
EXCEPT ALL
SELECT move, (created_at AT TIME ZONE 'UTC')::date, sum(uses), count(*), sum(total_ms) FROM ({recount}) c GROUP BY 1, 2
"""
MOVES = ("mv_floss", "mv_dab", "mv_spin", "other")


def check(pool: Engine) -> None:
    """Raise unless the summaries are those of the segments."""
    with connect(pool) as tx:
        kept = tx.scalar(text(CLIPS.format(recount=RECOUNT)))
        wrong = tx.execute(text(DAYS.format(recount=RECOUNT))).all()
        there, counted = (
            tx.scalar(text(f"SELECT count(*) FROM ({RECOUNT}) c")),
            tx.scalar(text("SELECT coalesce(sum(clips), 0) FROM move_days")),
        )
    assert kept is not False
    assert wrong == []
    assert there == counted


def _write(pool: Engine, name: str, rng: np.random.Generator, versions: Versions) -> None:
    ends = np.cumsum(rng.integers(1, 4, size=5)).tolist()
    spans = [(str(rng.choice(MOVES)), 1000 * lo, 1000 * hi) for lo, hi in zip([0, *ends], ends, strict=False)]
    with connect(pool) as tx:  # whatever is stored: other versions or none
        tx.execute(update(videos).where(videos.c.filename == name).values(indexed_by=None, deleted_at=None))
    write_clip(pool, clip(name, *spans, versions=versions))


def _rename(pool: Engine, name: str, rng: np.random.Generator) -> None:
    with connect(pool) as tx:
        tx.execute(update(segments).where(segments.c.move == "mv_dab").values(move="mv_spin"))


def _forget(pool: Engine, name: str, rng: np.random.Generator) -> None:
    with connect(pool) as tx:
        tx.execute(delete(videos).where(videos.c.filename == name))


DEEDS: list[Callable[[Engine, str, np.random.Generator], Any]] = [
    lambda pool, name, rng: _write(pool, name, rng, V1),
    lambda pool, name, rng: _write(pool, name, rng, V2),
    lambda pool, name, rng: own(pool, name, deleted_at=datetime.now(UTC)),
    lambda pool, name, rng: own(pool, name, owner=rng.choice(["usr_a", None])),
    lambda pool, name, rng: own(
        pool, name, created_at=datetime(2026, 1, 1, tzinfo=UTC) + rng.integers(99) * timedelta(1)
    ),
    _rename,
    _forget,
    lambda pool, name, rng: fold_days(pool),
]


@pytest.mark.parametrize("seed", range(4))
def test_summaries_keep_up_with_whatever_is_done(pool: Engine, seed: int) -> None:
    catalogue(pool)
    put(pool, users, id="usr_a", handle="a", email="a@example.org")
    rng = np.random.default_rng(seed)
    for _ in range(40):
        DEEDS[rng.integers(len(DEEDS))](pool, f"{rng.integers(4)}.mp4", rng)
        check(pool)


def test_an_owner_who_goes_leaves_the_counts(pool: Engine) -> None:
    catalogue(pool)
    put(pool, users, id="usr_a", handle="a", email="a@example.org")
    _write(pool, "a.mp4", np.random.default_rng(0), V1)
    own(pool, "a.mp4", owner="usr_a")
    with connect(pool) as tx:
        tx.execute(delete(users))
    check(pool)


def test_folding_leaves_one_row_of_a_day(pool: Engine) -> None:
    catalogue(pool)
    for n in range(6):
        write_clip(pool, clip(f"{n}.mp4", ("mv_dab", 0, 1000)))
    own(pool, "0.mp4", deleted_at=datetime.now(UTC))
    fold_days(pool)
    with connect(pool) as tx:
        rows = tx.execute(text("SELECT move, sum(uses), count(*) FROM move_days GROUP BY move, day")).all()
    assert sum(row[1] for row in rows) == 5
    assert {row[2] for row in rows} == {1}
