"""How long questions to the index take when it holds a million segments, and five.

Rows are made by SQL in a database of their own, under a temporary folder (4 GB at the end). Times are of processors,
the server's and ours together, so that a busy machine tells the same story; what the clock said stands beside them.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, event, text

from cluster import embedded, moves, patterns
from cluster.database import engine
from cluster.migrate import migrate
from cluster.move_index import clip_segments, move_index, videos_with_move
from cluster.settings import settings
from dancecore.patterns import Link, Pattern, Step
from tests.bench.report import Row

EACH, MOVES, USERS, DAYS = 12, 80, 5000, 730
ASKED = 60
"""How often each question is asked, each time about something else."""

LOOKED_AT = settings().serve.pattern_videos

TARGET_MS, TARGET_RATIO = 50, 1.5

CATALOGUE = f"""
INSERT INTO taxonomy_versions (id, semver) VALUES ('tx-0.1', 'tx-0.1');
INSERT INTO moves (id, taxonomy_version, name, family, difficulty, aliases)
    SELECT 'mv_' || i, 'tx-0.1', substr(md5(i::text), 1, 9), 'family ' || i % 8, 1 + i % 5, ARRAY[md5(i::text)]
    FROM generate_series(1, {MOVES}) i;
INSERT INTO users (id, handle, email) SELECT 'usr_' || i, 'h' || i, 'e' || i FROM generate_series(1, {USERS}) i
"""
VIDEOS = """
INSERT INTO videos (id, filename, sha256, owner, created_at, duration_ms)
    SELECT 'vid_' || upper(substr(md5(i::text), 1, 26)), i || '.mp4', encode(sha256(i::text::bytea), 'hex'),
           'usr_' || ceil({users} * random() ^ 2), now() - {days} * random() * interval '1 day', 30000
    FROM generate_series({first}, {last}) i
"""
SEGMENTS = """
INSERT INTO segments (id, video, start_ms, end_ms, move, confidence, mirror, start_beat, end_beat,
                      pose_version, feature_version, model_version, taxonomy_version)
    SELECT 'seg_' || upper(substr(md5(i || '_' || j), 1, 26)), 'vid_' || upper(substr(md5(i::text), 1, 26)),
           j * 2000, j * 2000 + 1900, 'mv_' || ceil({moves} * random() ^ 2), 0.9, random() < 0.3, 4 * j, 4 * j + 3.8,
           'p', 'f', 'm', 'tx-0.1'
    FROM generate_series({first}, {last}) i, generate_series(0, {each} - 1) j
"""
SUMMARISED = """
INSERT INTO video_moves (video, move, owner, created_at, uses, total_ms, first_start_ms)
    SELECT videos.id, move, owner, videos.created_at, count(*), sum(end_ms - start_ms), min(start_ms)
    FROM segments JOIN videos ON videos.id = video GROUP BY videos.id, move
"""
COUNTED = """
INSERT INTO move_days (move, day, uses, clips, total_ms)
    SELECT move, (created_at AT TIME ZONE 'UTC')::date, sum(uses), count(*), sum(total_ms)
    FROM video_moves GROUP BY 1, 2
"""
"""What the triggers would have written, a row at a time, in an hour."""


@dataclass(frozen=True)
class Took:
    """p95 of one question, in ms of processors and by the clock."""

    used_ms: float
    clock_ms: float


def measure() -> list[Row]:
    """index_1m, index_5m: p95 of the slowest of some questions."""
    home = Path(tempfile.mkdtemp(prefix="danceapp-bench-"))
    try:
        pool = server(home)
        return _rows({millions: _asked(pool, millions) for millions in (1, 5)})
    finally:
        embedded.stop(home / "postgres")
        shutil.rmtree(home)


def _rows(measured: dict[int, dict[str, Took]]) -> list[Row]:
    worst = {millions: max(each.used_ms for each in of.values()) for millions, of in measured.items()}
    rows = []
    for millions, of in measured.items():
        ratio = worst[millions] / worst[1]
        peer = "; ".join(f"{name} {each.used_ms:.1f} ({each.clock_ms:.0f} by the clock)" for name, each in of.items())
        holds = worst[millions] <= TARGET_MS and ratio <= TARGET_RATIO
        target = f"<= {TARGET_MS} ms, {TARGET_RATIO} x index_1m"
        rows.append(Row(f"index_{millions}m", worst[millions], "ms", peer, ratio, target, holds))
    return rows


def server(home: Path) -> Engine:
    """An empty database with moves and users, which writes without care for its disk."""
    pool = engine(embedded.start(home / "postgres", 300))
    migrate(pool)
    numbers = ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'", "maintenance_work_mem = '512MB'",
               "max_parallel_workers_per_gather = 0", "jit = off")  # fmt: skip
    with pool.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        for number in numbers:
            tx.execute(text(f"ALTER SYSTEM SET {number}"))
        tx.execute(text("SELECT pg_reload_conf()"))
        for statement in CATALOGUE.split(";"):
            tx.execute(text(statement))
    return pool


def _asked(pool: Engine, millions: int) -> dict[str, Took]:
    fill(pool, millions * 1_000_000 // EACH)
    return {name: took(pool, question) for name, question in QUESTIONS.items()}


def fill(pool: Engine, wanted: int, more: Callable[[Connection], object] | None = None) -> None:
    """Bring the database to so many videos; `more` adds to their segments. Indexes are made when the rows are there,
    which is much quicker."""
    with pool.begin() as tx:
        first = (tx.scalar(text("SELECT count(*) FROM videos")) or 0) + 1
        numbers = {"users": USERS, "days": DAYS, "moves": MOVES, "each": EACH, "first": first, "last": wanted}
        tx.execute(text("SET LOCAL session_replication_role = replica"))
        tx.execute(text("TRUNCATE video_moves, move_days"))
        made = [again for table in ("segments", "video_moves") for again in _without_indexes(tx, table)]
        for statement in (VIDEOS, SEGMENTS):
            tx.execute(text(statement.format(**numbers)))
        if more is not None:
            more(tx)
        tx.execute(text("ANALYZE segments, videos"))
        for statement in (SUMMARISED, COUNTED, *made):
            tx.execute(text(statement))
    with pool.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.execute(text("VACUUM ANALYZE"))


def _without_indexes(tx: Connection, table: str) -> list[str]:
    """Drop the indexes of a table; what makes them again."""
    rows = tx.execute(
        text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :table"), {"table": table}
    ).all()
    for name, _ in rows:
        key = name.startswith("pk_")
        tx.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}" if key else f"DROP INDEX {name}"))
    return [
        f"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY {made[made.rindex('(') :]}"
        if name.startswith("pk_")
        else made
        for name, made in rows
    ]


def took(pool: Engine, question: Callable[[Engine, np.random.Generator], object]) -> Took:
    """p95 of a question, asked ASKED times."""
    rng, used, clock, server = np.random.default_rng(0), list[float](), list[float](), set[int]()

    def note(connection: Connection, *_: object) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        server.add(driver.info.backend_pid)

    event.listen(pool, "before_cursor_execute", note)
    question(pool, rng)
    for _ in range(ASKED):
        before, ours, began = {pid: _on_cpu(pid) for pid in server}, time.process_time(), time.perf_counter()
        question(pool, rng)
        clock.append(time.perf_counter() - began)
        used.append(time.process_time() - ours + sum(_on_cpu(pid) - before.get(pid, 0.0) for pid in server))
    event.remove(pool, "before_cursor_execute", note)
    return Took(*(1000 * float(np.quantile(each, 0.95)) for each in (used, clock)))


def _on_cpu(pid: int) -> float:
    """Seconds that a process ran on any processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _move(rng: np.random.Generator) -> str:
    return f"mv_{rng.integers(1, MOVES + 1)}"


def _user(rng: np.random.Generator) -> str:
    return f"usr_{rng.integers(1, USERS + 1)}"


def _since(rng: np.random.Generator) -> datetime:
    return datetime.now(UTC) - DAYS * rng.random() * timedelta(days=1)


def _pattern(rng: np.random.Generator, beats: float) -> Pattern:
    a, b, c = (Step(_move(rng)) for _ in range(3))
    return Pattern((a, b), (Link(beats, None, (c,)),))


QUESTIONS: dict[str, Callable[[Engine, np.random.Generator], object]] = {
    "move index": lambda pool, rng: move_index(pool),
    "since a moment": lambda pool, rng: move_index(pool, since=_since(rng)),
    "of a family": lambda pool, rng: move_index(pool, family=f"family {rng.integers(8)}"),
    "of a creator": lambda pool, rng: move_index(pool, creator=_user(rng)),
    "videos by frequency": lambda pool, rng: videos_with_move(pool, _move(rng), limit=51),
    "videos by recency": lambda pool, rng: videos_with_move(pool, _move(rng), "recency", limit=51),
    "a creator's videos": lambda pool, rng: videos_with_move(pool, _move(rng), limit=51, creator=_user(rng)),
    "pattern": lambda pool, rng: patterns.search(pool, _pattern(rng, 8), most=LOOKED_AT, limit=50),
    "pattern that nobody dances": lambda pool, rng: patterns.search(pool, _pattern(rng, 0), most=LOOKED_AT, limit=50),
    "a creator's pattern": lambda pool, rng: patterns.search(
        pool, _pattern(rng, 8), most=LOOKED_AT, limit=50, creator=_user(rng)
    ),
    "moves by name": lambda pool, rng: moves.search(pool, os.urandom(4).hex(), moves.EVERY, 0.1, 50),
    "segments of a clip": lambda pool, rng: clip_segments(pool, f"{rng.integers(1, 80_000)}.mp4"),
}
