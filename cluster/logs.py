"""Ids in the lines of the log: what is logged while a request is answered or a job is done says which one it is."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default={})  # noqa: B039 - never changed, only replaced


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Put ids, such as `request_id` and `job_id`, on every line that is logged meanwhile, in threads of it too."""
    token = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def ids() -> dict[str, str]:
    """The ids of what is going on."""
    return dict(_ids.get())


class Ids(logging.Filter):
    """Lets every record through, with the ids as its attributes: Ray's JSON lines show them as fields."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _ids.get().items():
            setattr(record, name, value)
        return True
