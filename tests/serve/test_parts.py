"""Files sent in parts: signed, received, gone on with after a break, put together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import uploads
from cluster.objects import LocalObjects
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.upkeep import tidy
from tests.serve.conftest import Enter, send, sha

PART = 1000


@pytest.fixture
def ann(enter: Enter, using: Services) -> TestClient:
    """Ann, where parts are small, and files have at most 99 of them."""
    numbers = using.settings
    serve, media = replace(numbers.serve, part_bytes=PART), replace(numbers.media, max_bytes=99 * PART)
    small = numbers.model_copy(update={"serve": serve, "media": media})
    return TestClient(create_app(replace(using, settings=small)), headers=enter("ann").headers)


def begin(client: TestClient, content: bytes) -> str:
    about = {"filename": "party.mp4", "content_type": "video/mp4", "sha256": sha(content)}
    return str(client.post("/v1/uploads/sign", json=about).json()["upload_id"])


def sign(client: TestClient, upload: str, content: bytes) -> list[dict[str, Any]]:
    answer = client.post(f"/v1/uploads/{upload}/parts", json={"bytes": len(content)})
    assert answer.status_code == 200, answer.text
    parts: list[dict[str, Any]] = answer.json()["parts"]
    return parts


def put(client: TestClient, part: dict[str, Any], content: bytes) -> None:
    body = content[part["offset"] : part["offset"] + part["bytes"]]
    assert client.put(part["url"], content=body).status_code == 204


def make(client: TestClient, upload: str) -> Any:
    new = {"upload_id": upload, "source": "user", "consent_version": "2026-06"}
    return client.post("/v1/videos", json=new)


def test_what_broke_off_goes_on(ann: TestClient, api: TestClient, clips: list[bytes], store: LocalObjects) -> None:
    content = clips[1]
    upload = begin(ann, content)
    parts = sign(ann, upload, content)
    assert [part["number"] for part in parts] == list(range(1, len(parts) + 1))
    assert sum(part["bytes"] for part in parts) == len(content)
    assert len(parts) >= 2
    put(api, parts[-1], content)  # by anybody, in any order
    assert make(ann, upload).json()["error"]["details"]["parts"] == [part["number"] for part in parts[:-1]]
    there = ann.get(f"/v1/uploads/{upload}/parts").json()["parts"]
    assert there == [{"number": len(parts), "bytes": parts[-1]["bytes"]}]
    missing = sign(ann, upload, content)
    assert [part["number"] for part in missing] == [part["number"] for part in parts[:-1]]
    assert api.put(parts[0]["url"], content=b"x").status_code == 403  # an address of before
    put(api, missing[0] | {"offset": 1}, content)  # the wrong bytes
    for part in missing[1:]:
        put(api, part, content)
    assert make(ann, upload).status_code == 422
    put(api, missing[0], content)
    video = make(ann, upload).json()["video_id"]
    assert store.keys() == [f"videos/{video}/source.mp4"]
    assert store.get(f"videos/{video}/source.mp4") == content
    assert ann.post(f"/v1/uploads/{upload}/parts", json={"bytes": 1}).status_code == 409


def test_parts_that_are_refused(ann: TestClient, api: TestClient, enter: Enter, using: Services) -> None:
    upload = begin(ann, b"x" * 2500)
    too_many = {"bytes": 99 * PART + 1}
    assert ann.post(f"/v1/uploads/{upload}/parts", json=too_many).status_code == 413
    assert ann.post(f"/v1/uploads/{upload}/parts", json={"bytes": 0}).status_code == 422
    assert enter("bob").post(f"/v1/uploads/{upload}/parts", json={"bytes": 1}).status_code == 404
    first = sign(ann, upload, b"x" * 2500)[0]["url"]
    assert ann.put(first, content=b"x" * (PART + 1)).status_code == 413
    assert ann.put(first, content=b"").json()["error"]["code"] == "EMPTY_FILE"
    assert ann.put(first[:-1], content=b"x").status_code == 403
    for number, status in ((0, 422), (99, 204), (100, 413)):
        assert ann.put(first.replace("/parts/1/", f"/parts/{number}/"), content=b"x").status_code == status


def test_parts_that_nobody_came_back_for_are_removed(
    ann: TestClient, pool: Engine, store: LocalObjects, using: Services
) -> None:
    content = b"x" * 2500
    upload = begin(ann, content)
    for part in sign(ann, upload, content):
        put(ann, part, content)
    tidy(pool, store, using.settings, datetime.now(UTC) + timedelta(days=1))
    assert len(store.keys()) == 3, "whoever comes back the next day goes on with them"
    tidy(pool, store, using.settings, datetime.now(UTC) + timedelta(days=1, hours=2))
    assert store.keys() == []


def test_what_nobody_came_back_for_is_looked_for_once(
    ann: TestClient, clips: list[bytes], pool: Engine, store: LocalObjects, using: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    kept, upload = send(ann, clips[0]), begin(ann, b"x" * 2500)
    video = make(ann, kept).json()["video_id"]
    listed: list[str] = []
    lists = store.keys

    def counted(prefix: str = "") -> list[str]:
        listed.append(prefix)
        return lists(prefix)

    monkeypatch.setattr(store, "keys", counted)
    for hours in (26, 27):
        tidy(pool, store, using.settings, datetime.now(UTC) + timedelta(hours=hours))
    assert [prefix for prefix in listed if prefix.startswith("parts/")] == [f"parts/{upload}/"]
    assert ann.get(f"/v1/uploads/{upload}/parts").status_code == 404
    assert make(ann, kept).json()["video_id"] == video


def test_an_upload_that_goes_on_while_others_are_removed_stays(
    ann: TestClient, pool: Engine, store: LocalObjects, using: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(ann, content := b"x" * 2500)
    later, deletes = datetime.now(UTC) + timedelta(days=1, hours=2), store.delete

    def meanwhile(key: str) -> None:
        uploads.renew(pool, upload, later, using.settings.serve)
        deletes(key)

    monkeypatch.setattr(store, "delete", meanwhile)
    tidy(pool, store, using.settings, later)
    assert [part["number"] for part in sign(ann, upload, content)] == [1, 2, 3]
