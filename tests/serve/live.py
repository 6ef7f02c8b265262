"""The service whole but for Serve: a database, a store, a worker that is at work, and things to ask about."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import accounts, sign_in
from cluster.library import Library, store_moves
from cluster.objects import LocalObjects
from cluster.settings import settings as numbers
from serve.composer import Choreographer
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.worker import Worker
from tests.serve.conftest import Local, LocalComposer, QuickEstimator, ReadyFinder, send, upload


@contextmanager
def working(using: Services) -> Iterator[None]:
    """A worker takes analyses out of the queue, in a thread of its own."""
    worker = Worker(using.pool, using.store, using.recognition, using.settings.serve)
    runner, stop = asyncio.Runner(), asyncio.Event()
    loop = runner.get_loop()

    async def until_stopped() -> None:
        work = asyncio.ensure_future(worker.run())
        await stop.wait()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    def run() -> None:
        with runner:  # which sees to what the worker leaves behind
            runner.run(until_stopped())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)


@dataclass
class Live:
    """A service that works, an administrator's token, ids of things that are there, and codes that were sent."""

    using: Services
    token: str
    ids: dict[str, str]
    codes: dict[str, str]


@contextmanager
def living(pool: Engine, store: LocalObjects, library: Library, clips: list[bytes]) -> Iterator[Live]:
    """A service over an empty database and store, in which root has a video that was analysed."""
    codes: dict[str, str] = {}
    store_moves(pool, library.taxonomy)
    patient = replace(
        numbers().serve, calls_per_minute=10**6, sign_ins_per_minute=10**6,
        codes_per_mailbox=10**6, passwords_per_mailbox=10**6,
        event_poll_s=0.05, job_backoff_s=0, videos_per_day=10**6,
    )  # fmt: skip
    composer = LocalComposer(Choreographer(pool, numbers(), library.taxonomy))
    using = Services(
        pool, store, numbers().model_copy(update={"serve": patient}),
        Local(QuickEstimator(store), ReadyFinder(pool, store, library)), composer, codes.__setitem__,
    )  # fmt: skip
    root = accounts.register(pool, "root@example.org", "root", None)
    accounts.set_role(pool, root.user_id, "admin")
    token = sign_in.sign_in(pool, root.user_id, datetime.now(UTC), replace(patient, access_minutes=1000)).access_token
    client = TestClient(create_app(using), headers={"Authorization": f"Bearer {token}"})
    with working(using):
        video = upload(client, clips[0])
        job = client.post("/v1/analysis", json={"video_id": video}).json()["job_id"]
        client.get(f"/v1/analysis/{job}/events")  # until it is done
        store.put("moves/mv_dab/exemplars/ex_1.mp4", clips[0])
        key = client.post("/v1/api-keys", json={"name": "spare"}).json()["key_id"]
        seen = {"video_id": video, "start_ms": 0, "end_ms": 1000, "move_id": "mv_dab"}
        annotation = client.post("/v1/annotations", json=seen).json()["annotation_id"]
        ids = {"video_id": video, "job_id": job, "upload_id": send(client, clips[1]), "move_id": "mv_dab"}
        ids |= {"key_id": key, "annotation_id": annotation, "semver": "tx-0.1", "exemplar_id": "ex_1"}
        steps = [{"order_idx": 0, "move_id": "mv_dab", "duration_beats": 4}]
        dance = client.post("/v1/compositions", json={"title": "d", "bpm": 112, "steps": steps}).json()
        where = f"/v1/compositions/{dance['composition_id']}"
        ids |= {"composition_id": dance["composition_id"], "token": client.post(f"{where}/share").json()["token"]}
        ids["export_id"] = client.post(f"{where}/export", json={}).json()["export_id"]
        ids["comparison_id"] = client.post(f"{where}/compare", json={"video_id": video}).json()["comparison_id"]
        hook = client.post("/v1/webhooks", json={"url": "https://example.org/hook"}).json()["webhook_id"]
        segment = client.get(f"/v1/videos/{video}/segments").json()["segments"][0]["segment_id"]
        ids |= {"webhook_id": hook, "segment_id": segment}
        yield Live(using, token, ids, codes)
