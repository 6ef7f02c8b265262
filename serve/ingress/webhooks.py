"""Webhooks: where to be told of one's analyses."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from cluster import webhooks
from cluster.outbound import check_url
from cluster.webhooks import EVENTS, Event
from serve.ingress.models import Shape, example
from serve.ingress.pages import Page
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=Route)

URL = "https://example.org/danceapp"
SHOWN: dict[str, Any] = {
    "webhook_id": "whk_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", "url": URL, "events": ["job.done"],
    "created_at": "2026-06-30T12:00:00Z", "disabled_at": None, "disabled_reason": None,
}  # fmt: skip


class NewWebhook(Shape):
    """Where to post what, as JSON: {type, timestamp, data}. The data of `job.done`: {job_id, video_id, model_version,
    segments, ts}; of `job.failed`: {job_id, video_id, state, reason, detail, ts}."""

    url: Annotated[str, Field(max_length=2000, pattern=r"^[!-~]+$")]
    events: list[Event] = Field(list(EVENTS), min_length=1)
    model_config = example(url=URL, events=["job.done", "job.failed"])


class Webhook(Shape):
    """A webhook without its secret. disabled_at: since when nothing is sent, because nothing arrived for days, as
    disabled_reason says; null: it is on. A PUT switches it on again."""

    webhook_id: str
    url: str
    events: list[Event]
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    model_config = example(**SHOWN)


class WebhookMade(Webhook):
    """A webhook with its secret, which is seen this once. Every message is signed with it as Standard Webhooks has it:
    `webhook-signature` is `v1,` and the HMAC-SHA256 of `webhook-id.webhook-timestamp.body` in base64."""

    secret: str
    model_config = example(**SHOWN, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")  # noqa: S106


@router.post("", status_code=201)
def make(new: NewWebhook, user: Me, using: Using) -> WebhookMade:
    """Have the ends of your analyses posted to an address of https that everybody can reach."""
    _check(new, using)
    most = using.settings.serve.webhooks_most
    made, secret = webhooks.make(using.pool, user, new.url, new.events, most)
    return WebhookMade(**_shape(made).model_dump(), secret=secret)


@router.get("")
def list_webhooks(user: Me, using: Using) -> Page[Webhook]:
    """Your webhooks, the newest first, in one page."""
    return Page(items=[_shape(each) for each in webhooks.of_user(using.pool, user.user_id)], next_cursor=None)


@router.put("/{webhook_id}")
def change(webhook_id: str, new: NewWebhook, using: Using) -> Webhook:
    """Give a webhook another address or other events, or switch one on again that was switched off. Its secret
    stays."""
    _check(new, using)
    return _shape(webhooks.change(using.pool, webhook_id, new.url, new.events))


@router.delete("/{webhook_id}", status_code=204)
def delete(webhook_id: str, using: Using) -> None:
    """Have nothing posted there any more."""
    webhooks.remove(using.pool, webhook_id)


def _check(new: NewWebhook, using: Services) -> None:
    check_url(new.url, internal=using.settings.serve.webhook_internal)


def _shape(webhook: webhooks.Webhook) -> Webhook:
    return Webhook(**asdict(webhook) | {"events": list(webhook.events)})
