"""How long it takes to find segments like another among a million, and how many of the nearest are found.

The table is that of `bench_finding`. Its embeddings are made by what makes those of clips, of what a classifier could
have said. Times are of processors, as there.
"""

import shutil
import tempfile
import time
from functools import cache
from hashlib import md5
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, create_engine, text

from cluster import embedded
from cluster.index import Embeddings
from cluster.library import TAXONOMY, shipped
from cluster.settings import settings
from cluster.similar import embedding_of, similar_segments
from cluster.tables import EMBEDDING_SIZE
from dancecore.models.classify import FrameScores
from dancecore.models.embed import embed
from dancecore.models.judge import log_softmax
from dancecore.types import Float, Reading, Span
from tests.bench.bench_finding import EACH, USERS, fill, server, took
from tests.bench.report import Row

VIDEOS = 1_000_000 // EACH
LIMIT = settings().serve.page
TARGET_MS, TARGET_RECALL = 50, 0.95

COMPARED = 30
"""Answers that are compared with those of an exact search, which takes most of a second each."""

SURE, CONFUSED, VARIED = 11.0, 1.5, 1.5
"""Of logits: how far what is danced is above the rest; standard deviations of how much a move is like each other one,
and a segment like its move. Chosen so that cosines spread as those of 1989 segments of keypoint-only dances do: 5, 50
and 95 of 100 of one move 0.74, 0.93, 0.99 (those 0.73, 0.91, 0.98), of two 0.05, 0.18, 0.43 (0.07, 0.15, 0.33)."""

CHUNK = 100
"""Videos whose segments are made together."""

LINE = np.dtype([
    ("fields", ">i2"), ("id_bytes", ">i4"), ("id", "S30"),
    ("vector_bytes", ">i4"), ("size", ">i2"), ("unused", ">i2"), ("vector", ">f4", EMBEDDING_SIZE),
])  # fmt: skip
"""A row of an id and a vector in PostgreSQL's binary COPY."""


def measure() -> list[Row]:
    """similar_1m: p95 of the slowest of some questions, and the share of the nearest that they find."""
    home = Path(tempfile.mkdtemp(prefix="danceapp-bench-"))
    try:
        pool = server(home)
        began = time.perf_counter()
        fill(pool, VIDEOS, _embedded)
        return [_row(pool, time.perf_counter() - began)]
    finally:
        embedded.stop(home / "postgres")
        shutil.rmtree(home)


def _row(pool: Engine, made_s: float) -> Row:
    measured = {
        "like a segment": took(pool, lambda p, rng: similar_segments(p, embedding_of(p, _name(rng)), LIMIT + 1)),
        "like a performance": took(pool, lambda p, rng: similar_segments(p, _danced(rng), LIMIT)),
        "a creator's": took(pool, lambda p, rng: similar_segments(p, _danced(rng), LIMIT, _user(rng))),
    }
    worst, share = max(each.used_ms for each in measured.values()), _recall(pool)
    peer = "; ".join(f"{name} {each.used_ms:.1f} ({each.clock_ms:.0f} by the clock)" for name, each in measured.items())
    said = f"{peer}; recall@{LIMIT} {share:.3f}; rows and indexes made in {made_s:.0f} s"
    holds = worst <= TARGET_MS and share >= TARGET_RECALL
    return Row("similar_1m", worst, "ms", said, share, f"<= {TARGET_MS} ms, recall {TARGET_RECALL}", holds)


def _recall(pool: Engine) -> float:
    """Of the LIMIT nearest segments, the share that is found. As good as the last of them counts as one of them."""
    plain = create_engine(pool.url, connect_args={"options": "-c enable_indexscan=off"})
    rng, shares = np.random.default_rng(1), []
    for _ in range(COMPARED):
        like = _danced(rng)
        exact, found = (similar_segments(each, like, LIMIT) for each in (plain, pool))
        shares.append(sum(each.similarity >= exact[-1].similarity - 1e-7 for each in found) / LIMIT)
    plain.dispose()
    return float(np.mean(shares))


def _embedded(tx: Connection) -> None:
    """Give every segment an embedding. The graph of the index is made in memory, or it would take hours."""
    tx.execute(text("SET LOCAL maintenance_work_mem = '3GB'"))
    tx.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))  # which is what a core makes of it
    tx.execute(text("CREATE TEMP TABLE made (id text, embedding vector) ON COMMIT DROP"))
    rng, driver = np.random.default_rng(0), tx.connection.driver_connection
    assert driver is not None
    with driver.cursor().copy("COPY made FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for first in range(1, VIDEOS + 1, CHUNK):
            videos = range(first, min(first + CHUNK, VIDEOS + 1))
            names = [_id(video, part) for video in videos for part in range(EACH)]
            lines = np.zeros(len(names), LINE)
            lines["fields"], lines["id_bytes"], lines["id"] = 2, 30, names
            lines["vector_bytes"], lines["size"] = 4 + 4 * EMBEDDING_SIZE, EMBEDDING_SIZE
            lines["vector"] = _vectors(rng, len(names))
            copy.write(lines.tobytes())
        copy.write(b"\xff\xff")
    tx.execute(text("UPDATE segments SET embedding = made.embedding, embedding_version = 'enc' FROM made"
                    " WHERE made.id = segments.id"))  # fmt: skip


def _vectors(rng: np.random.Generator, count: int) -> Float:
    """Embeddings of `count` segments, each of one frame, of random moves."""
    labels = _labels()
    kinds = len(labels)
    danced = rng.integers(kinds - 1, size=count)  # the last is no move
    alike = np.random.default_rng(2).normal(0, CONFUSED, (kinds, kinds))
    logits = alike[danced] + rng.normal(0, VARIED, (count, kinds))
    logits[np.arange(count), danced] += SURE
    times = np.arange(count)
    said = FrameScores(times, log_softmax(logits).astype(np.float32), np.zeros(count, np.float32), labels)
    return embed(said, [Span(time, time + 1) for time in range(count)])


@cache
def _labels() -> tuple[Reading, ...]:
    bundle = shipped(TAXONOMY)
    assert bundle is not None
    return bundle.labels


def _danced(rng: np.random.Generator) -> Embeddings:
    return Embeddings("enc", _vectors(rng, 1))


def _name(rng: np.random.Generator) -> str:
    return _id(int(rng.integers(1, VIDEOS + 1)), int(rng.integers(EACH)))


def _id(video: int, part: int) -> str:
    """The id that `bench_finding` gives a segment."""
    return f"seg_{md5(f'{video}_{part}'.encode()).hexdigest()[:26].upper()}"


def _user(rng: np.random.Generator) -> str:
    return f"usr_{rng.integers(1, USERS + 1)}"
