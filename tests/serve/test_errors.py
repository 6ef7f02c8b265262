"""Every failure has one shape, and every answer an id."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, update
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cluster.database import connect
from cluster.idempotency import LOST
from cluster.tables import idempotency_keys
from dancecore.errors import CODES, DanceError
from serve.ingress import health
from serve.ingress.api import create_app
from serve.ingress.composer import PlanAsked
from serve.ingress.envelope import SMALL
from serve.ingress.errors import STATUS
from serve.ingress.services import Services
from tests.serve.conftest import Enter

STEP: dict[str, Any] = {"move_id": "floss", "beats": 4, "mirror": False}
CASES: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no such path": ("GET", "/v1/nothing", {}, 404, "NOT_FOUND"),
    "not a path of ours": ("GET", "/index.php", {}, 404, "NOT_FOUND"),
    "wrong method": ("DELETE", "/v1/me", {}, 405, "METHOD_NOT_ALLOWED"),
    "no token": ("GET", "/v1/me", {}, 401, "UNAUTHENTICATED"),
    "no body": ("POST", "/v1/auth/login", {}, 422, "INVALID_INPUT"),
    "half a body": ("POST", "/v1/auth/login", {"content": b'{"email"'}, 422, "INVALID_INPUT"),
    "bytes for a body": ("POST", "/v1/auth/login", {"content": b"\xff\xfe"}, 422, "INVALID_INPUT"),
    "a list for a body": ("POST", "/v1/auth/login", {"json": []}, 422, "INVALID_INPUT"),
    "a body too deep": ("POST", "/v1/auth/login", {"content": b"[" * 100_000}, 422, "INVALID_INPUT"),
    "a field too many": ("POST", "/v1/auth/code", {"json": {"email": "a@b.org", "x": 1}}, 422, "INVALID_INPUT"),
    "too large": ("POST", "/v1/auth/login", {"content": b"x" * (SMALL + 1)}, 413, "TOO_LARGE"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failure_has_one_shape(api: TestClient, case: str) -> None:
    method, path, body, status, code = CASES[case]
    answer = api.request(method, path, **body)
    assert answer.status_code == status
    said = answer.json()
    assert set(said) == {"error"}
    assert set(said["error"]) == {"code", "message", "details"}
    assert said["error"]["code"] == code
    assert said["error"]["message"]


def test_a_form_that_is_none(enter: Enter) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = enter("ann").post("/v1/infer", content=b"--b\r\nno header\r\n\r\n", headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_INPUT")


def test_a_body_that_grows_too_large_on_its_way(api: TestClient) -> None:
    answer = api.post("/v1/auth/login", content=(b"x" * 100_000 for _ in range(11)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TOO_LARGE")


def test_what_was_wrong_is_told_by_field(api: TestClient) -> None:
    fields = api.post("/v1/auth/code", json={"email": 7}).json()["error"]["details"]["fields"]
    assert [each["field"] for each in fields] == ["body.email"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("bars", "8"), ("bars", True), ("bpm", "112"), ("energy", [1, "2"]), ("steps", [STEP | {"mirror": 0}]),
     ("steps", [STEP | {"mirror": "no"}]), ("steps", [STEP | {"beats": "4"}]), ("must", "floss")],
)  # fmt: skip
def test_a_value_is_of_the_type_that_the_document_says(enter: Enter, field: str, wrong: Any) -> None:
    right = {"bars": 8, "bpm": 112, "energy": [1, 2.5], "steps": [STEP], "must": ["floss"]}
    PlanAsked.model_validate(right)
    answer = enter("ann").post("/v1/composer/plan", json=right | {field: wrong})
    assert answer.status_code == 422
    assert all(each["field"].startswith(f"body.{field}") for each in answer.json()["error"]["details"]["fields"])


def test_every_method_of_an_address_is_allowed(api: TestClient) -> None:
    assert api.put("/v1/api-keys").headers["Allow"] == "GET, POST"


def test_a_request_has_an_id_and_may_bring_its_own(api: TestClient) -> None:
    assert re.fullmatch("req_[0-9A-Z]{26}", api.get("/v1/health").headers["X-Request-ID"])
    assert api.get("/v1/me", headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    assert api.get("/v1/me", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"] != "a b"


def test_a_bug_tells_nothing_but_its_id(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "connect", lambda pool: 1 / 0)
    answer = api.get("/v1/health")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL"
    assert answer.json()["error"]["details"] == {"request_id": answer.headers["X-Request-ID"]}
    assert "ZeroDivision" not in answer.text


def test_a_database_that_is_away_is_503(using: Services) -> None:
    away = replace(using, pool=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = TestClient(create_app(away)).get("/v1/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")


def test_a_busy_database_says_when_to_come_again(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(pool: object) -> None:
        raise PoolTimeout("QueuePool limit")

    monkeypatch.setattr(health, "connect", busy)
    answer = api.get("/v1/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "OVERLOADED")
    assert answer.headers["Retry-After"] == "5"


def test_more_requests_than_are_answered_at_once_hear_when_to_come_again(
    using: Services, enter: Enter, clips: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is being answered and is the most; the next is turned away, and let in once that one is done."""
    entered, leave = Event(), Event()

    async def slow(*given: Any) -> Any:
        entered.set()
        await asyncio.to_thread(leave.wait)
        raise DanceError("NO_PERSON", "nobody")

    monkeypatch.setattr(using.recognition, "poses", slow)
    one = replace(using.settings.serve, ingress_ongoing=1)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": one})))
    api = TestClient(app, headers=enter("ann").headers)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(api.post, "/v1/infer", files={"file": ("a.mp4", clips[0], "video/mp4")})
        assert entered.wait(60)
        turned_away = api.get("/v1/me")
        leave.set()
        assert first.result().status_code == 422
    assert (turned_away.status_code, turned_away.json()["error"]["code"]) == (503, "OVERLOADED")
    assert turned_away.headers["Retry-After"] == "5"
    assert turned_away.headers["X-Request-ID"].startswith("req_")
    assert api.get("/v1/me").status_code == 200


def test_every_status_belongs_to_a_code() -> None:
    assert set(STATUS) <= set(CODES)


def test_an_answer_has_an_etag(enter: Enter) -> None:
    ann = enter("ann")
    first = ann.get("/v1/me")
    again = ann.get("/v1/me", headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    strong = ann.get("/v1/me", headers={"If-None-Match": first.headers["ETag"].removeprefix("W/")})
    assert strong.status_code == 304
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert ann.get("/v1/me", headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_is_long_goes_out_compressed(enter: Enter) -> None:
    """With the same ETag, which is weak for that reason."""
    ann, long = enter("ann"), "/v1/taxonomy/tx-0.1/moves"
    packed = ann.get(long, headers={"Accept-Encoding": "gzip"})
    plain = ann.get(long, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert "Content-Encoding" not in ann.get("/v1/me").headers


def test_a_browser_of_another_address_is_let_in_by_setting_alone(using: Services, enter: Enter) -> None:
    studio = {"Origin": "https://studio.example.org"}
    assert "Access-Control-Allow-Origin" not in enter("ann").get("/v1/me", headers=studio).headers
    open_ = replace(using.settings.serve, cors_origins=(studio["Origin"],))
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": open_})))
    refused = TestClient(app).get("/v1/me", headers=studio)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, studio["Origin"])
    assert {"ETag", "RateLimit-Remaining", "Retry-After"} <= set(
        refused.headers["Access-Control-Expose-Headers"].split(", ")
    )
    asked = studio | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert TestClient(app).options("/v1/videos", headers=asked).status_code == 200
    elsewhere = TestClient(app).get("/v1/me", headers={"Origin": "https://example.com"})
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


def test_a_request_that_is_sent_again_takes_effect_once(enter: Enter) -> None:
    ann, bob = enter("ann"), enter("bob")
    key = {"Idempotency-Key": "k1"}
    first = ann.post("/v1/api-keys", json={"name": "bot"}, headers=key)
    again = ann.post("/v1/api-keys", json={"name": "bot"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ann.post("/v1/api-keys", json={"name": "other"}, headers=key).status_code == 422
    assert bob.post("/v1/api-keys", json={"name": "bot"}, headers=key).json() != first.json()
    assert [each["name"] for each in ann.get("/v1/api-keys").json()["items"]] == ["bot", "test"]


def test_a_failure_may_be_tried_again_under_its_key(enter: Enter) -> None:
    ann, key = enter("ann"), {"Idempotency-Key": "k1"}
    assert ann.post("/v1/api-keys", json={"name": ""}, headers=key).status_code == 422
    assert ann.post("/v1/api-keys", json={"name": "bot"}, headers=key).status_code == 201


def test_a_request_whose_ingress_died_is_answered_by_another_in_time(enter: Enter, pool: Engine) -> None:
    """Nobody is told twice; but who never was told may ask again."""
    ann, key = enter("ann"), {"Idempotency-Key": "k1"}
    first = ann.post("/v1/api-keys", json={"name": "bot"}, headers=key)
    with connect(pool) as tx:
        tx.execute(update(idempotency_keys).values(status=None))
    waits = ann.post("/v1/api-keys", json={"name": "bot"}, headers=key)
    assert (waits.status_code, waits.headers["Retry-After"]) == (409, "1")
    with connect(pool) as tx:
        tx.execute(update(idempotency_keys).values(created_at=idempotency_keys.c.created_at - LOST))
    again = ann.post("/v1/api-keys", json={"name": "bot"}, headers=key)
    assert (again.status_code, again.json() == first.json()) == (201, False)
    assert ann.post("/v1/api-keys", json={"name": "bot"}, headers=key).json() == again.json()
