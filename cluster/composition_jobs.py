"""Work on compositions that takes a while: their files, and takes compared with them. Each is a row and a job in the
queue, made in one transaction; what was asked for is kept as it was then. Files go when their time is over."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from cluster import keys, queue, quotas
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.objects import Objects
from cluster.tables import composition_jobs
from dancecore.errors import DanceError

Kind = Literal["export", "comparison"]
State = Literal["QUEUED", "RUNNING", "DONE", "FAILED"]
PREFIX: dict[Kind, str] = {"export": "exp", "comparison": "cpr"}
ENDS = ("DONE", "FAILED")


@dataclass(frozen=True, slots=True)
class CompositionJob:
    """A job. asked: the composition (`composition.v1`, as text) and what was asked for. done: files that are there.
    result: of a comparison. expires_at: when it and its files are removed."""

    job_id: str
    composition_id: str
    video_id: str | None
    kind: Kind
    asked: dict[str, Any]
    state: State
    done: int
    result: dict[str, Any] | None
    reason: str | None
    detail: str | None
    secret: str
    expires_at: datetime


def request(
    pool: Engine, kind: Kind, composition: str, asked: dict[str, Any], now: datetime, keep: timedelta,
    owner: str, most: int, video: str | None = None,
) -> CompositionJob:  # fmt: skip
    """Ask, as this user, for a job, to be kept for so long. Raises DanceError("QUOTA_EXCEEDED") when `most` of theirs
    are in the queue already."""
    row = {
        "id": ulid(PREFIX[kind]), "composition": composition, "video": video, "kind": kind, "asked": asked,
        "secret": secrets.token_urlsafe(32), "expires_at": now + keep,
    }  # fmt: skip

    def work(tx: Connection) -> CompositionJob:
        quotas.check_queued(tx, queue.COMPOSITION, owner, most)
        made = tx.execute(insert(composition_jobs).values(row).returning(composition_jobs)).mappings().one()
        turn = queue.turn(tx, queue.COMPOSITION, owner)
        queue.defer(tx, queue.COMPOSITION, queue.COMPOSITIONS, priority=turn, job_id=row["id"], owner=owner)
        return _job(made)

    return transact(pool, work)


def find(pool: Engine, job: str) -> CompositionJob:
    """A job by its id. Raises DanceError("NOT_FOUND")."""
    query = select(composition_jobs).where(composition_jobs.c.id == storable(job))
    row = transact(pool, lambda tx: tx.execute(query).mappings().one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {job!r}")
    return _job(row)


def advance(pool: Engine, job: str, **changed: Any) -> None:
    """Write how far a job is: `state`, `done`, `result`, `reason`, `detail`. One that has ended stays as it is."""
    on = composition_jobs.c.id == job, composition_jobs.c.state.not_in(ENDS)
    transact(pool, lambda tx: tx.execute(update(composition_jobs).where(*on).values(changed)))


def fail_given_up(pool: Engine) -> None:
    """End the jobs that nobody will go on with: in the queue theirs failed, was cancelled or is gone."""
    on = composition_jobs.c.state.not_in(ENDS), queue.given_up("q.args->>'job_id' = composition_jobs.id")
    ended = {"state": "FAILED", "reason": "INTERNAL", "detail": queue.GIVEN_UP}
    transact(pool, lambda tx: tx.execute(update(composition_jobs).where(*on).values(ended)))


def sign(job: CompositionJob, name: str, until: datetime) -> str:
    """What shows that a file of an export may be read until then (in whole seconds)."""
    said = f"{job.job_id}/{name}/{int(until.timestamp())}"
    return hmac.new(job.secret.encode(), said.encode(), hashlib.sha256).hexdigest()


def admit(pool: Engine, job: str, name: str, until: datetime, signature: str, now: datetime) -> CompositionJob:
    """The job whose file this signature opens. Raises DanceError: NOT_FOUND, FORBIDDEN."""
    found = find(pool, job)
    if not hmac.compare_digest(sign(found, name, until).encode(), signature.encode()):
        raise DanceError("FORBIDDEN", "this address was not signed by us")
    if until <= now:
        raise DanceError("FORBIDDEN", "this address was good for a while, which is over: ask the export for another")
    return found


def forget_expired(pool: Engine, store: Objects, now: datetime) -> None:
    """Remove what was kept long enough, its files first."""
    gone = select(composition_jobs.c.id, composition_jobs.c.composition).where(composition_jobs.c.expires_at <= now)
    for job, composition in transact(pool, lambda tx: tx.execute(gone).all()):
        for key in store.keys(keys.of_export(composition, job)):
            store.delete(key)
        one = delete(composition_jobs).where(composition_jobs.c.id == job)
        transact(pool, lambda tx, one=one: tx.execute(one))  # type: ignore[misc]


def _job(row: RowMapping) -> CompositionJob:
    same = ("kind", "asked", "state", "done", "result", "reason", "detail", "secret", "expires_at")
    return CompositionJob(row["id"], row["composition"], row["video"], **{name: row[name] for name in same})
