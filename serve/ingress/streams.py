"""Streams of events that are open at an ingress replica: only so many of one user, and so many of all.

They are open for as long as a job takes, so that they are no part of the requests that serve.ingress.envelope counts.
Each replica counts its own: a user has as many more open as there are replicas.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request

from cluster.settings import ServeSettings
from dancecore.errors import CODES, DanceError
from serve.ingress.services import Me


class Streams:
    """Those of a replica. Its event loop alone uses it."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.open: Counter[str] = Counter()

    @contextmanager
    def one_of(self, user_id: str) -> Iterator[None]:
        """Count a stream while it is open. Raises DanceError: RATE_LIMITED, OVERLOADED."""
        numbers = self.settings
        if self.open[user_id] >= numbers.streams_most:
            said = f"{numbers.streams_most} of your streams of events are open: close one, or wait for a job to end"
            raise DanceError("RATE_LIMITED", said, {"retry_after_s": numbers.retry_after_s})
        if self.open.total() >= numbers.streams_at_once:
            raise DanceError("OVERLOADED", CODES["OVERLOADED"])
        self.open[user_id] += 1
        try:
            yield
        finally:
            self.open -= Counter([user_id])  # which drops those who have none


async def streaming(request: Request, user: Me) -> AsyncIterator[None]:
    """A dependency of routes that stream: until the stream ends, or whoever reads it goes."""
    streams: Streams = request.app.state.streams
    with streams.one_of(user.user_id):
        yield
