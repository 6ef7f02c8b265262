"""Requests that are sent again under their key: once done, however often sent and whoever goes meanwhile."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from cluster import compositions, idempotency
from cluster.database import connect
from cluster.tables import idempotency_keys
from dancecore.errors import DanceError
from tests.serve.conftest import Enter

DANCE = {"title": "d", "bpm": 112, "steps": [{"order_idx": 0, "move_id": "mv_dab", "duration_beats": 4}]}
KEY = {"Idempotency-Key": "5f0c9f0e-7a55-4b5e-9f6c-3a1f1f6f1c55"}


def asked(client: TestClient) -> tuple[asyncio.Task[None], list[dict[str, Any]]]:
    """A request for a dance that is under way, and what was answered: as a server has it, so that it can be ended."""
    app, answers, body = client.app, [], json.dumps(DANCE).encode()
    assert isinstance(app, FastAPI)
    headers = {"host": "t", "content-type": "application/json", "authorization": client.headers["Authorization"], **KEY}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/compositions", "raw_path": b"/v1/compositions", "root_path": "", "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1), "server": ("t", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    call: Callable[..., Awaitable[None]] = app
    return asyncio.ensure_future(call(scope, receive, send)), answers  # type: ignore[arg-type]


async def gone(client: TestClient, entered: Event, leave: Event, ended: Event) -> None:
    """Ask for a dance and go while it is being made."""
    task, answers = asked(client)
    assert await asyncio.to_thread(entered.wait, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    leave.set()
    assert await asyncio.to_thread(ended.wait, 60)
    assert answers == []


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event, Event]:
    """Dances are made between the first of these and the second; the third: their requests have ended."""
    entered, leave, ended = Event(), Event(), Event()
    create = compositions.create

    def slowly(*given: Any, **named: Any) -> Any:
        entered.set()
        assert leave.wait(60)
        return create(*given, **named)

    def then(name: str) -> None:
        last: Callable[..., None] = getattr(idempotency, name)
        monkeypatch.setattr(idempotency, name, lambda *given: (last(*given), ended.set()))

    monkeypatch.setattr(compositions, "create", slowly)
    then("finish")
    then("forget")
    return entered, leave, ended


def test_a_client_that_goes_and_asks_again_made_one_thing(enter: Enter, gates: tuple[Event, Event, Event]) -> None:
    ann = enter("ann")
    asyncio.run(gone(ann, *gates))
    kind = {"Content-Type": "application/json"}
    again = ann.post("/v1/compositions", content=json.dumps(DANCE), headers=KEY | kind)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    made = [each["composition_id"] for each in ann.get("/v1/compositions").json()["items"]]
    assert made == [again.json()["composition_id"]]


def test_what_fails_after_its_client_has_gone_is_logged_and_may_be_tried_again(
    enter: Enter, pool: Engine, gates: tuple[Event, Event, Event], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    entered, leave, _ = gates

    def failing(*given: Any, **named: Any) -> None:
        entered.set()
        assert leave.wait(60)
        raise DanceError("NOT_FOUND", "there is no such move")

    monkeypatch.setattr(compositions, "create", failing)

    async def go() -> None:
        await gone(enter("ann"), *gates)
        while "there is no such move" not in caplog.text:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(go(), 60))
    with connect(pool) as tx:
        assert tx.execute(idempotency_keys.select()).all() == []


def test_an_answer_comes_again_with_its_headers(enter: Enter) -> None:
    ann = enter("ann")
    first, again = (ann.post("/v1/compositions", json=DANCE, headers=KEY) for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    for name in ("ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]


SECRETS = {"/v1/api-keys": ({"name": "bot"}, "key"), "/v1/webhooks": ({"url": "https://example.org/hook"}, "secret")}


@pytest.mark.parametrize("path", SECRETS)
def test_what_is_kept_of_an_answer_tells_no_secret(enter: Enter, pool: Engine, path: str) -> None:
    ann, (body, name) = enter("ann"), SECRETS[path]
    first, again = (ann.post(path, json=body, headers=KEY) for _ in range(2))
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    with connect(pool) as tx:
        row = tx.execute(idempotency_keys.select()).one()
    assert first.json()[name].encode() not in row.answer
    assert KEY["Idempotency-Key"] not in str(tuple(row))


@pytest.fixture
def infer(enter: Enter) -> Callable[..., Response]:
    """Ask about a clip under a key; each time the client draws another boundary."""
    ann = enter("ann")

    def ask(content: bytes, filename: str = "a.mp4", query: str = "") -> Response:
        file = {"file": (filename, content, "video/mp4")}
        return ann.post(f"/v1/search/similar{query}", files=file, headers=KEY)

    return ask


def test_a_form_that_is_sent_again_is_the_same(infer: Callable[..., Response], clips: list[bytes]) -> None:
    long = clips[0] + bytes(3 << 20)  # of which a part goes to the disk
    first, again = infer(long), infer(long)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("other", [{"content": b"x"}, {"filename": "b.mp4"}, {"query": "?limit=3"}], ids=str)
def test_another_request_under_the_same_key(
    infer: Callable[..., Response], clips: list[bytes], other: dict[str, Any]
) -> None:
    assert infer(clips[0]).status_code == 200
    refused = infer(**{"content": clips[0]} | other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "INVALID_INPUT")


def test_a_form_that_is_none_gives_its_key_back(enter: Enter, clips: list[bytes]) -> None:
    ann, kind = enter("ann"), {"Content-Type": "multipart/form-data; boundary=b"}
    assert ann.post("/v1/infer", content=b"--b\r\nno header\r\n\r\n", headers=KEY | kind).status_code == 422
    assert ann.post("/v1/api-keys", json={"name": ""}, headers=KEY).status_code == 422
    assert ann.post("/v1/infer", files={"file": ("a.mp4", clips[0], "video/mp4")}, headers=KEY).status_code == 200


def test_who_has_not_signed_in_has_no_keys(api: TestClient, pool: Engine) -> None:
    new = {"email": "ann@example.org", "handle": "ann"}
    assert [api.post("/v1/auth/register", json=new, headers=KEY).status_code for _ in range(2)] == [201, 409]
    with connect(pool) as tx:
        assert tx.execute(idempotency_keys.select()).all() == []
