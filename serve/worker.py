"""The queue's worker: takes analyses out of the queue and sees them through, state by state.

It computes nothing itself, so that no clip can kill it; a replica that dies of a clip is an error like another. What
fails by our fault is tried again after a growing pause, and set aside as FAILED when the attempts are used up. The jobs
of a worker that died are found by the silence of its heartbeat, and given back to the queue.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import Engine

from cluster import analyses, idempotency, keys, move_index, sign_in, uploads, videos
from cluster.analyses import Analysis
from cluster.objects import LocalObjects, S3Objects
from cluster.queue import ANALYSE, QUEUE
from cluster.settings import ServeSettings
from cluster.steps import clip_record, stored_beats
from dancecore.errors import DanceError
from serve.infer import forget_left_over
from serve.recognition import Posed, Recognition

T = TypeVar("T")
log = logging.getLogger("danceapp.worker")

OURS = ("WORKER_DIED", "OVERLOADED", "DATABASE_UNAVAILABLE", "OBJECTS_UNAVAILABLE", "STORAGE_FULL", "INTERNAL")
"""Codes of failures that another attempt may not meet; all others are the clip's own."""


class Backoff(BaseRetryStrategy):
    """`job_attempts` in all, each pause twice as long as the one before."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= self.settings.job_attempts:
            return None
        return RetryDecision(retry_in={"seconds": round(self.settings.job_backoff_s * 2**job.attempts)})


class Worker:
    """One worker. `run` works until it is cancelled; `tend` looks after what others left."""

    def __init__(
        self, pool: Engine, store: LocalObjects | S3Objects, recognition: Recognition, settings: ServeSettings
    ) -> None:
        self.pool, self.store, self.recognition, self.settings = pool, store, recognition, settings
        where = pool.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.app = App(connector=PsycopgConnector(conninfo=where))
        self.app.task(name=ANALYSE, queue=QUEUE, pass_context=True, retry=Backoff(settings))(self.attempt)

    async def run(self, *, wait: bool = True) -> None:
        """Do the jobs of the queue as they come; without `wait`, those that are there."""
        silence = self.settings.stalled_after_s
        async with self.app.open_async():
            await self.app.run_worker_async(
                queues=[QUEUE], concurrency=self.settings.jobs_at_once, wait=wait, install_signal_handlers=False,
                update_heartbeat_interval=silence / 3, stalled_worker_timeout=silence, delete_jobs="successful",
            )  # fmt: skip

    async def attempt(self, context: JobContext, job_id: str) -> None:
        """One attempt at a job; raises to have another."""
        last = context.job.attempts + 1 >= self.settings.job_attempts
        try:
            await self.analyse(await _thread(analyses.find, self.pool, job_id))
        except DanceError as error:
            if error.code in OURS and not last:
                raise
            await _thread(analyses.fail, self.pool, job_id, error.code, error.message)
        except Exception as error:
            log.exception("job %s met a bug", job_id)
            if not last:
                raise
            await _thread(analyses.fail, self.pool, job_id, "INTERNAL", f"{type(error).__name__}, see the log")

    async def analyse(self, job: Analysis) -> None:
        """The way of one clip, as far as it is not there already; ends early where the job was cancelled."""
        video, versions = job.video_id, job.versions
        if not await self._reached(job, "RECEIVED"):
            return
        posed = await self.recognition.poses(video)
        if not await self._reached(job, "DECODED", "POSE_DONE", metrics=_metrics(posed)):
            return
        await self.recognition.features(video, versions)
        if not await self._reached(job, "FEATURES_DONE"):
            return
        await self.recognition.segments(video, versions)
        if await self._reached(job, "SEGMENTED", "IDENTIFIED"):
            await _thread(self._write, job, posed)

    async def tend(self) -> None:
        """Again and again: give the jobs of dead workers back, and remove what is out of date."""
        while True:
            try:
                await self.rescue()
                await _thread(self.tidy, datetime.now(UTC))
            except (DanceError, ConnectorException) as error:
                log.warning("tending failed, and is tried again: %s", error)
            await asyncio.sleep(self.settings.stalled_after_s)

    async def rescue(self) -> int:
        """Give the jobs of dead workers back to the queue; how many."""
        manager = self.app.job_manager
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=self.settings.stalled_after_s))
        for job in stalled:
            await manager.retry_job(job)
        return len(stalled)

    def tidy(self, now: datetime) -> None:
        """Remove tokens, answers, uploads, deleted videos and left-overs whose time is over."""
        numbers = self.settings
        sign_in.forget_expired(self.pool, now)
        idempotency.forget_before(self.pool, now - timedelta(hours=numbers.idempotency_hours))
        for upload in uploads.abandoned(self.pool, now):
            self.store.delete(keys.upload(upload))
        videos.purge(self.pool, self.store, now - timedelta(days=numbers.purge_days))
        move_index.fold_days(self.pool)
        forget_left_over(self.store, now)

    async def _reached(self, job: Analysis, *states: str, metrics: dict[str, float] | None = None) -> bool:
        return await _thread(analyses.advance, self.pool, job.job_id, *states, metrics=metrics)

    def _write(self, job: Analysis, posed: Posed) -> None:
        video, versions = job.video_id, job.versions
        info = replace(posed.info, path=Path(videos.find(self.pool, video).filename))
        segments = self.store.get(keys.segments(video, versions.model))
        features = self.store.get(keys.features(video, versions.features))
        key = keys.embeddings(video, versions.model)
        embeddings = self.store.get(key) if self.store.exists(key) else None
        beats = stored_beats(self.store, video, versions.model)
        record = clip_record(info, versions, segments, features, (), _metrics(posed), embeddings, beats)
        analyses.finish(self.pool, job.job_id, record)


def _metrics(posed: Posed) -> dict[str, float]:
    speed = {} if posed.fps_effective is None else {"fps_effective": round(posed.fps_effective, 1)}
    return {"frames": float(posed.frames), **speed}


async def _thread(work: Callable[..., T], *given: Any, **named: Any) -> T:
    """Beside the loop: heartbeats go on while the database is waited for."""
    return await asyncio.to_thread(work, *given, **named)
