"""Videos and whose they are. The same bytes are one video: its id is derived from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import BIT
from sqlalchemy import Connection, Engine, Select, and_, cast, func, literal, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster import analyses, keys, queue, quotas, uploads
from cluster.database import storable, transact
from cluster.ids import video_id
from cluster.objects import Objects
from cluster.tables import analysis_jobs, fingerprints, videos
from cluster.uploads import Upload
from dancecore.errors import DanceError
from dancecore.media.fingerprint import BITS, ODD, Fingerprints, pack
from dancecore.types import ClipInfo

LENGTH_SLACK_MS = 1000
"""By how much the length of a copy may differ: other frame rates and sound tracks end elsewhere."""


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """A video as stored. job_id, state, reason: of its newest analysis; None: there was none. indexed: whether segments
    of any analysis are stored."""

    video_id: str
    owner: str | None
    source: str
    filename: str
    duration_ms: int | None
    fps: float | None
    width: int | None
    height: int | None
    sha256: str
    consent_version: str | None
    created_at: datetime
    indexed: bool
    job_id: str | None
    state: str | None
    reason: str | None


def check_free(pool: Engine, upload: Upload, info: ClipInfo, most: int) -> None:
    """Raise what `add` would raise now."""
    video = video_id(info.sha256)
    owner = select(videos.c.owner).where(videos.c.id == video)

    def work(tx: Connection) -> None:
        quotas.check_stored(tx, upload.user_id, info.bytes, most, but=video)
        _check_owner(tx.scalar(owner), upload.user_id, video)

    transact(pool, work)


def add(
    pool: Engine, upload: Upload, info: ClipInfo, source: str, consent: str, seen: Fingerprints | None, most: int
) -> str:
    """Make a video of an upload, owned by who sent it; its id. consent: the version of the terms. seen: its
    fingerprints, if it has any. most: the bytes that a user may have.

    A clip that nobody owns, which the indexing job brought, becomes the sender's; one that they deleted comes back.
    Raises DanceError: ALREADY_EXISTS when it is somebody else's, QUOTA_EXCEEDED.
    """
    return transact(pool, lambda tx: _add(tx, upload, info, source, consent, seen, most))


def duplicate_of(pool: Engine, video: str, share: float) -> str | None:
    """The video of the same owner that shows nearly the same, in another file: at most this share of the bits of their
    fingerprints differ, mirrored or not. None where there is none."""
    this, other, mine, theirs = videos.alias("this"), videos.alias("other"), fingerprints.alias(), fingerprints.alias()
    mirrored = theirs.c.bits.op("#")(cast(literal(pack(ODD)), BIT(BITS)))
    apart = func.min(func.least(*(bits.op("<~>")(mine.c.bits) for bits in (theirs.c.bits, mirrored))))
    one_is_whole = or_(mine.c.crop == 0, theirs.c.crop == 0)
    same_length = func.abs(other.c.duration_ms - this.c.duration_ms) <= LENGTH_SLACK_MS
    query = (
        select(other.c.id)
        .select_from(this)
        .join(other, and_(this.c.owner == other.c.owner, this.c.id != other.c.id, same_length))
        .join(mine, mine.c.video == this.c.id)
        .join(theirs, and_(theirs.c.video == other.c.id, one_is_whole))
        .where(this.c.id == storable(video), other.c.deleted_at.is_(None))
        .group_by(other.c.id)
        .having(apart <= share * BITS)
        .order_by(apart, other.c.created_at, other.c.id)
        .limit(1)
    )
    return transact(pool, lambda tx: tx.scalar(query))


def _check_owner(owner: str | None, user_id: str, video: str) -> None:
    if owner not in (None, user_id):
        raise DanceError("ALREADY_EXISTS", "somebody else has uploaded this very clip", {"video_id": video})


def _add(
    tx: Connection, upload: Upload, info: ClipInfo, source: str, consent: str, seen: Fingerprints | None, most: int
) -> str:
    video = video_id(info.sha256)
    row = {
        "id": video, "sha256": info.sha256, "filename": upload.filename, "duration_ms": info.duration_ms,
        "fps": info.fps, "width": info.width, "height": info.height, "trace": upload.trace, "bytes": info.bytes,
    }  # fmt: skip
    # An update that changes nothing holds the row, also one that is purged at this moment: that is made anew.
    here = upsert(videos).values(row).on_conflict_do_update(index_elements=["id"], set_={"sha256": info.sha256})
    known = tx.execute(here.returning(videos.c.owner, videos.c.deleted_at)).one()
    _check_owner(known.owner, upload.user_id, video)
    quotas.check_stored(tx, upload.user_id, info.bytes, most, but=video)
    if known.owner is None or known.deleted_at is not None:
        said = {"owner": upload.user_id, "source": source, "consent_version": storable(consent)}
        tx.execute(update(videos).where(videos.c.id == video).values(**row, **said, deleted_at=None))
        queue.learn(tx, video)  # one that comes back has segments already
    known_by = [{"video": video, "crop": crop, "bits": pack(bits)} for crop, bits in (seen or {}).items()]
    if known_by:
        tx.execute(upsert(fingerprints).values(known_by).on_conflict_do_nothing())
    uploads.became(tx, upload.upload_id, video)
    return video


def exists(pool: Engine, video: str) -> bool:
    """Whether there is a row of this video, also of one that is deleted."""
    return transact(pool, lambda tx: tx.scalar(select(videos.c.id).where(videos.c.id == video))) is not None


def find(pool: Engine, video: str) -> StoredVideo:
    """A video by its id. Raises DanceError("NOT_FOUND")."""
    query = _stored().where(videos.c.id == storable(video))
    row = transact(pool, lambda tx: tx.execute(query).mappings().one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {video!r}")
    return StoredVideo(**row)


def of_owner(pool: Engine, owner: str, before: tuple[datetime, str] | None, limit: int) -> list[StoredVideo]:
    """A user's videos, the newest first, at most `limit`; those after the one that was made at, and has, `before`."""
    query = _stored().where(videos.c.owner == owner)
    if before is not None:
        query = query.where(tuple_(videos.c.created_at, videos.c.id) < before)
    query = query.order_by(videos.c.created_at.desc(), videos.c.id.desc()).limit(limit)
    return transact(pool, lambda tx: [StoredVideo(**row) for row in tx.execute(query).mappings()])


def pose_version(pool: Engine, video: str) -> str:
    """The version of the keypoints that the stored segments were found in. Raises DanceError("NOT_FOUND")."""
    query = select(analysis_jobs.c.pose_version).join(videos, videos.c.indexed_by == analysis_jobs.c.id)
    found = transact(pool, lambda tx: tx.scalar(query.where(videos.c.id == video)))
    if found is None:
        raise DanceError("NOT_FOUND", f"{video} has not been analysed yet")
    return found


def delete(pool: Engine, video: str, now: datetime) -> None:
    """Take a video out of sight and what is danced in it out of what was learned, end its analyses; `purge` removes it
    later."""
    changed = update(videos).where(videos.c.id == video, videos.c.deleted_at.is_(None)).values(deleted_at=now)

    def work(tx: Connection) -> None:
        tx.execute(changed)
        queue.learn(tx, video)
        analyses.cancel_of(tx, video)

    transact(pool, work)


def purge(pool: Engine, store: Objects, then: datetime) -> int:
    """Remove what was deleted before `then` for good, its objects first; how many videos."""
    gone = select(videos.c.id).where(videos.c.deleted_at < then)
    found = list(transact(pool, lambda tx: tx.scalars(gone).all()))
    return sum(transact(pool, lambda tx, video=video: _purge(tx, store, video, then)) for video in found)  # type: ignore[misc]


def _purge(tx: Connection, store: Objects, video: str, then: datetime) -> bool:
    """Its owner may bring it back at this moment; they wait until it is gone, or it stays."""
    still = videos.c.id == video, videos.c.deleted_at < then
    if tx.execute(select(videos.c.id).where(*still).with_for_update()).one_or_none() is None:
        return False
    for key in store.keys(keys.of_video(video)):
        store.delete(key)
    tx.execute(videos.delete().where(videos.c.id == video))
    return True


def _stored() -> Select[Any]:
    """Every video that is not deleted, with its newest analysis."""
    job = analysis_jobs.c
    newest = (
        select(job.id.label("job_id"), job.state, job.reason)
        .where(job.video == videos.c.id)
        .order_by(job.log[-1]["ts_ms"].desc(), job.id)
        .limit(1)
        .lateral()
    )
    plain = (
        "owner", "source", "filename", "duration_ms", "fps", "width", "height", "sha256", "consent_version",
        "created_at",
    )  # fmt: skip
    return (
        select(
            videos.c.id.label("video_id"), *(videos.c[name] for name in plain),
            videos.c.indexed_by.is_not(None).label("indexed"), newest,
        )
        .outerjoin(newest, true())
        .where(videos.c.deleted_at.is_(None))
    )  # fmt: skip
