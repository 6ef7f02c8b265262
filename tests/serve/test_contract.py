"""The API is what its OpenAPI document says: schemathesis calls every route, with what is right and what is wrong, and
goes from call to call by the links. No 5xx, and no answer that the document does not tell of.

The service is whole but for Serve: a database, a store, and a worker that takes analyses out of the queue.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings, strategies
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.hooks import HookContext
from schemathesis.openapi import from_asgi
from schemathesis.schemas import BaseSchema

from cluster import accounts, sign_in
from cluster.database import engine
from cluster.library import Library, store_moves
from cluster.objects import LocalObjects
from cluster.settings import settings as numbers
from serve.ingress.access import ACCESS
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.worker import Worker
from tests.serve.conftest import Local, QuickEstimator, ReadyFinder, send, upload


@dataclass
class Live:
    """A service that works, an administrator's token, and ids of things that are there."""

    using: Services
    token: str
    ids: dict[str, str]


@contextmanager
def working(using: Services) -> Iterator[None]:
    """A worker takes analyses out of the queue, in a thread of its own."""
    loop = asyncio.new_event_loop()
    worker = Worker(using.pool, using.store, using.recognition, using.settings.serve)
    task = loop.create_task(worker.run())

    def work() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(30)
        loop.close()


@pytest.fixture(scope="module")
def live(
    shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory, library: Library, clips: list[bytes]
) -> Iterator[Live]:
    pool, store = engine(shared_postgres_url), LocalObjects(tmp_path_factory.mktemp("objects"))
    store_moves(pool, library.taxonomy)
    patient = replace(
        numbers().serve, calls_per_minute=10**6, sign_ins_per_minute=10**6, event_poll_s=0.05, job_backoff_s=0,
        videos_per_day=10**6,
    )  # fmt: skip
    using = Services(
        pool, store, numbers().model_copy(update={"serve": patient}),
        Local(QuickEstimator(store), ReadyFinder(store, library)), lambda email, code: None,
        MovingWindowRateLimiter(MemoryStorage()),
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
        ids = {"video_id": video, "job_id": job, "upload_id": send(client, clips[1]), "move_id": "mv_dab"}
        yield Live(using, token, ids | {"semver": "tx-0.1", "exemplar_id": "ex_1"})


@pytest.fixture(scope="module")
def contract(live: Live) -> BaseSchema:
    """The document as it is served. Every other time, something that is there is asked for."""
    config = SchemathesisConfig.from_dict({"checks": CHECKS})
    config.projects.default.update(headers={"Authorization": f"Bearer {live.token}"})
    schema = from_asgi("/v1/openapi.json", create_app(live.using), config=config)

    def known(given: Any) -> Any:
        if isinstance(given, dict):
            return {name: live.ids.get(name, value) if len(str(value)) % 2 else value for name, value in given.items()}
        return given

    @schema.hook
    def map_path_parameters(context: HookContext, path_parameters: Any) -> Any:
        return known(path_parameters)

    @schema.hook
    def map_body(context: HookContext, body: Any) -> Any:
        return known(body)

    return schema


CHECKS: dict[str, Any] = {
    "positive_data_acceptance": {"enabled": False},  # that a cursor, a code, a span is well formed is not that it fits
}

QUICKLY = settings(
    deadline=None, max_examples=5, derandomize=True, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
THOROUGHLY = settings(QUICKLY, max_examples=200, derandomize=False)


def call(contract: BaseSchema, route: tuple[str, str], how: settings) -> None:
    """Call a route with what is right and with what is wrong."""
    method, path = route
    operation = contract[path][method]
    cases = strategies.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @how
    @given(case=cases)
    def answered(case: Case) -> None:
        case.call_and_validate()

    answered()


def walk(contract: BaseSchema, how: settings) -> None:
    """Go from call to call by the links."""
    contract.as_state_machine().run(settings=how)


@pytest.mark.parametrize("route", sorted(ACCESS), ids=" ".join)
def test_a_route_is_as_described(contract: BaseSchema, route: tuple[str, str]) -> None:
    call(contract, route, QUICKLY)


def test_from_call_to_call(contract: BaseSchema) -> None:
    walk(contract, settings(QUICKLY, max_examples=10, stateful_step_count=8))


@pytest.mark.slow
@pytest.mark.parametrize("route", sorted(ACCESS), ids=" ".join)
def test_a_route_is_as_described_whatever_is_asked(contract: BaseSchema, route: tuple[str, str]) -> None:
    call(contract, route, THOROUGHLY)


@pytest.mark.slow
def test_a_long_way_from_call_to_call(contract: BaseSchema) -> None:
    walk(contract, settings(THOROUGHLY, stateful_step_count=20))
