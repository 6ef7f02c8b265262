"""What a job needs is killed in the middle of it. The worker is in this process; tests/e2e kills Serve's."""

import asyncio
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import accounts, analyses, embedded, keys, webhooks
from cluster.database import database_url, engine
from cluster.migrate import migrate
from cluster.objects import S3Objects
from cluster.settings import Settings, settings
from dancecore.errors import DanceError
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.worker import Worker
from tests.serve.conftest import Local, sha, signed_in
from tests.weed import ACCESS, BUCKET, SECRET, Weed, weed

pytestmark = pytest.mark.slow

PATIENCE_S = 180


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of this machine, on an embedded server of this test alone; who needs it starts it."""
    home = Path(tempfile.mkdtemp(prefix="danceapp-test-"))
    monkeypatch.setenv("DANCEAPP_HOME", str(home))
    monkeypatch.delenv("DANCEAPP_DATABASE_URL", raising=False)
    settings.cache_clear()
    made = engine(database_url())
    migrate(made)
    yield made
    made.dispose()
    embedded.stop(home / "postgres")
    shutil.rmtree(home)
    settings.cache_clear()


@pytest.fixture
def server() -> Iterator[Weed]:
    with weed() as made:
        yield made


@pytest.fixture
def store(server: Weed, monkeypatch: pytest.MonkeyPatch) -> S3Objects:
    """In place of the folder that other tests have."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return S3Objects(f"http://{server.address}/{BUCKET}")


@pytest.fixture
def ann(pool: Engine, using: Services, local: Local) -> TestClient:
    user = accounts.register(pool, "ann@example.org", "ann", None)
    return signed_in(TestClient(create_app(using)), pool, user)


@contextmanager
def worker(using: Services, backoff_s: float) -> Iterator[None]:
    """A worker that is replaced when it ends, as Serve does, until the test ends."""
    hasty = replace(using.settings.serve, job_backoff_s=backoff_s, stalled_after_s=1)
    loop = asyncio.new_event_loop()

    async def work() -> None:
        while True:
            one = Worker(using.pool, using.store, using.recognition, hasty)
            await asyncio.gather(one.run(), one.tend(), return_exceptions=True)
            await asyncio.sleep(0.5)

    task = loop.create_task(work())

    def until_cancelled() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=until_cancelled)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(60)
        loop.close()


class Halted:
    """Stops the first clip on its way, until it may go on."""

    def __init__(self, local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there, self.go_on, does = threading.Event(), threading.Event(), local.poses

        async def poses(*given: Any) -> Any:
            self.there.set()
            await asyncio.to_thread(self.go_on.wait)
            return await does(*given)

        monkeypatch.setattr(local, "poses", poses)


def asked(ann: TestClient, using: Services, content: bytes) -> str:
    """The job of a clip that was sent to the store itself, as it would be by its signed address."""
    about = {"filename": "a.mp4", "content_type": "video/mp4", "sha256": sha(content)}
    upload = ann.post("/v1/uploads/sign", json=about).json()["upload_id"]
    using.store.put(keys.upload(upload), content)
    new = {"upload_id": upload, "source": "user", "consent_version": "2026-06"}
    video = ann.post("/v1/videos", json=new).json()["video_id"]
    return str(ann.post("/v1/analysis", json={"video_id": video}).json()["job_id"])


def ended(pool: Engine, job: str) -> list[str]:
    """The states of a job, once it has ended."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = analyses.find(pool, job)
        if found.state in analyses.ENDS:
            return [entry["state"] for entry in found.log]
        time.sleep(0.1)
    raise AssertionError(f"{job} is {analyses.find(pool, job)}")


def kill_database() -> None:
    folder = Path(os.environ["DANCEAPP_HOME"]) / "postgres"
    server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    for each in (server, *server.children(recursive=True)):
        each.send_signal(signal.SIGKILL)


def test_a_database_that_is_killed_ends_no_job(
    ann: TestClient, using: Services, local: Local, clips: list[bytes], pool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    halted = Halted(local, monkeypatch)
    job = asked(ann, using, clips[0])
    with worker(using, 0):
        assert halted.there.wait(PATIENCE_S)
        kill_database()
        halted.go_on.set()
        states = ended(pool, job)
    assert states[-1] == "DONE"
    assert [state for state in states if state in analyses.ENDS] == ["DONE"]


def test_a_database_that_is_killed_while_a_job_fails_for_good_leaves_no_job_without_an_end(
    ann: TestClient, using: Services, local: Local, clips: list[bytes], pool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its last attempt, in the transaction that ends it."""
    does, killed = webhooks.announce, threading.Event()

    def announce(*given: Any) -> None:
        if not killed.is_set():
            killed.set()
            kill_database()
        does(*given)

    monkeypatch.setattr(webhooks, "announce", announce)
    local.pose.error = DanceError("NO_PERSON", "nobody is seen")
    job = asked(ann, using, clips[0])
    with worker(replace(using, settings=once(using.settings)), 0):
        states = ended(pool, job)
    assert killed.is_set()
    assert [state for state in states if state in analyses.ENDS] == ["FAILED"]


def once(numbers: Settings) -> Settings:
    """Jobs have one attempt."""
    return numbers.model_copy(update={"serve": replace(numbers.serve, job_attempts=1)})


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_store_that_is_killed_ends_a_job_with_a_reason_at_most(
    ann: TestClient, using: Services, local: Local, clips: list[bytes], pool: Engine, server: Weed,
    monkeypatch: pytest.MonkeyPatch, comes_back: bool,
) -> None:  # fmt: skip
    halted = Halted(local, monkeypatch)
    job = asked(ann, using, clips[0])
    with worker(using, 5 if comes_back else 0):  # seconds, in which the store is up again
        assert halted.there.wait(PATIENCE_S)
        server.kill()
        halted.go_on.set()
        if comes_back:
            while [entry["state"] for entry in analyses.find(pool, job).log].count("RECEIVED") < 2:
                time.sleep(0.02)
            server.start()
        states = ended(pool, job)
    found = analyses.find(pool, job)
    assert [state for state in states if state in analyses.ENDS] == states[-1:]
    expected = ("DONE", None) if comes_back else ("FAILED", "OBJECTS_UNAVAILABLE")
    assert (found.state, found.reason) == expected
