"""What is done again and again, by the clock: remove what is out of date, judge the canary.

The times are jobs of the queue (procrastinate's periodic tasks): of several workers one does them.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from procrastinate import App, PsycopgConnector
from sqlalchemy import Engine

from cluster import (
    composition_jobs,
    idempotency,
    identities,
    move_index,
    rates,
    registry,
    sign_in,
    uploads,
    videos,
)
from cluster.objects import LocalObjects, S3Objects
from cluster.queue import JUDGE, TIDY, UPKEEP
from cluster.settings import Settings
from dancecore.errors import DanceError
from serve.infer import forget_left_over

log = logging.getLogger("danceapp.upkeep")


class Upkeep:
    """Does it, until it is cancelled."""

    def __init__(self, pool: Engine, store: LocalObjects | S3Objects, settings: Settings) -> None:
        self.pool, self.store, self.settings = pool, store, settings
        where = pool.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.app = App(connector=PsycopgConnector(conninfo=where))
        for name, cron, work in (
            (TIDY, settings.serve.tidy_cron, self.tidy), (JUDGE, settings.serve.judge_cron, self.judge)
        ):  # fmt: skip
            task = self.app.task(name=name, queue=UPKEEP, queueing_lock=name)(work)
            self.app.periodic(cron=cron)(task)

    async def run(self, *, wait: bool = True) -> None:
        """Do what it is time for as it comes; without `wait`, what is due now."""
        async with self.app.open_async():
            await self.app.run_worker_async(
                queues=[UPKEEP], wait=wait, install_signal_handlers=False, delete_jobs="always",
                update_heartbeat_interval=self.settings.serve.stalled_after_s / 3,
                stalled_worker_timeout=self.settings.serve.stalled_after_s,
            )  # fmt: skip

    async def tidy(self, timestamp: int) -> None:
        """Remove what is out of date. What fails now is done the next time."""
        try:
            await asyncio.to_thread(tidy, self.pool, self.store, self.settings, datetime.now(UTC))
        except DanceError as error:
            log.warning("not all that is out of date was removed: %s", error)

    async def judge(self, timestamp: int) -> None:
        """Promote the canary, keep it or roll it back, as the rule says."""
        try:
            now, numbers = datetime.now(UTC), self.settings.registry
            verdict = await asyncio.to_thread(registry.judge_canary, self.pool, now, numbers, act=True)
            log.info("canary %s: %s: %s", verdict.evidence.canary_id, verdict.decision.action, verdict.decision.reason)
        except DanceError as error:
            if error.code != "NOT_FOUND":  # nothing is on trial
                log.warning("the canary was not judged: %s", error)


def tidy(pool: Engine, store: LocalObjects | S3Objects, settings: Settings, now: datetime) -> None:
    """Remove tokens, sign-ins, counts, answers, uploads, exports, deleted videos and left-overs whose time is over at
    `now`, and fold what was indexed into the counts of its days."""
    numbers = settings.serve
    sign_in.forget_expired(pool, now)
    identities.forget_expired(pool, now)
    rates.forget_before(pool, now - rates.HOUR)
    idempotency.forget_before(pool, now - timedelta(hours=numbers.idempotency_hours))
    uploads.forget_abandoned(pool, store, now - timedelta(hours=numbers.abandoned_hours))
    videos.purge(pool, store, now - timedelta(days=numbers.purge_days))
    forget_left_over(store, now)
    composition_jobs.forget_expired(pool, store, now)
    move_index.fold_days(pool)
