"""The queue's worker: takes analyses out of the queue and sees them through, state by state.

It computes nothing itself, so that no clip can kill it; a replica that dies of a clip is an error like another. What
fails by our fault is tried again after a growing pause, and set aside as FAILED when the attempts are used up. The jobs
of a worker that died are found by the silence of its heartbeat, and given back to the queue; those whose end could not
be written are ended afterwards.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine

from cluster import analyses, composition_jobs, keys, logs, tracing, videos
from cluster.analyses import ENDS, Analysis
from cluster.objects import LocalObjects, S3Objects
from cluster.queue import ANALYSE, BACKGROUND, GIVEN_UP, NOTICES, QUEUE
from cluster.settings import ServeSettings
from cluster.steps import clip_record, stored_beats
from dancecore.errors import DanceError
from serve.metrics import count_job
from serve.notices import Notices
from serve.recognition import Posed, Recognition
from serve.retry import Backoff

T = TypeVar("T")
log = logging.getLogger("danceapp.worker")

OURS = ("WORKER_DIED", "OVERLOADED", "DATABASE_UNAVAILABLE", "OBJECTS_UNAVAILABLE", "STORAGE_FULL", "INTERNAL")
"""Codes of failures that another attempt may not meet; all others are the clip's own."""


class Worker:
    """One worker. `run` works until it is cancelled; `tend` looks after what others left."""

    def __init__(
        self, pool: Engine, store: LocalObjects | S3Objects, recognition: Recognition, settings: ServeSettings
    ) -> None:
        self.pool, self.store, self.recognition, self.settings = pool, store, recognition, settings
        where = pool.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.app = App(connector=PsycopgConnector(conninfo=where))
        backoff = Backoff(settings.job_attempts, settings.job_backoff_s, factor=2)
        self.app.task(name=ANALYSE, queue=QUEUE, pass_context=True, retry=backoff)(self.attempt)
        Notices(pool, store, settings, self.app)

    async def run(self, *, wait: bool = True) -> None:
        """Do the jobs of the queue as they come; without `wait`, those that are there."""
        numbers = self.settings
        async with self.app.open_async():
            works = [self._work(QUEUE, numbers.jobs_at_once, wait), self._work(NOTICES, numbers.notices_at_once, wait)]
            if wait:
                await asyncio.gather(*works)
            else:  # what the first comes to is told by the second
                for work in works:
                    await work

    async def _work(self, queue: str, at_once: int, wait: bool) -> None:
        silence = self.settings.stalled_after_s
        await self.app.run_worker_async(
            queues=[queue], concurrency=at_once, wait=wait, install_signal_handlers=False,
            update_heartbeat_interval=silence / 3, stalled_worker_timeout=silence, delete_jobs="successful",
        )  # fmt: skip

    async def attempt(
        self, context: JobContext, job_id: str, owner: str | None, ids: dict[str, str], trace: str | None
    ) -> None:
        """One attempt at a job; raises to have another. `ids`, `trace`: of the request for it."""
        queued_as = context.job.id
        assert queued_as is not None  # it comes from there
        last = context.job.attempts + 1 >= self.settings.job_attempts
        with logs.about(**ids | {"job_id": job_id}), tracing.span("analyse", trace, job_id=job_id):
            await self._attempt(job_id, queued_as, last, behind=context.job.priority <= BACKGROUND)
        job = await _thread(analyses.find, self.pool, job_id)
        if job.state in ENDS and job.queued_as == queued_as:
            count_job(job.state, job.reason, job.log)

    async def _attempt(self, job_id: str, queued_as: int, last: bool, behind: bool) -> None:
        try:
            await self.analyse(await _thread(analyses.find, self.pool, job_id), queued_as)
        except DanceError as error:
            if error.code in OURS and not last:
                log.warning("to be tried again: %s: %s", error.code, error.message)
                raise
            log.warning("failed: %s: %s", error.code, error.message)
            failed = await _thread(analyses.fail, self.pool, job_id, queued_as, error.code, error.message)
            if failed and error.code == "MODEL_REPLACED":
                await self._ask_anew(job_id, behind)
        except Exception as error:
            log.exception("met a bug")
            if not last:
                raise
            said = f"{type(error).__name__}, see the log"
            await _thread(analyses.fail, self.pool, job_id, queued_as, "INTERNAL", said)

    async def _ask_anew(self, job_id: str, behind: bool) -> None:
        """What waited while its model was replaced is asked for at the versions that serve now."""
        job, versions = await _thread(analyses.find, self.pool, job_id), await self.recognition.versions()
        if versions != job.versions:
            await _thread(analyses.request, self.pool, job.video_id, versions, background=behind)

    async def analyse(self, job: Analysis, queued_as: int) -> None:
        """The way of one clip, as far as it is not there already; ends early where the job was cancelled, also where it
        was asked for again since and is another one in the queue."""
        video, versions = job.video_id, job.versions
        if not await self._reached(job, queued_as, "RECEIVED"):
            return
        with tracing.span("poses"):
            posed = await self.recognition.poses(video)
        if not await self._reached(job, queued_as, "DECODED", "POSE_DONE", metrics=_metrics(posed)):
            return
        with tracing.span("features"):
            await self.recognition.features(video, versions)
        if not await self._reached(job, queued_as, "FEATURES_DONE"):
            return
        with tracing.span("segments"):
            await self.recognition.segments(video, versions)
        if await self._reached(job, queued_as, "SEGMENTED", "IDENTIFIED"):
            with tracing.span("index"):
                await _thread(self._write, job, queued_as, posed)
            log.info("done")

    async def tend(self) -> None:
        """Again and again: see to the jobs that nobody works on any more."""
        while True:
            try:
                await self.rescue()
            except (DanceError, ConnectorException) as error:
                log.warning("tending failed, and is tried again: %s", error)
            await asyncio.sleep(self.settings.stalled_after_s)

    async def rescue(self) -> int:
        """Give the jobs of dead workers back to the queue, and end those that the queue gave up without a word, such as
        when the database was away at their last attempt; how many."""
        manager = self.app.job_manager
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=self.settings.stalled_after_s))
        for job in stalled:
            await manager.retry_job(job)
        given_up = await _thread(analyses.fail_given_up, self.pool)
        for job_id in given_up:
            log.error("%s: %s", job_id, GIVEN_UP)
            ended = await _thread(analyses.find, self.pool, job_id)
            count_job(ended.state, ended.reason, ended.log)
        await _thread(composition_jobs.fail_given_up, self.pool)
        return len(stalled) + len(given_up)

    async def _reached(
        self, job: Analysis, queued_as: int, *states: str, metrics: dict[str, float] | None = None
    ) -> bool:
        return await _thread(analyses.advance, self.pool, job.job_id, queued_as, *states, metrics=metrics)

    def _write(self, job: Analysis, queued_as: int, posed: Posed) -> None:
        video, versions = job.video_id, job.versions
        info = replace(posed.info, path=Path(videos.find(self.pool, video).filename))
        segments = self.store.get(keys.segments(video, versions.model))
        features = self.store.get(keys.features(video, versions.features))
        key = keys.embeddings(video, versions.model)
        embeddings = self.store.get(key) if self.store.exists(key) else None
        beats = stored_beats(self.store, video, versions.model)
        record = clip_record(info, versions, segments, features, (), _metrics(posed), embeddings, beats)
        analyses.finish(self.pool, job.job_id, queued_as, record)


def _metrics(posed: Posed) -> dict[str, float]:
    speed = {} if posed.fps_effective is None else {"fps_effective": round(posed.fps_effective, 1)}
    return {"frames": float(posed.frames), **speed}


async def _thread(work: Callable[..., T], *given: Any, **named: Any) -> T:
    """Beside the loop: heartbeats go on while the database is waited for."""
    return await asyncio.to_thread(work, *given, **named)
