"""The ingress without Serve: the real app over a database and a folder of this test alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Engine

from cluster import accounts, sign_in
from cluster.accounts import Role, User
from cluster.database import engine
from cluster.objects import LocalObjects
from cluster.settings import settings
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.cluster.stored import V1


class Versioned:
    """Recognises nothing; says which versions it would have."""

    async def versions(self) -> object:
        return V1


@pytest.fixture
def pool(postgres_url: str) -> Iterator[Engine]:
    made = engine(postgres_url)
    yield made
    made.dispose()


@dataclass
class Mailbox:
    """Codes that were sent, by address."""

    codes: dict[str, str]

    def send(self, email: str, code: str) -> None:
        self.codes[email] = code


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox({})


@pytest.fixture
def using(pool: Engine, tmp_path: Path, mailbox: Mailbox) -> Services:
    """Limits of rate are out of the way, but for the tests that look at them."""
    numbers = settings()
    generous = replace(numbers.serve, calls_per_minute=100_000, sign_ins_per_minute=100_000)
    return Services(
        pool, LocalObjects(tmp_path / "objects"), numbers.model_copy(update={"serve": generous}), Versioned(),
        mailbox.send, MovingWindowRateLimiter(MemoryStorage()),
    )  # fmt: skip


@pytest.fixture
def api(using: Services) -> TestClient:
    """A client that has not signed in."""
    return TestClient(create_app(using), raise_server_exceptions=False)


Enter = Callable[..., TestClient]


@pytest.fixture
def enter(using: Services, pool: Engine, api: TestClient) -> Enter:
    """A function that makes a user of a handle and a role, and gives a client that is signed in as them."""

    def make(handle: str, role: Role = "user") -> TestClient:
        user = accounts.register(pool, f"{handle}@example.org", handle, None)
        accounts.set_role(pool, user.user_id, role)
        return signed_in(api, pool, user)

    return make


def signed_in(api: TestClient, pool: Engine, user: User) -> TestClient:
    """A client that acts as this user."""
    _, key = sign_in.make_api_key(pool, user.user_id, "test")
    return TestClient(api.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {key}"})
