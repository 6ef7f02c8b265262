"""Segments like another: against an exact search, by its rules, and written beside the segments."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event, func, select, text

from cluster.database import connect, enable, engine
from cluster.ids import segment_id, video_id
from cluster.index import Embeddings, write_clip
from cluster.similar import WIDEST, embedding_of, similar_segments
from cluster.tables import EMBEDDING_SIZE, segments
from dancecore.errors import DanceError
from dancecore.types import Float
from tests.cluster.stored import V1, catalogue, clip, own, sha

CLIPS, EACH = 40, 50


def directions(count: int, seed: int) -> Float:
    """(count, EMBEDDING_SIZE): directions that vary in only a dozen ways; real segments were not measured."""
    latent = np.random.default_rng(seed).normal(size=(count, 12))
    made = latent @ np.random.default_rng(0).normal(size=(12, EMBEDDING_SIZE))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def with_embeddings(name: str, vectors: Float, version: str = "enc-1") -> Any:
    spans = [("mv_dab", 100 * place, 100 * place + 90) for place in range(len(vectors))]
    return replace(clip(name, *spans), embeddings=Embeddings(version, vectors))


@pytest.fixture(scope="module")
def many(shared_postgres_url: str) -> Engine:
    """2000 segments in 40 clips, whose table the planner knows."""
    pool = engine(shared_postgres_url)
    catalogue(pool)
    stored = directions(CLIPS * EACH, 1)
    for place in range(CLIPS):
        write_clip(pool, with_embeddings(f"{place}.mp4", stored[place * EACH : (place + 1) * EACH]))
    with connect(pool) as tx:
        tx.execute(text("ANALYZE"))
    return pool


@pytest.fixture
def plans(many: Engine) -> Any:
    """Statements of a test by the index, and their plans."""
    seen: list[str] = []

    def by_index(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, several: bool) -> None:
        if "<=>" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {statement}", parameters)
            seen.append("\n".join(row[0] for row in cursor.fetchall()))

    event.listen(many, "before_cursor_execute", by_index)
    yield seen
    event.remove(many, "before_cursor_execute", by_index)


def test_the_index_finds_what_an_exact_search_finds(many: Engine, plans: list[str]) -> None:
    stored, asked = directions(CLIPS * EACH, 1), directions(50, 2)
    ids = [
        segment_id(video_id(sha(f"{place // EACH}.mp4")), V1, 100 * (place % EACH), 100 * (place % EACH) + 90)
        for place in range(len(stored))
    ]
    hits = 0
    for vector in asked:
        exact = [ids[place] for place in np.argsort(-(stored @ vector))[:10]]
        found = similar_segments(many, Embeddings("enc-1", vector[None]), 10)
        hits += len({row.segment_id for row in found} & set(exact))
        assert [row.similarity for row in found] == sorted((row.similarity for row in found), reverse=True)
    assert all("ix_segments_embedding" in plan for plan in plans)
    assert len(plans) == len(asked)
    assert hits / (10 * len(asked)) >= 0.95


def test_a_segment_is_most_like_itself(many: Engine) -> None:
    itself = segment_id(video_id(sha("7.mp4")), V1, 300, 390)
    like = embedding_of(many, itself)
    first, *others = similar_segments(many, like, 5)
    assert (first.segment_id, first.filename, first.start_ms, first.move_id) == (itself, "7.mp4", 300, "mv_dab")
    assert first.similarity == pytest.approx(1, abs=1e-6)
    assert first.similarity > others[0].similarity
    exact = directions(CLIPS * EACH, 1)
    best = np.sort(exact @ exact[7 * EACH + 3])[::-1]
    np.testing.assert_allclose([row.similarity for row in (first, *others)], best[:5], atol=1e-5)


def test_as_many_as_are_asked_for(many: Engine, plans: list[str]) -> None:
    like = Embeddings("enc-1", directions(1, 3))
    assert len(similar_segments(many, like, 1)) == 1
    assert len(similar_segments(many, like, 700)) == 700


def test_deleted_clips_and_other_encoders_are_left_out(pool: Engine) -> None:
    catalogue(pool)
    vectors = directions(3, 4)
    for name, version in (("here.mp4", "enc-1"), ("gone.mp4", "enc-1"), ("newer.mp4", "enc-2")):
        write_clip(pool, with_embeddings(name, vectors, version))
    own(pool, "gone.mp4", deleted_at=func.now())
    like = Embeddings("enc-1", vectors[:1])
    assert {row.filename for row in similar_segments(pool, like, 100)} == {"here.mp4"}
    assert {row.filename for row in similar_segments(pool, replace(like, version="enc-2"), 100)} == {"newer.mp4"}
    assert similar_segments(pool, replace(like, version="enc-3"), 100) == []


def test_a_segment_without_direction_has_no_embedding(pool: Engine) -> None:
    catalogue(pool)
    vectors = directions(2, 5)
    vectors[1] = 0
    write_clip(pool, with_embeddings("a.mp4", vectors))
    write_clip(pool, clip("b.mp4", ("mv_dab", 0, 90)))
    with connect(pool) as tx:
        rows = tx.execute(select(segments.c.embedding, segments.c.embedding_version).order_by(segments.c.id)).all()
    (kept,) = [row for row in rows if row.embedding is not None]
    assert kept.embedding_version == "enc-1"
    np.testing.assert_allclose(kept.embedding, vectors[0], rtol=1e-6)
    assert [row.embedding_version for row in rows].count(None) == 2
    bare = segment_id(video_id(sha("b.mp4")), V1, 0, 90)
    for name in (bare, "seg_unheard", "nul\0"):
        with pytest.raises(DanceError, match="NOT_FOUND"):
            embedding_of(pool, name)


ONE = directions(1, 6)
MISFITS = {
    "too short": lambda: Embeddings("e", ONE[:, :64]),
    "too long": lambda: Embeddings("e", np.concatenate([ONE, ONE], axis=1)),
    "one row flat": lambda: Embeddings("e", ONE[0]),
    "not a number": lambda: Embeddings("e", ONE * np.float32("nan")),
    "one too many": lambda: replace(clip("a.mp4", ("mv_dab", 0, 90)), embeddings=Embeddings("e", directions(2, 1))),
}


@pytest.mark.parametrize("make", MISFITS.values(), ids=MISFITS)
def test_embeddings_that_do_not_fit(make: Any) -> None:
    with pytest.raises(ValueError, match="embeddings"):
        make()


QUESTIONS = {
    "none": (ONE, 0),
    "too many": (ONE, WIDEST + 1),
    "zeros": (0 * ONE, 5),
    "two at once": (directions(2, 1), 5),
    "no one": (ONE[:0], 5),
}


@pytest.mark.parametrize(("vectors", "limit"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions_that_cannot_be_answered(many: Engine, vectors: Float, limit: int) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        similar_segments(many, Embeddings("enc-1", vectors), limit)


def test_a_server_without_the_extension_says_so(pool: Engine) -> None:
    with pytest.raises(DanceError, match=r"EXTENSION_MISSING.*lacks vector_9"), connect(pool) as tx:
        enable(tx, "vector_9")


def test_a_user_who_may_not_enable_it_is_told(pool: Engine) -> None:
    with connect(pool) as tx:
        tx.execute(text("CREATE ROLE visitor"))
        tx.execute(text("SET LOCAL ROLE visitor"))
        with pytest.raises(DanceError, match=r"EXTENSION_MISSING.*permission denied"):
            enable(tx, "hstore")
        tx.rollback()
