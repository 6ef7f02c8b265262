"""Analyses as they are asked for and as they go on: the states of a job, each appended to its log.

An analysis is known by its clip and the versions it was asked for at, so that asking twice is one job. The clip's row
is locked before the job's, here as in cluster.index. An attempt is known by its job in the queue, `queued_as`: when an
analysis was cancelled and asked for again, what still goes on for the sake of the first request changes nothing.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from cluster import keys, queue, quotas, tracing, webhooks
from cluster.database import storable, transact
from cluster.ids import job_id, segment_id, video_id
from cluster.index import ClipRecord, put_clip
from cluster.objects import Objects
from cluster.tables import UNDER_WAY, analysis_jobs, videos
from dancecore.errors import DanceError
from dancecore.types import MS, Versions

ENDS = ("DONE", "FAILED", "CANCELLED")
"""States after which nothing follows, unless the analysis is asked for again."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A job. log: entries {state, ts_ms} in order, some with metrics, or reason and detail. queued_as: its job in the
    queue, since it was asked for last; None: it never was there."""

    job_id: str
    video_id: str
    state: str
    reason: str | None
    versions: Versions
    log: tuple[dict[str, Any], ...]
    queued_as: int | None


def request(
    pool: Engine, video: str, versions: Versions, *, background: bool = False, most: int | None = None
) -> Analysis:
    """Ask for an analysis: the row and its job in the queue come in one transaction.

    What is under way, or is done and stored, is left as it is; what failed, was cancelled or replaced begins anew. In
    the `background` it waits for all others. Raises DanceError: NOT_FOUND when there is no such video, QUOTA_EXCEEDED
    when its owner has `most` analyses in the queue already.
    """
    return transact(pool, lambda tx: _request(tx, video, versions, background, most))


def request_outdated(pool: Engine, versions: Versions, owner: str | None, at_once: int) -> tuple[int, int]:
    """Ask, in the background, for analyses of videos whose segments have other versions than these: of a user, or of
    everybody (None), at most `at_once`; how many, and how many are left. What was tried at these versions already is
    left as it is."""
    tried = select(analysis_jobs.c.id).where(
        analysis_jobs.c.video == videos.c.id,
        *(analysis_jobs.c[name] == mark for name, mark in _marks(versions).items()),
    )
    old = select(videos.c.id).where(videos.c.indexed_by.is_not(None), videos.c.deleted_at.is_(None), ~tried.exists())
    if owner is not None:
        old = old.where(videos.c.owner == owner)
    found = transact(pool, lambda tx: tx.scalars(old.order_by(videos.c.created_at.desc())).all())
    for video in found[:at_once]:
        request(pool, video, versions, background=True)
    return len(found[:at_once]), len(found[at_once:])


def find(pool: Engine, job: str) -> Analysis:
    """A job by its id. Raises DanceError("NOT_FOUND")."""
    return _analysis(transact(pool, lambda tx: _row(tx, job)))


def outcome(store: Objects, job: Analysis, end: dict[str, Any]) -> dict[str, Any]:
    """What came of a job, by the entry of its log that is its end, DONE or FAILED: CONTRACTS' result or failure. The
    segments are those that it found itself, whatever was found in the clip since."""
    about = {"job_id": job.job_id, "video_id": job.video_id, "ts": end["ts_ms"]}
    if end["state"] == "FAILED":
        return about | {"state": "FAILED", "reason": end["reason"], "detail": end["detail"]}
    model = job.versions.model
    found = json.loads(store.get(keys.segments(job.video_id, model)))["segments"]
    for each in found:
        each["segment_id"] = segment_id(job.video_id, job.versions, each["start_ms"], each["end_ms"])
    return about | {"model_version": model, "segments": found}


def under_way(pool: Engine) -> dict[str, int]:
    """How many jobs are in each state that is not an end."""
    query = select(analysis_jobs.c.state, func.count().label("jobs")).where(UNDER_WAY).group_by(analysis_jobs.c.state)
    return {row.state: row.jobs for row in transact(pool, lambda tx: tx.execute(query).all())}


def advance(pool: Engine, job: str, queued_as: int, *states: str, metrics: dict[str, float] | None = None) -> bool:
    """Append states to a job that goes on; False when it was cancelled or asked for anew, or its clip deleted, and this
    attempt, `queued_as`, must not go on."""
    entries = [_entry(state, **({"metrics": metrics} if metrics else {})) for state in states]
    return _while_on(pool, job, lambda tx: _append(tx, job, *entries), queued_as)


def finish(pool: Engine, job: str, queued_as: int, clip: ClipRecord) -> bool:
    """Store what was found, INDEXED and DONE, have it learned and told; False as `advance`."""

    def work(tx: Connection) -> None:
        put_clip(tx, clip)
        queue.learn(tx, video_id(clip.info.sha256))
        webhooks.announce(tx, job, "job.done")

    return _while_on(pool, job, work, queued_as)


def fail(pool: Engine, job: str, queued_as: int, reason: str, detail: str) -> bool:
    """End a job with a code of dancecore.errors.CODES; False as `advance`."""
    failed = _entry("FAILED", reason=reason, detail=storable(detail))

    def work(tx: Connection) -> None:
        _append(tx, job, failed, reason=reason)
        webhooks.announce(tx, job, "job.failed")

    return _while_on(pool, job, work, queued_as)


def fail_given_up(pool: Engine) -> list[str]:
    """End the jobs under way that nobody will go on with: in the queue theirs failed, was cancelled or is gone. Which
    they were."""
    on = select(analysis_jobs.c.id, analysis_jobs.c.queued_as).where(UNDER_WAY, queue.given_up("q.id = queued_as"))
    left = transact(pool, lambda tx: tx.execute(on).all())
    return [job for job, queued_as in left if fail(pool, job, queued_as, "INTERNAL", queue.GIVEN_UP)]


def cancel(pool: Engine, job: str) -> Analysis:
    """End a job that has not ended; the job as it then is. Raises DanceError("NOT_FOUND")."""

    _while_on(pool, job, lambda tx: _cancel(tx, _row(tx, job)))
    return find(pool, job)


def cancel_of(tx: Connection, video: str) -> None:
    """End every job of a clip, whose row is locked, that has not ended: it is being deleted."""
    on = select(analysis_jobs).where(analysis_jobs.c.video == video, analysis_jobs.c.state.not_in(ENDS))
    for row in tx.execute(on).mappings().all():
        _cancel(tx, row)


def _request(tx: Connection, video: str, versions: Versions, background: bool, most: int | None) -> Analysis:
    named = videos.c.id == storable(video), videos.c.deleted_at.is_(None)
    clip = tx.execute(
        select(videos.c.indexed_by, videos.c.trace, videos.c.owner).where(*named).with_for_update()
    ).one_or_none()
    if clip is None:
        raise DanceError("NOT_FOUND", f"there is no {video!r}")
    job = job_id(video, versions)
    known = tx.scalar(select(analysis_jobs.c.state).where(analysis_jobs.c.id == job))
    anew = known in ("FAILED", "CANCELLED") or (known == "DONE" and clip.indexed_by != job)
    if known is not None and not anew:
        return _analysis(_row(tx, job))
    if clip.owner is not None and most is not None:
        quotas.check_queued(tx, queue.ANALYSE, clip.owner, most)
    priority = queue.turn(tx, queue.ANALYSE, clip.owner, background=background)
    if anew:
        _append(tx, job, _entry("QUEUED"))
    else:
        begun = {"id": job, "video": video, "state": "QUEUED", "log": [_entry("QUEUED")]}
        tx.execute(insert(analysis_jobs).values(**begun, **_marks(versions)))
    with tracing.span("request", clip.trace, job_id=job):
        queued_as = queue.defer(tx, queue.ANALYSE, priority=priority, job_id=job, owner=clip.owner, **queue.carried())
    tx.execute(update(analysis_jobs).where(analysis_jobs.c.id == job).values(queued_as=queued_as))
    return _analysis(_row(tx, job))


def _marks(versions: Versions) -> dict[str, str]:
    return {
        "pose_version": versions.pose, "feature_version": versions.features, "model_version": versions.model,
        "taxonomy_version": versions.taxonomy,
    }  # fmt: skip


def _while_on(pool: Engine, job: str, work: Callable[[Connection], Any], queued_as: int | None = None) -> bool:
    """Do `work` with the clip locked, unless the job has ended or the clip is deleted, or the job is not `queued_as`;
    whether it was done."""

    def locked(tx: Connection) -> bool:
        of = select(analysis_jobs.c.video).where(analysis_jobs.c.id == job).scalar_subquery()
        deleted = tx.execute(select(videos.c.deleted_at).where(videos.c.id == of).with_for_update()).one_or_none()
        if deleted is None:
            raise DanceError("NOT_FOUND", f"there is no {job!r}")
        row = _row(tx, job)
        on = deleted[0] is None and row["state"] not in ENDS and queued_as in (None, row["queued_as"])
        if on:
            work(tx)
        return on

    return transact(pool, locked)


def _cancel(tx: Connection, row: RowMapping) -> None:
    _append(tx, row["id"], _entry("CANCELLED"))
    if row["queued_as"] is not None:
        queue.cancel(tx, row["queued_as"])


def _append(tx: Connection, job: str, *entries: dict[str, Any], reason: str | None = None) -> None:
    log = analysis_jobs.c.log.concat(literal(list(entries), JSONB))
    changed = update(analysis_jobs).where(analysis_jobs.c.id == job)
    tx.execute(changed.values(state=entries[-1]["state"], reason=reason, log=log))


def _row(tx: Connection, job: str) -> RowMapping:
    row = tx.execute(select(analysis_jobs).where(analysis_jobs.c.id == storable(job))).mappings().one_or_none()
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {job!r}")
    return row


def _analysis(row: RowMapping) -> Analysis:
    versions = Versions(row["pose_version"], row["feature_version"], row["model_version"], row["taxonomy_version"])
    return Analysis(row["id"], row["video"], row["state"], row["reason"], versions, tuple(row["log"]), row["queued_as"])


def _entry(state: str, **facts: Any) -> dict[str, Any]:
    return {"state": state, "ts_ms": time.time_ns() // MS, **facts}
