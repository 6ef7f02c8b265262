"""What one user may have of what all share: bytes that are stored, work that waits."""

from sqlalchemy import Connection, func, select

from cluster import queue
from cluster.tables import users, videos
from dancecore.errors import DanceError

CALLED = {queue.ANALYSE: "analyses", queue.COMPOSITION: "exports and comparisons"}


def check_stored(tx: Connection, user_id: str, more: int, most: int, but: str = "") -> None:
    """Raise DanceError("QUOTA_EXCEEDED") when a user's videos, all `but` this one, with `more` bytes would have more
    than `most`. Others of the same user wait until `tx` ends."""
    _one_by_one(tx, user_id)
    query = select(func.coalesce(func.sum(videos.c.bytes), 0)).where(
        videos.c.owner == user_id, videos.c.deleted_at.is_(None), videos.c.id != but
    )
    stored = int(tx.scalar(query) or 0)
    if stored + more > most:
        said = f"your videos have {stored} bytes, and may have {most}: delete some"
        raise DanceError("QUOTA_EXCEEDED", said, {"stored_bytes": stored, "most": most})


def check_queued(tx: Connection, task: str, user_id: str, most: int) -> None:
    """Raise DanceError("QUOTA_EXCEEDED") when `most` jobs of a task that a user asked for wait or are under way. Others
    of the same user wait until `tx` ends."""
    _one_by_one(tx, user_id)
    if queue.waiting(tx, task, user_id) >= most:
        raise DanceError("QUOTA_EXCEEDED", f"{most} of your {CALLED[task]} wait already", {"most": most})


def _one_by_one(tx: Connection, user_id: str) -> None:
    tx.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True))
