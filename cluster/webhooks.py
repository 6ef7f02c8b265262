"""Webhooks: where users are told of their analyses, signed as Standard Webhooks 1.0.0 (standardwebhooks.com) has it."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from sqlalchemy import Connection, Engine, Row, any_, delete, func, insert, literal, select, update

from cluster import queue
from cluster.accounts import User, hold
from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.settings import settings
from cluster.tables import analysis_jobs, videos, webhooks
from dancecore.errors import DanceError

Event = Literal["job.done", "job.failed"]
EVENTS: tuple[Event, ...] = ("job.done", "job.failed")
SECRET_PREFIX = "whsec_"  # noqa: S105 - of the secret, which follows it in base64
TOLERANCE = timedelta(minutes=5)
"""How old, or how far in the future, a message may be: the libraries of Standard Webhooks take five minutes."""

IS_ON = webhooks.c.disabled_at.is_(None)
ON = {"failing_since": None, "disabled_at": None, "disabled_reason": None}
"""Of a webhook that works, as far as is known."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a user is told of which events. disabled_at: since when nothing is sent, and why; None: it is on."""

    webhook_id: str
    url: str
    events: tuple[Event, ...]
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None


def make(pool: Engine, user: User, url: str, events: Sequence[Event], most: int) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is seen this once. Raises DanceError: QUOTA_EXCEEDED after `most`; as
    `hold`."""
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    row = {"id": ulid("whk"), "user": user.user_id, "url": storable(url), "events": list(events), "secret": secret}

    def work(tx: Connection) -> Row[tuple[str, ...]]:
        hold(tx, user)
        if (tx.scalar(select(func.count()).where(webhooks.c.user == user.user_id)) or 0) >= most:
            raise DanceError("QUOTA_EXCEEDED", f"a user has at most {most} webhooks")
        return tx.execute(insert(webhooks).values(row).returning(webhooks)).one()

    return _webhook(transact(pool, work)), secret


def of_user(pool: Engine, user_id: str) -> list[Webhook]:
    """The webhooks of a user, the newest first."""
    query = select(webhooks).where(webhooks.c.user == user_id).order_by(webhooks.c.id.desc())
    return [_webhook(row) for row in transact(pool, lambda tx: tx.execute(query).all())]


def change(pool: Engine, webhook_id: str, url: str, events: Sequence[Event]) -> Webhook:
    """Give a webhook another address or other events, and switch it on; its secret stays. Raises
    DanceError("NOT_FOUND")."""
    anew = {"url": storable(url), "events": list(events)}
    changed = update(webhooks).where(webhooks.c.id == webhook_id).values(anew | ON)
    row = transact(pool, lambda tx: tx.execute(changed.returning(webhooks)).one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {webhook_id!r}")
    return _webhook(row)


def remove(pool: Engine, webhook_id: str) -> None:
    """Tell this address nothing any more."""
    transact(pool, lambda tx: tx.execute(delete(webhooks).where(webhooks.c.id == webhook_id)))


def address_of(pool: Engine, webhook_id: str) -> tuple[str, str] | None:
    """The URL and the secret of a webhook; None when there is none any more, or it is switched off."""
    query = select(webhooks.c.url, webhooks.c.secret).where(webhooks.c.id == webhook_id, IS_ON)
    row = transact(pool, lambda tx: tx.execute(query).one_or_none())
    return (row.url, row.secret) if row else None


def arrived(pool: Engine, webhook_id: str) -> None:
    """A message got there: whatever failed before is forgotten."""
    failing = webhooks.c.id == webhook_id, webhooks.c.failing_since.is_not(None)
    transact(pool, lambda tx: tx.execute(update(webhooks).where(*failing).values(ON)))


def failed(pool: Engine, webhook_id: str, reason: str, longest: timedelta, *, given_up: bool) -> bool:
    """An attempt failed. A webhook whose every attempt failed for `longest`, and that another message was given up
    for now, is switched off; whether it was."""
    one, since = webhooks.c.id == webhook_id, webhooks.c.failing_since
    noted = update(webhooks).where(one).values(failing_since=func.coalesce(since, func.now()))
    off = {"disabled_at": func.now(), "disabled_reason": storable(reason)}
    ended = update(webhooks).where(one, IS_ON, since <= func.now() - longest).values(off)

    def work(tx: Connection) -> bool:
        tx.execute(noted)
        return given_up and tx.execute(ended.returning(webhooks.c.id)).one_or_none() is not None

    return transact(pool, work)


def announce(tx: Connection, job: str, event: Event) -> None:
    """Put what an analysis came to into the queue, for each webhook of its owner that asks for it and is on, and for
    operators: told if and when `tx` commits."""
    query = (
        select(webhooks.c.id)
        .join(videos, videos.c.owner == webhooks.c.user)
        .join(analysis_jobs, analysis_jobs.c.video == videos.c.id)
        .where(analysis_jobs.c.id == job, literal(event) == any_(webhooks.c.events), IS_ON)
    )
    for webhook in tx.scalars(query).all():
        about = {"webhook_id": webhook, "message_id": ulid("msg"), "event": event, "job_id": job}
        queue.defer(tx, queue.WEBHOOK, queue.NOTICES, **about, **queue.carried())
    if event == "job.failed":
        for place in settings().operators:
            queue.defer(tx, queue.OPERATORS, queue.NOTICES, place=place, job_id=job, **queue.carried())


def signed(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message that is sent at `now`."""
    sent = int(now.timestamp())
    return {
        "webhook-id": message_id, "webhook-timestamp": str(sent),
        "webhook-signature": f"v1,{_signature(secret, message_id, sent, body)}",
    }  # fmt: skip


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """For receivers: raise DanceError("UNAUTHENTICATED") unless these headers, in lower case, were made with the secret
    for this very body, within TOLERANCE of `now`. Who also remembers each `webhook-id` so long takes none twice."""
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(int(sent) - now.timestamp()) > TOLERANCE.total_seconds():
        raise DanceError("UNAUTHENTICATED", "the message is too old, or from the future")
    wanted = _signature(secret, message_id, int(sent), body).encode()
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part[:3] == "v1,"]
    if not any(hmac.compare_digest(wanted, each.encode()) for each in given):
        raise DanceError("UNAUTHENTICATED", "the message was not signed with this secret")


def _signature(secret: str, message_id: str, sent: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, f"{message_id}.{sent}.".encode() + body, sha256)).decode()


def _webhook(row: Row[tuple[str, ...]]) -> Webhook:
    return Webhook(row.id, row.url, tuple(row.events), row.created_at, row.disabled_at, row.disabled_reason)
