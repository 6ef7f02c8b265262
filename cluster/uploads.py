"""Files on their way in: a signed form for each, until a video is made of it."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, RowMapping, delete, func, insert, select, update

from cluster import keys, tracing
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.objects import Objects
from cluster.settings import ServeSettings
from cluster.sign_in import digest
from cluster.tables import uploads
from dancecore.errors import DanceError

TYPES = (
    "video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/3gpp", "video/mpeg", "video/x-msvideo",
    "video/mp2t", "video/ogg",
)  # fmt: skip
"""What may be uploaded, as browsers call it. Whether it is so is found out by decoding."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be, or was, sent. sha256: as its sender said. video: what became of it; None: nothing yet.
    trace: see cluster.tracing."""

    upload_id: str
    user_id: str
    filename: str
    content_type: str
    sha256: str
    expires_at: datetime
    video: str | None
    trace: str | None


def sign(
    pool: Engine, user_id: str, filename: str, content_type: str, sha256: str, now: datetime, settings: ServeSettings
) -> tuple[Upload, str]:
    """Allow a user to send a file; and the secret that shows it. Raises DanceError("RATE_LIMITED") after
    `videos_per_day`."""
    secret = secrets.token_urlsafe(32)
    row = {
        "id": ulid("upl"), "user": user_id, "filename": storable(filename), "content_type": content_type,
        "sha256": sha256, "digest": digest(secret), "expires_at": now + timedelta(minutes=settings.upload_minutes),
        "trace": tracing.carried(),
    }  # fmt: skip
    recent = select(func.count()).where(uploads.c.user == user_id, uploads.c.created_at > now - timedelta(days=1))

    def work(tx: Connection) -> RowMapping | None:
        if (tx.scalar(recent) or 0) >= settings.videos_per_day:
            return None
        return tx.execute(insert(uploads).values(row).returning(uploads)).mappings().one()

    made = transact(pool, work)
    if made is None:
        message = f"at most {settings.videos_per_day} uploads a day"
        raise DanceError("RATE_LIMITED", message, {"retry_after_s": 3600})
    return _upload(made), secret


def renew(pool: Engine, upload_id: str, now: datetime, settings: ServeSettings) -> tuple[Upload, str]:
    """Allow a file to be sent for a while longer; and the new secret that shows it, in place of the one before.

    Raises DanceError: NOT_FOUND, ALREADY_EXISTS when a video was made of it."""
    secret, until = secrets.token_urlsafe(32), now + timedelta(minutes=settings.upload_minutes)
    if find(pool, upload_id).video is not None:
        raise DanceError("ALREADY_EXISTS", "a video was made of this upload already")
    changed = update(uploads).where(uploads.c.id == upload_id).values(digest=digest(secret), expires_at=until)
    transact(pool, lambda tx: tx.execute(changed))
    return find(pool, upload_id), secret


def admit(pool: Engine, upload_id: str, secret: str, now: datetime) -> Upload:
    """The upload that this secret allows. Raises DanceError: NOT_FOUND, FORBIDDEN."""
    row = _row(pool, upload_id)
    if not hmac.compare_digest(row["digest"], digest(secret)):
        raise DanceError("FORBIDDEN", "this address was not signed by us")
    if row["expires_at"] <= now or row["video"] is not None:
        raise DanceError("FORBIDDEN", "this address was good for a while, which is over: have another one signed")
    return _upload(row)


def find(pool: Engine, upload_id: str) -> Upload:
    """An upload by its id. Raises DanceError("NOT_FOUND")."""
    return _upload(_row(pool, upload_id))


def became(tx: Connection, upload_id: str, video: str) -> None:
    """Keep which video was made of an upload."""
    tx.execute(update(uploads).where(uploads.c.id == upload_id).values(video=video))


def forget_abandoned(pool: Engine, store: Objects, then: datetime) -> None:
    """Remove uploads that ran out before `then` and are no video, their objects first."""
    gone = uploads.c.expires_at < then, uploads.c.video.is_(None)
    for upload in transact(pool, lambda tx: tx.scalars(select(uploads.c.id).where(*gone)).all()):
        for key in (keys.upload(upload), *store.keys(keys.parts(upload))):
            store.delete(key)
        still = delete(uploads).where(uploads.c.id == upload, *gone)  # unless somebody went on with it meanwhile
        transact(pool, lambda tx, still=still: tx.execute(still))  # type: ignore[misc]


def _row(pool: Engine, upload_id: str) -> RowMapping:
    query = select(uploads).where(uploads.c.id == storable(upload_id))
    row = transact(pool, lambda tx: tx.execute(query).mappings().one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {upload_id!r}")
    return row


def _upload(row: RowMapping) -> Upload:
    same = {name: row[name] for name in ("filename", "content_type", "sha256", "expires_at", "video", "trace")}
    return Upload(upload_id=row["id"], user_id=row["user"], **same)
