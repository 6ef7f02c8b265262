"""API keys: how programs sign in."""

from datetime import datetime

from fastapi import APIRouter

from cluster import sign_in
from serve.ingress.models import Name, Shape, example
from serve.ingress.pages import Page
from serve.ingress.routing import Route
from serve.ingress.services import Me, Using

router = APIRouter(prefix="/v1/api-keys", tags=["auth"], route_class=Route)


class KeyName(Shape):
    """What the key is for."""

    name: Name
    model_config = example(name="nightly upload")


class Key(Shape):
    """A key without its secret."""

    key_id: str
    name: str
    created_at: datetime
    model_config = example(
        key_id="key_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", name="nightly upload", created_at="2026-06-30T12:00:00Z"
    )


class NewKey(Key):
    """A key with its secret, which is seen this once: it goes into `Authorization: Bearer ...`."""

    key: str
    model_config = example(
        key_id="key_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", name="nightly upload", created_at="2026-06-30T12:00:00Z",
        key="dak_c2VjcmV0",
    )  # fmt: skip


@router.post("", status_code=201)
def make(new: KeyName, user: Me, using: Using) -> NewKey:
    """Make a key that acts as you."""
    made, secret = sign_in.make_api_key(using.pool, user, new.name)
    return NewKey(key_id=made.key_id, name=made.name, created_at=made.created_at, key=secret)


@router.get("")
def list_keys(user: Me, using: Using) -> Page[Key]:
    """Your keys, the newest first, in one page."""
    found = sign_in.list_api_keys(using.pool, user.user_id)
    items = [Key(key_id=key.key_id, name=key.name, created_at=key.created_at) for key in found]
    return Page(items=items, next_cursor=None)


@router.delete("/{key_id}", status_code=204)
def delete(key_id: str, using: Using) -> None:
    """Make a key worthless at once."""
    sign_in.delete_api_key(using.pool, key_id)
