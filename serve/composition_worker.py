"""The queue's worker for compositions: has their files made, one format after another, and takes compared with them;
and brings what is known of people's dances up to date with each clip that was analysed or deleted.

As serve.worker, it computes nothing itself. A format whose file is there is not made again, so that a job that is given
back goes on where it was.
"""

import asyncio
import logging
from functools import cache

from procrastinate import App, JobContext, PsycopgConnector
from sqlalchemy import Engine

from cluster import composition_jobs, keys
from cluster.composition_jobs import CompositionJob
from cluster.dances import keep_up
from cluster.library import TAXONOMY
from cluster.objects import LocalObjects, S3Objects
from cluster.queue import COMPOSITION, COMPOSITIONS, LEARN
from cluster.settings import Settings
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from serve.composing import Exporting
from serve.recognition import Recognition
from serve.retry import Backoff
from serve.worker import OURS

log = logging.getLogger("danceapp.worker")


class CompositionWorker:
    """One worker. `run` works until it is cancelled."""

    def __init__(
        self, pool: Engine, store: LocalObjects | S3Objects, recognition: Recognition, exporting: Exporting,
        settings: Settings,
    ) -> None:  # fmt: skip
        self.pool, self.store, self.settings, self.gap_ms = pool, store, settings.serve, settings.composer.gap_ms
        self.recognition, self.exporting = recognition, exporting
        where = pool.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.app = App(connector=PsycopgConnector(conninfo=where))
        numbers = settings.serve
        retry = Backoff(numbers.job_attempts, numbers.job_backoff_s, factor=2)
        self.app.task(name=COMPOSITION, queue=COMPOSITIONS, pass_context=True, retry=retry)(self.attempt)
        self.app.task(name=LEARN, queue=COMPOSITIONS, retry=retry)(self.learn)

    async def run(self, *, wait: bool = True) -> None:
        """Do the jobs of the queue as they come; without `wait`, those that are there."""
        silence = self.settings.stalled_after_s
        async with self.app.open_async():
            await self.app.run_worker_async(
                queues=[COMPOSITIONS], concurrency=self.settings.exports_at_once, wait=wait,
                install_signal_handlers=False, update_heartbeat_interval=silence / 3, stalled_worker_timeout=silence,
                delete_jobs="successful",
            )  # fmt: skip

    async def attempt(self, context: JobContext, job_id: str, owner: str | None = None) -> None:
        """One attempt at a job; raises to have another. `owner`: whose it is; None: it was asked for before turns were
        taken."""
        last = context.job.attempts + 1 >= self.settings.job_attempts
        try:
            await self._do(await asyncio.to_thread(composition_jobs.find, self.pool, job_id))
        except DanceError as error:
            if error.code in OURS and not last:
                raise
            await self._advance(job_id, state="FAILED", reason=error.code, detail=error.message)
        except Exception as error:
            log.exception("job %s met a bug", job_id)
            if not last:
                raise
            said = f"{type(error).__name__}, see the log"
            await self._advance(job_id, state="FAILED", reason="INTERNAL", detail=said)

    async def learn(self, video: str) -> None:
        """Count the dance of a clip as it is now, or take it out where it is deleted."""
        await asyncio.to_thread(lambda: keep_up(self.pool, self.store, _taxonomy(), self.gap_ms, [video]))

    async def _do(self, job: CompositionJob) -> None:
        await self._advance(job.job_id, state="RUNNING")
        if job.kind == "comparison":
            assert job.video_id is not None  # the table holds it
            await self.recognition.poses(job.video_id)
            found = await self.exporting.compare(job.asked["written"], job.video_id, job.asked["mirror"])
            await self._advance(job.job_id, state="DONE", result=found)
            return
        for done, name in enumerate(job.asked["formats"], 1):
            key = keys.export(job.composition_id, job.job_id, name)
            if not await asyncio.to_thread(self.store.exists, key):
                await self.exporting.export(key, name, job.asked["written"], job.asked["how"])
            await self._advance(job.job_id, done=done)
        await self._advance(job.job_id, state="DONE")

    async def _advance(self, job: str, **changed: object) -> None:
        await asyncio.to_thread(lambda: composition_jobs.advance(self.pool, job, **changed))


@cache
def _taxonomy() -> Taxonomy:
    """Read when there is something to learn."""
    return load_taxonomy(TAXONOMY)
