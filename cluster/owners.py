"""Whose a thing is."""

from typing import Any, Literal

from sqlalchemy import Engine, Select, select

from cluster.database import storable, transact
from cluster.tables import (
    analysis_jobs,
    api_keys,
    composer_events,
    composition_jobs,
    compositions,
    segments,
    uploads,
    videos,
    webhooks,
)
from dancecore.errors import DanceError

Owned = Literal[
    "video_id",
    "job_id",
    "key_id",
    "upload_id",
    "segment_id",
    "composition_id",
    "export_id",
    "comparison_id",
    "about_id",
    "webhook_id",
]
"""Kinds of things that belong to somebody, by the name of their id."""

_JOBS = select(composition_jobs.c.id, compositions.c.user).join(
    compositions, compositions.c.id == composition_jobs.c.composition
)

OWNERS: dict[Owned, Select[Any]] = {
    "video_id": select(videos.c.id, videos.c.owner).where(videos.c.deleted_at.is_(None)),
    "job_id": select(analysis_jobs.c.id, videos.c.owner)
    .join(videos, videos.c.id == analysis_jobs.c.video)
    .where(videos.c.deleted_at.is_(None)),
    "key_id": select(api_keys.c.id, api_keys.c.user),
    "segment_id": select(segments.c.id, videos.c.owner)
    .join(videos, videos.c.id == segments.c.video)
    .where(videos.c.deleted_at.is_(None)),
    "upload_id": select(uploads.c.id, uploads.c.user),
    "composition_id": select(compositions.c.id, compositions.c.user),
    "export_id": _JOBS.where(composition_jobs.c.kind == "export"),
    "comparison_id": _JOBS.where(composition_jobs.c.kind == "comparison"),
    "about_id": select(composer_events.c.id, composer_events.c.user),
    "webhook_id": select(webhooks.c.id, webhooks.c.user),
}


def owner_of(pool: Engine, kind: Owned, name: str) -> str | None:
    """The id of a thing's owner; None when it has none. Raises DanceError("NOT_FOUND")."""
    query = OWNERS[kind]
    row = transact(pool, lambda tx: tx.execute(query.where(query.selected_columns[0] == storable(name))).one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {name!r}")
    owner: str | None = row[1]
    return owner
