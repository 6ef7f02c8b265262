"""What people verified, as labels: the only ones of the service that anything is trained on."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, RowMapping, Select, and_, func, or_, select

from cluster.database import storable, transact
from cluster.tables import analysis_jobs, annotations, moves, segments, taxonomy_versions, videos
from dancecore.learning.datasets.entries import Label
from dancecore.types import OTHER


@dataclass(frozen=True, slots=True)
class VerifiedClip:
    """A video and the moves that are verified in it, in order, not overlapping; what lies between them nobody said.

    creator: who brought it; of a video of nobody, the video itself. pose_version: of the keypoints that the stored
    segments were found in; None: it was never analysed.
    """

    video_id: str
    creator: str
    fps: float | None
    duration_ms: int | None
    pose_version: str | None
    labels: tuple[Label, ...]


def verified(pool: Engine, semver: str) -> list[VerifiedClip]:
    """The clips with moves of this version of the taxonomy, or none that is known, that are verified, by id; none that
    its owner deleted."""
    query = _verified(storable(semver))
    rows = transact(pool, lambda tx: list(tx.execute(query).mappings()))
    return [_clip(list(of)) for _, of in groupby(rows, lambda row: row["video"])]


def _verified(semver: str) -> Select[Any]:
    """Of each video the newest annotation first. A side that nobody told is that of the segment of this move there."""
    overlap = func.least(segments.c.end_ms, annotations.c.end_ms) - func.greatest(
        segments.c.start_ms, annotations.c.start_ms
    )
    found = (
        select(segments.c.mirror)
        .where(segments.c.video == annotations.c.video, segments.c.move == annotations.c.move, overlap > 0)
        .order_by(overlap.desc(), segments.c.id)
        .limit(1)
        .scalar_subquery()
    )
    made = select(taxonomy_versions.c.created_at).where(taxonomy_versions.c.semver == semver).scalar_subquery()
    known_then = annotations.c.created_at >= made  # what was no known move before may be one of this version
    return (
        select(
            annotations.c.video, annotations.c.start_ms, annotations.c.end_ms, annotations.c.move,
            func.coalesce(annotations.c.mirror, found).label("mirror"),
            videos.c.owner, videos.c.fps, videos.c.duration_ms, analysis_jobs.c.pose_version,
        )
        .join(videos, videos.c.id == annotations.c.video)
        .outerjoin(moves, moves.c.id == annotations.c.move)
        .outerjoin(analysis_jobs, analysis_jobs.c.id == videos.c.indexed_by)
        .where(annotations.c.status == "VERIFIED", videos.c.deleted_at.is_(None))
        .where(or_(moves.c.taxonomy_version == semver, and_(annotations.c.move.is_(None), known_then)))
        .order_by(annotations.c.video, annotations.c.created_at.desc(), annotations.c.id.desc())
    )  # fmt: skip


def _clip(rows: list[RowMapping]) -> VerifiedClip:
    first = rows[0]
    labels = _apart(Label(row["start_ms"], row["end_ms"], row["move"] or OTHER, row["mirror"]) for row in rows)
    return VerifiedClip(
        first["video"], first["owner"] or first["video"], first["fps"], first["duration_ms"], first["pose_version"],
        tuple(labels),
    )  # fmt: skip


def _apart(newest_first: Iterable[Label]) -> list[Label]:
    """In order of time. Where two contradict each other the newer one counts."""
    kept: list[Label] = []
    for label in newest_first:
        if all(label.end_ms <= other.start_ms or other.end_ms <= label.start_ms for other in kept):
            kept.append(label)
    return sorted(kept, key=lambda label: label.start_ms)
