"""Streams of events that stay open: how many there may be, and that they keep nobody else out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI

from cluster.settings import settings
from serve.app import build
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.serve.conftest import Enter, upload


@dataclass
class Call:
    """A request whose client stays until it goes."""

    task: asyncio.Task[None]
    sent: list[dict[str, Any]]
    gone: asyncio.Event

    async def status(self) -> int:
        """Of the answer, once it begins."""
        for _ in range(1000):
            if self.sent:
                return int(self.sent[0]["status"])
            await asyncio.sleep(0.01)
        raise AssertionError("there is no answer")

    async def refused(self) -> tuple[int, str | None]:
        """Status and Retry-After of an answer that ends."""
        await asyncio.wait_for(self.task, 10)
        headers = {name.decode(): said.decode() for name, said in self.sent[0]["headers"]}
        return int(self.sent[0]["status"]), headers.get("retry-after")

    async def leave(self) -> None:
        self.gone.set()
        await asyncio.wait_for(self.task, 10)


Get = Callable[[str, str], Call]
"""Gets a path with an API key."""


def visited(app: FastAPI, visit: Callable[[Get], Coroutine[Any, Any, None]]) -> None:
    """Run `visit` with clients of `app`, who all go in the end."""
    calls: list[Call] = []

    def get(path: str, key: str) -> Call:
        sent, gone, asked = [], asyncio.Event(), iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            for message in asked:
                return message
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "path": path, "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"",
            "headers": [(b"authorization", key.encode())], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        answer: Awaitable[None] = app(scope, receive, send)
        calls.append(Call(asyncio.ensure_future(answer), sent, gone))
        return calls[-1]

    async def all_of_it() -> None:
        await visit(get)
        for call in calls:
            await call.leave()

    asyncio.run(all_of_it())


@pytest.fixture
def watched(enter: Enter, clips: list[bytes]) -> dict[str, tuple[str, str]]:
    """Of two users: the stream of a job that waits, and who may see it."""
    found = {}
    for handle, content in zip(("ann", "bob"), clips, strict=False):
        client = enter(handle)
        job = client.post("/v1/analysis", json={"video_id": upload(client, content)}).json()["job_id"]
        found[handle] = (f"/v1/analysis/{job}/events", client.headers["Authorization"])
    return found


def ingress(using: Services, **numbers: int) -> FastAPI:
    changed = replace(using.settings.serve, **numbers)
    return create_app(replace(using, settings=using.settings.model_copy(update={"serve": changed})))


def test_streams_keep_nobody_out(using: Services, watched: dict[str, tuple[str, str]]) -> None:
    async def visit(get: Get) -> None:
        for _ in range(3):
            assert await get(*watched["ann"]).status() == 200
        assert await get("/v1/me", watched["bob"][1]).status() == 200

    visited(ingress(using, ingress_ongoing=1), visit)


def test_a_user_has_only_so_many_open(using: Services, watched: dict[str, tuple[str, str]]) -> None:
    async def visit(get: Get) -> None:
        streams = [get(*watched["ann"]) for _ in range(2)]
        assert [await each.status() for each in streams] == [200, 200]
        assert await get(*watched["ann"]).refused() == (429, "5")
        assert await get(*watched["bob"]).status() == 200
        await streams[0].leave()
        assert await get(*watched["ann"]).status() == 200

    visited(ingress(using, streams_most=2), visit)


def test_all_have_only_so_many_open(using: Services, watched: dict[str, tuple[str, str]]) -> None:
    async def visit(get: Get) -> None:
        streams = [get(*watched["ann"]) for _ in range(2)]
        assert [await each.status() for each in streams] == [200, 200]
        assert await get(*watched["bob"]).refused() == (503, "5")
        assert await get("/v1/me", watched["bob"][1]).status() == 200
        await streams[0].leave()
        assert await get(*watched["bob"]).status() == 200

    visited(ingress(using, streams_at_once=2), visit)


def test_serve_lets_in_what_the_ingress_answers() -> None:
    """All streams, all other requests, and some of either that are refused."""
    numbers = settings().serve
    let_in = build(numbers)._bound_deployment.max_ongoing_requests
    assert let_in > numbers.ingress_ongoing + numbers.streams_at_once
