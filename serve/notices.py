"""What is told of analyses that ended: to their owners' webhooks, and of failures to operators on Slack or Discord.

Each message is a job of the queue: one that does not arrive is tried again after growing pauses, then given up.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from procrastinate import App, JobContext
from sqlalchemy import Engine

from cluster import analyses, logs, queue, tracing, webhooks
from cluster.objects import LocalObjects, S3Objects
from cluster.outbound import post
from cluster.settings import ServeSettings, settings
from dancecore.errors import DanceError
from serve.retry import Backoff

log = logging.getLogger("danceapp.notices")


class Notices:
    """The tasks that tell."""

    def __init__(self, pool: Engine, store: LocalObjects | S3Objects, settings: ServeSettings, app: App) -> None:
        self.pool, self.store, self.settings = pool, store, settings
        backoff = Backoff(settings.notice_attempts, settings.notice_backoff_s, factor=4)
        for name, task in ((queue.WEBHOOK, self.tell_owner), (queue.OPERATORS, self.tell_operators)):
            app.task(name=name, queue=queue.NOTICES, pass_context=True, retry=backoff)(task)

    async def tell_owner(
        self, context: JobContext, webhook_id: str, message_id: str, event: str, job_id: str,
        ids: dict[str, str], trace: str | None,
    ) -> None:  # fmt: skip
        """Send a signed message to a webhook. Its id and its content are the same at every attempt."""
        about = {"job_id": job_id, "message_id": message_id}
        with logs.about(**ids | about), tracing.span("tell_owner", trace, **about):
            last = self._attempt(context) >= self.settings.notice_attempts
            await self._arrived(context, self._tell_owner(webhook_id, message_id, event, job_id, last))

    async def tell_operators(
        self, context: JobContext, place: str, job_id: str, ids: dict[str, str], trace: str | None
    ) -> None:
        """Send a line about a failed analysis to Slack or Discord."""
        with logs.about(**ids | {"job_id": job_id}), tracing.span("tell_operators", trace, place=place):
            await self._arrived(context, self._tell_operators(place, job_id))

    async def _tell_owner(self, webhook_id: str, message_id: str, event: str, job_id: str, last: bool) -> None:
        where = await asyncio.to_thread(webhooks.address_of, self.pool, webhook_id)
        if where is not None:  # it was not removed meanwhile
            url, secret = where
            ended = await asyncio.to_thread(self._ended, job_id, "DONE" if event == "job.done" else "FAILED")
            body = json.dumps({"type": event, **ended}).encode()
            headers = webhooks.signed(secret, message_id, datetime.now(UTC), body)
            try:
                await self._post(url, body, headers, internal=self.settings.webhook_internal)
            except DanceError as error:
                await asyncio.to_thread(self._failed, webhook_id, error, last)
                raise
            await asyncio.to_thread(webhooks.arrived, self.pool, webhook_id)

    async def _tell_operators(self, place: str, job_id: str) -> None:
        url = settings().operators.get(place)
        if url is not None:  # it is still set
            failure = (await asyncio.to_thread(self._ended, job_id, "FAILED"))["data"]
            said = f"DanceApp: {job_id} of {failure['video_id']} failed: {failure['reason']}: {failure['detail']}"
            await self._post(url, json.dumps(MESSAGES[place](said)).encode(), {}, internal=True)

    def _failed(self, webhook_id: str, error: DanceError, last: bool) -> None:
        days = self.settings.webhook_failing_days
        said = error.message.partition(":")[0]  # the rest may name addresses of our network
        reason = f"nothing arrived for {days:g} days; at last: {said}"
        if webhooks.failed(self.pool, webhook_id, reason, timedelta(days=days), given_up=last):
            log.warning("%s is switched off: %s", webhook_id, reason)

    def _attempt(self, context: JobContext) -> int:
        return context.job.attempts + 1

    def _ended(self, job_id: str, state: str) -> dict[str, Any]:
        """When an analysis came to this end last, as `timestamp`, and to what: `data`, CONTRACTS' result or failure."""
        job = analyses.find(self.pool, job_id)
        entry = next(entry for entry in reversed(job.log) if entry["state"] == state)
        data = analyses.outcome(self.store, job, entry)
        return {"timestamp": datetime.fromtimestamp(entry["ts_ms"] / 1000, UTC).isoformat(), "data": data}

    async def _post(self, url: str, body: bytes, headers: dict[str, str], *, internal: bool) -> None:
        kind = {"Content-Type": "application/json", "User-Agent": "DanceApp"}
        status = await post(url, body, headers | kind, self.settings.notice_timeout_s, internal=internal)
        if not 200 <= status < 300:
            raise DanceError("UNREACHABLE", f"it answered {status}")

    async def _arrived(self, context: JobContext, sending: Awaitable[None]) -> None:
        """Wait until a message has arrived; raises to try again, until the attempts are used up."""
        try:
            await sending
        except DanceError as error:
            attempt, of = self._attempt(context), self.settings.notice_attempts
            log.warning("a message did not arrive, attempt %s of %s: %s", attempt, of, error.message)
            if attempt < of:
                raise


def _slack(said: str) -> dict[str, Any]:
    return {"text": said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def _discord(said: str) -> dict[str, Any]:
    return {"content": said[:2000], "allowed_mentions": {"parse": []}}  # the longest that Discord takes


MESSAGES = {"slack": _slack, "discord": _discord}
