"""What an analysed clip leaves in the database. Every write is idempotent by clip and versions.

A write takes one transaction that locks the clip's row first, so that two writers of one clip take turns.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, and_, any_, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.database import storable, transact
from cluster.ids import job_id, segment_id, video_id
from cluster.tables import EMBEDDING_SIZE, analysis_jobs, segments, videos
from dancecore.composer.found import beat_at
from dancecore.errors import DanceError
from dancecore.types import MS, OTHER, BeatGrid, ClipInfo, Float, Segment, Versions


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state a job reached: one of tables.STATES, and when (ms since 1970, UTC)."""

    state: str
    ts_ms: int


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What similar segments are found by. vectors (N, EMBEDDING_SIZE) float32, finite; a row of zeros is no embedding.

    `version` names the encoder with all that its vectors depend on: those of two versions are never compared.
    """

    version: str
    vectors: Float

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.vectors.shape[1] != EMBEDDING_SIZE:
            raise ValueError(f"embeddings want to be (N, {EMBEDDING_SIZE}), not {self.vectors.shape}")
        if not np.isfinite(self.vectors).all():
            raise ValueError("embeddings want to be finite")


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """An analysed clip. segments: in order, not overlapping; vectors (len(segments), D) float32: mean features.

    `metrics`: of the analysis; where a canary was compared, what cluster.canary.compare gave is among them.
    `timeline`: the states before INDEXED and DONE, which the write itself adds. `beats`: None: of no music to trust.
    """

    info: ClipInfo
    versions: Versions
    segments: tuple[Segment, ...]
    vectors: Float
    metrics: dict[str, float] = field(default_factory=dict)
    timeline: tuple[StateChange, ...] = ()
    embeddings: Embeddings | None = None
    beats: BeatGrid | None = None

    def __post_init__(self) -> None:
        for before, after in zip(self.segments, self.segments[1:], strict=False):
            if after.start_ns < before.end_ns:
                raise ValueError(f"segments overlap or are out of order: {before} and {after}")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.segments):
            raise ValueError(f"{len(self.segments)} segments want as many vectors, not {self.vectors.shape}")
        if self.embeddings is not None and len(self.embeddings.vectors) != len(self.segments):
            given = len(self.embeddings.vectors)
            raise ValueError(f"{len(self.segments)} segments want as many embeddings, not {given}")


@dataclass(frozen=True, slots=True)
class ClipFailure:
    """A clip that could not be analysed: `reason` is a code of dancecore.errors.CODES, `detail` its message."""

    sha256: str
    filename: str
    versions: Versions
    reason: str
    detail: str
    timeline: tuple[StateChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: `changed` is False when the same result was already stored."""

    video_id: str
    job_id: str
    segments: int
    changed: bool


def write_clip(pool: Engine, clip: ClipRecord) -> Written:
    """Store an analysed clip. At the same versions nothing changes; at others its segments are replaced.

    Raises DanceError("CLIP_DELETED") when its owner deleted the clip, DanceError("DATABASE_UNAVAILABLE").
    The moves it names must be stored already: see cluster.catalogue.sync_taxonomy.
    """
    return transact(pool, lambda connection: put_clip(connection, clip))


def write_failure(pool: Engine, failure: ClipFailure) -> Written:
    """Store that a clip failed. What an earlier analysis stored of it stays; the same failure again changes nothing.

    Raises as write_clip does.
    """
    return transact(pool, lambda connection: put_failure(connection, failure))


def done(pool: Engine, sha256s: Collection[str], versions: Versions) -> set[str]:
    """Which of these clips are stored as analysed at exactly these versions."""
    wanted = literal(list(sha256s), ARRAY(TEXT))
    query = (
        select(videos.c.sha256)
        .join(analysis_jobs, analysis_jobs.c.id == videos.c.indexed_by)
        .where(videos.c.sha256 == any_(wanted), _at(versions))
    )
    return transact(pool, lambda connection: set(connection.scalars(query)))


def put_clip(connection: Connection, clip: ClipRecord) -> Written:
    """`write_clip` within a transaction of the caller's."""
    video = video_id(clip.info.sha256)
    job = job_id(video, clip.versions)
    if _lock_video(connection, video, clip.info.sha256, storable(clip.info.path.name)) == job:
        return Written(video, job, len(clip.segments), changed=False)
    now = _now_ms()
    timeline = (*clip.timeline, StateChange("INDEXED", now), StateChange("DONE", now))
    _advance(connection, job, video, clip.versions, _entries(timeline), state="DONE", metrics=clip.metrics)
    connection.execute(delete(segments).where(segments.c.video == video))
    if clip.segments:
        connection.execute(insert(segments).values(_segment_rows(video, clip)))  # one statement: triggers run once
    connection.execute(update(videos).where(videos.c.id == video).values(**_video_values(clip.info), indexed_by=job))
    return Written(video, job, len(clip.segments), changed=True)


def put_failure(connection: Connection, failure: ClipFailure) -> Written:
    """`write_failure` within a transaction of the caller's."""
    video = video_id(failure.sha256)
    job = job_id(video, failure.versions)
    indexed_by = _lock_video(connection, video, failure.sha256, storable(failure.filename))
    known = connection.scalar(select(analysis_jobs.c.reason).where(analysis_jobs.c.id == job))
    if indexed_by == job or known == failure.reason:  # analysed after all, by a writer that was faster
        return Written(video, job, 0, changed=False)
    failed = {"state": "FAILED", "ts_ms": _now_ms(), "reason": failure.reason, "detail": storable(failure.detail)}
    entries = [*_entries(failure.timeline), failed]
    _advance(connection, job, video, failure.versions, entries, state="FAILED", reason=failure.reason)
    if indexed_by is None:
        connection.execute(update(videos).where(videos.c.id == video).values(status="FAILED"))
    return Written(video, job, 0, changed=True)


def _lock_video(connection: Connection, video: str, sha256: str, filename: str) -> str | None:
    """Make the clip's row if it is not there and lock it until the transaction ends; returns `indexed_by`."""
    row = {"id": video, "sha256": sha256, "filename": filename}
    # An update that changes nothing locks the row, also one that is purged at this moment: that is made anew.
    here = upsert(videos).values(row).on_conflict_do_update(index_elements=["id"], set_={"sha256": sha256})
    found = connection.execute(here.returning(videos.c.indexed_by, videos.c.deleted_at)).one()
    if found.deleted_at is not None:
        raise DanceError("CLIP_DELETED", f"{filename} ({video}) was deleted by its owner", {"video_id": video})
    indexed_by: str | None = found.indexed_by
    return indexed_by


def _advance(
    connection: Connection, job: str, video: str, versions: Versions, entries: Sequence[dict[str, Any]], *,
    state: str, reason: str | None = None, metrics: dict[str, float] | None = None,
) -> None:  # fmt: skip
    """Make the job's row, or append to the log of the one that is there."""
    row = {"state": state, "reason": reason, "metrics": metrics or {}}
    made = upsert(analysis_jobs).values(id=job, video=video, log=list(entries), **_columns(versions), **row)
    log = analysis_jobs.c.log.concat(made.excluded.log)
    connection.execute(made.on_conflict_do_update(index_elements=["id"], set_={**row, "log": log}))


def _segment_rows(video: str, clip: ClipRecord) -> list[dict[str, Any]]:
    spans = [(segment.start_ns // MS, segment.end_ns // MS) for segment in clip.segments]
    return [
        {
            "id": segment_id(video, clip.versions, start_ms, end_ms), "video": video,
            "start_ms": start_ms, "end_ms": end_ms,
            "move": None if segment.move_id == OTHER else segment.move_id,
            "confidence": float(segment.confidence), "mirror": bool(segment.mirror),
            "alternatives": [{"move_id": move, "confidence": float(share)} for move, share in segment.alternatives],
            "features_vec": vector.astype("<f2").tobytes(), **embedding, **_columns(clip.versions),
            "start_beat": None if clip.beats is None else beat_at(clip.beats, segment.start_ns),
            "end_beat": None if clip.beats is None else beat_at(clip.beats, segment.end_ns),
        }
        for segment, (start_ms, end_ms), vector, embedding in zip(
            clip.segments, spans, clip.vectors, _embedded(clip), strict=True
        )
    ]  # fmt: skip


def _embedded(clip: ClipRecord) -> list[dict[str, Any]]:
    """The columns of each segment's embedding."""
    none = {"embedding": None, "embedding_version": None}
    if clip.embeddings is None:
        return [none] * len(clip.segments)
    version = clip.embeddings.version
    return [
        {"embedding": vector, "embedding_version": version} if vector.any() else none
        for vector in clip.embeddings.vectors
    ]


def _video_values(info: ClipInfo) -> dict[str, Any]:
    return {
        "filename": storable(info.path.name), "duration_ms": info.duration_ms, "fps": info.fps,
        "width": info.width, "height": info.height, "status": "READY",
    }  # fmt: skip


def _columns(versions: Versions) -> dict[str, str]:
    return {
        "pose_version": versions.pose, "feature_version": versions.features,
        "model_version": versions.model, "taxonomy_version": versions.taxonomy,
    }  # fmt: skip


def _at(versions: Versions) -> ColumnElement[bool]:
    return and_(*(analysis_jobs.c[name] == value for name, value in _columns(versions).items()))


def _entries(timeline: Sequence[StateChange]) -> list[dict[str, Any]]:
    return [{"state": change.state, "ts_ms": change.ts_ms} for change in timeline]


def _now_ms() -> int:
    return time.time_ns() // MS
