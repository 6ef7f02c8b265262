"""Lists in pages: `cursor` says where the next one begins, and means nothing to anybody else."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query

from cluster.database import storable
from dancecore.errors import DanceError
from serve.ingress.models import Shape
from serve.ingress.services import Using

T = TypeVar("T")

Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]


class Page(Shape, Generic[T]):
    """Items in order, and where to go on; null: these are the last."""

    items: list[T]
    next_cursor: str | None


async def page_size(
    using: Using, limit: Annotated[int | None, Query(ge=1, description="Items of a page.")] = None
) -> int:  # fmt: skip
    """How many items are wanted, as far as they are given."""
    numbers = using.settings.serve
    return min(limit or numbers.page, numbers.page_max)


def encode(*key: Any) -> str:
    """The cursor after an item with this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def moment(part: Any) -> datetime:
    """A part of a cursor that is a time."""
    when = datetime.fromisoformat(part)
    if when.tzinfo is None:
        raise ValueError(f"a time of no place: {part!r}")
    return when


def position(part: Any) -> int:
    """A part of a cursor that counts items."""
    if type(part) is not int or not 0 <= part < 2**31:  # true is an int too
        raise ValueError(f"not so many items: {part!r}")
    return part


def text(part: Any) -> str:
    """A part of a cursor that is a text."""
    if not isinstance(part, str):
        raise TypeError(f"not a text: {part!r}")
    return storable(part)


def decode(cursor: str | None, *parts: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The key in a cursor, each part read by one of `parts`. Raises DanceError("INVALID_INPUT")."""
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(read(part) for read, part in zip(parts, key, strict=True))
    except (ValueError, TypeError, OverflowError) as error:
        raise DanceError("INVALID_INPUT", "this cursor did not come from us, or is of another list") from error
