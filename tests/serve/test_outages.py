"""What the service needs and has not got: its database, room on its disk, its store. Each is told as it is, with when
to come again, and is over as soon as it is there again."""

import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from cluster import accounts, embedded, sign_in
from cluster.migrate import migrate
from cluster.objects import LocalObjects
from cluster.settings import settings
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.serve.conftest import Enter, send, sha


def check(answer: Any, code: str) -> None:
    """503 in the one shape, with when to come again."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, code)
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert answer.headers["Retry-After"] == "5"


@contextmanager
def full_disk() -> Iterator[None]:
    """The system itself refuses every file of more than 500 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def signed(client: TestClient, content: bytes) -> Callable[[], Any]:
    """A function that posts a file to an address that was signed for it."""
    about = {"filename": "a.mp4", "content_type": "video/mp4", "sha256": sha(content)}
    form = client.post("/v1/uploads/sign", json=about).json()
    return lambda: client.post(form["url"], data=form["fields"], files={"file": ("a.mp4", content, "video/mp4")})


@pytest.mark.parametrize("kept_in", ["store", "form"])
def test_a_full_disk(enter: Enter, clips: list[bytes], store: LocalObjects, kept_in: str) -> None:
    """In the store, and where a form waits that is too large for memory. The same upload goes on later."""
    content = clips[0] if kept_in == "store" else clips[0] + bytes(2_000_000)
    post = signed(enter("ann"), content)
    with full_disk():
        check(post(), "STORAGE_FULL")
    assert store.keys() == []
    assert post().status_code == 204


def test_a_full_disk_leaves_no_half_video(enter: Enter, clips: list[bytes], store: LocalObjects) -> None:
    ann = enter("ann")
    new = {"upload_id": send(ann, clips[0]), "source": "user", "consent_version": "2026-06"}
    with full_disk():
        check(ann.post("/v1/videos", json=new), "STORAGE_FULL")
        check(ann.post("/v1/infer", files={"file": ("a.mp4", clips[0], "video/mp4")}), "STORAGE_FULL")
    assert store.keys("videos/") == []
    assert ann.post("/v1/videos", json=new).status_code == 201


def test_a_store_that_is_away(enter: Enter, clips: list[bytes], store: LocalObjects) -> None:
    """A file is where its folder was: no medium is mounted there."""
    ann = enter("ann")
    send(ann, clips[0])
    away = store.folder.with_name("away")
    store.folder.rename(away)
    store.folder.touch()
    check(signed(ann, clips[1])(), "OBJECTS_UNAVAILABLE")
    store.folder.unlink()
    away.rename(store.folder)
    assert signed(ann, clips[1])().status_code == 204


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a database server of this test alone, to be stopped and started."""
    home = Path(tempfile.mkdtemp(prefix="danceapp-test-"))
    yield home / "postgres"
    embedded.stop(home / "postgres")
    shutil.rmtree(home)


def test_a_database_that_goes_away_and_comes_back(using: Services, server: Path) -> None:
    start_s = settings().database.start_timeout_s
    pool = create_engine(embedded.start(server, start_s), pool_pre_ping=True)
    migrate(pool)
    ann = accounts.register(pool, "ann@example.org", "ann", None)
    _, key = sign_in.make_api_key(pool, ann, "test")
    api = TestClient(create_app(replace(using, pool=pool)), headers={"Authorization": f"Bearer {key}"})
    assert api.get("/v1/me").status_code == 200
    embedded.stop(server)
    check(api.get("/v1/health"), "DATABASE_UNAVAILABLE")
    check(api.post("/v1/api-keys", json={"name": "bot"}, headers={"Idempotency-Key": "k1"}), "DATABASE_UNAVAILABLE")
    embedded.start(server, start_s)
    assert api.post("/v1/api-keys", json={"name": "bot"}, headers={"Idempotency-Key": "k1"}).status_code == 201
    pool.dispose()
