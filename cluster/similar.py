"""Segments like a given one, by the cosine of their embeddings (pgvector, HNSW: Malkov & Yashunin 2018)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Select, func, select

from cluster.database import storable, transact
from cluster.index import Embeddings
from cluster.settings import settings
from cluster.tables import segments, videos
from dancecore.errors import DanceError
from dancecore.types import OTHER, Float

WIDEST = 1000
"""The most candidates that an HNSW search of pgvector keeps, and so the most segments that can be asked for."""


@dataclass(frozen=True, slots=True)
class SimilarSegment:
    """A segment like the one that was asked about; `similarity` is the cosine of their embeddings, -1..1."""

    segment_id: str
    video_id: str
    filename: str
    start_ms: int
    end_ms: int
    move_id: str
    similarity: float


def embedding_of(pool: Engine, segment_id: str) -> Embeddings:
    """The stored embedding of a segment: what `similar_segments` takes. Raises DanceError("NOT_FOUND")."""
    query = select(segments.c.embedding, segments.c.embedding_version).where(segments.c.id == storable(segment_id))
    row = transact(pool, lambda tx: tx.execute(query).one_or_none())
    if row is None or row.embedding is None:
        raise DanceError("NOT_FOUND", f"no embedding is stored of a segment {segment_id!r}")
    return Embeddings(row.embedding_version, np.array([row.embedding], np.float32))


def similar_segments(pool: Engine, like: Embeddings, limit: int, creator: str | None = None) -> list[SimilarSegment]:
    """The `limit` (1..WIDEST) stored segments that are most like the one embedding in `like`, the most alike first.

    Only embeddings of its version are compared; clips that their owner deleted are left out. Among those of a `creator`
    (a user's id) the search is exact; among all it is, with many segments, approximate (`search_width` of
    configs/database.yaml). Raises DanceError("INVALID_INPUT").
    """
    if not 1 <= limit <= WIDEST:
        raise DanceError("INVALID_INPUT", f"1 to {WIDEST} similar segments can be asked for, not {limit}")
    if len(like.vectors) != 1 or not like.vectors.any():
        raise DanceError("INVALID_INPUT", f"one embedding that is not all zeros is wanted, not {len(like.vectors)}")
    vector, version = like.vectors[0], like.version
    query = _nearest(vector, version, limit) if creator is None else _nearest_own(vector, version, limit, creator)

    def work(tx: Connection) -> list[SimilarSegment]:
        _widen(tx, limit)
        return [SimilarSegment(**row) for row in tx.execute(query).mappings()]

    return transact(pool, work)


def _nearest(vector: Float, version: str, limit: int) -> Select[tuple[object, ...]]:
    """The plain order by distance that an HNSW index serves."""
    distance = segments.c.embedding.cosine_distance(vector)
    return _shown(version).add_columns((1 - distance).label("similarity")).order_by(distance).limit(limit)


def _nearest_own(vector: Float, version: str, limit: int, creator: str) -> Select[tuple[object, ...]]:
    """All of a creator's segments, in order: an index over everybody's would pass by too many to find these."""
    of = _shown(version).add_columns(segments.c.embedding).where(videos.c.owner == storable(creator))
    own = of.cte("own").prefix_with("MATERIALIZED")
    distance = own.c.embedding.cosine_distance(vector)
    shown = (each for each in own.c if each.name != "embedding")
    return select(*shown, (1 - distance).label("similarity")).order_by(distance, own.c.segment_id).limit(limit)


def _shown(version: str) -> Select[Any]:
    found = segments.c
    return (
        select(
            found.id.label("segment_id"), found.video.label("video_id"), videos.c.filename, found.start_ms,
            found.end_ms, func.coalesce(found.move, OTHER).label("move_id"),
        )
        .join(videos, videos.c.id == found.video)
        .where(found.embedding_version == version, videos.c.deleted_at.is_(None))
    )  # fmt: skip


def _widen(tx: Connection, limit: int) -> None:
    """Let the search of this transaction keep enough candidates, and go on where the filters leave too few."""
    width = min(max(settings().database.search_width, limit), WIDEST)
    tx.execute(select(func.set_config("hnsw.ef_search", str(width), True)))
    tx.execute(select(func.set_config("hnsw.iterative_scan", "strict_order", True)))
