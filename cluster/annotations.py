"""What people say is danced: made by whoever sees a video, true once somebody else has looked at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, insert, select, tuple_, update

from cluster.accounts import User
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.tables import annotations, moves, videos
from dancecore.errors import DanceError
from dancecore.types import OTHER

Action = Literal["approve", "reject"]
BECOMES = {"approve": "VERIFIED", "reject": "REJECTED"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """A move that somebody sees in [start_ms, end_ms) of a video; OTHER: none that is known. mirror: danced with the
    sides exchanged; None: they did not say. status: PENDING, VERIFIED or REJECTED."""

    annotation_id: str
    video_id: str
    annotator: str | None
    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool | None
    notes: str
    status: str
    reviewed_by: str | None
    review_reason: str
    created_at: datetime


def create(
    pool: Engine, video: str, annotator: str, start_ms: int, end_ms: int, move_id: str, notes: str,
    mirror: bool | None = None,
) -> Annotation:  # fmt: skip
    """Keep what somebody sees. Raises DanceError: NOT_FOUND for no such video or move, INVALID_INPUT for a span that
    is empty or ends after the video."""
    row = {
        "id": ulid("ann"), "video": video, "annotator": annotator, "start_ms": start_ms, "end_ms": end_ms,
        "move": None if move_id == OTHER else move_id, "notes": storable(notes), "mirror": mirror,
    }  # fmt: skip

    def work(tx: Connection) -> RowMapping:
        _check(tx, video, start_ms, end_ms, move_id)
        return tx.execute(insert(annotations).values(row).returning(annotations)).mappings().one()

    return _annotation(transact(pool, work))


def of_video(pool: Engine, video: str, after: tuple[int, str] | None, limit: int) -> list[Annotation]:
    """What people see in a video, in order of time; at most `limit`, after the one of this start and id."""
    order = annotations.c.start_ms, annotations.c.id
    query = select(annotations).where(annotations.c.video == video).order_by(*order).limit(limit)
    query = query if after is None else query.where(tuple_(*order) > after)
    return transact(pool, lambda tx: [_annotation(row) for row in tx.execute(query).mappings()])


def review(pool: Engine, annotation_id: str, reviewer: User, action: Action, reason: str) -> Annotation:
    """Approve or reject an annotation; another review replaces the one before.

    Raises DanceError: NOT_FOUND; FORBIDDEN for one's own, unless one is admin.
    """
    return _annotation(transact(pool, lambda tx: _review(tx, storable(annotation_id), reviewer, action, reason)))


def _review(tx: Connection, annotation_id: str, reviewer: User, action: Action, reason: str) -> RowMapping:
    one = annotations.c.id == annotation_id
    found = tx.execute(select(annotations.c.annotator).where(one).with_for_update()).one_or_none()
    if found is None:
        raise DanceError("NOT_FOUND", f"there is no {annotation_id!r}")
    if found.annotator == reviewer.user_id and reviewer.role != "admin":
        raise DanceError("FORBIDDEN", "one's own annotation is for somebody else to review")
    said = {"status": BECOMES[action], "reviewed_by": reviewer.user_id, "review_reason": storable(reason)}
    return tx.execute(update(annotations).where(one).values(said).returning(annotations)).mappings().one()


def _check(tx: Connection, video: str, start_ms: int, end_ms: int, move_id: str) -> None:
    clip = tx.execute(select(videos.c.duration_ms).where(videos.c.id == video)).one_or_none()
    if clip is None:
        raise DanceError("NOT_FOUND", f"there is no {video!r}")
    if not 0 <= start_ms < end_ms or (clip.duration_ms is not None and end_ms > clip.duration_ms):
        raise DanceError("INVALID_INPUT", f"[{start_ms}, {end_ms}) is no part of {clip.duration_ms} ms")
    if move_id != OTHER and tx.scalar(select(moves.c.id).where(moves.c.id == storable(move_id))) is None:
        raise DanceError("NOT_FOUND", f"there is no move {move_id!r}")


def _annotation(row: RowMapping) -> Annotation:
    same: dict[str, Any] = {
        name: row[name]
        for name in (
            "annotator",
            "start_ms",
            "end_ms",
            "mirror",
            "notes",
            "status",
            "reviewed_by",
            "review_reason",
            "created_at",
        )
    }
    return Annotation(annotation_id=row["id"], video_id=row["video"], move_id=row["move"] or OTHER, **same)
