"""The ingress without Serve: the real app over a database and a folder of each test, recognition in its process."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import accounts, sign_in
from cluster.accounts import Role, User
from cluster.database import engine
from cluster.layer import own_exemplars
from cluster.library import Library, load_library, pose_version, store_moves
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.media.writing import write_video
from dancecore.types import PoseTrack, Versions
from serve.composer import Choreographer
from serve.deployments import MoveFinder, PoseEstimator, Waiting
from serve.ingress.api import create_app
from serve.ingress.services import Services
from serve.recognition import Posed
from tests.jobs.quick import dance
from tests.serve.told import ToldClient


class QuickEstimator(PoseEstimator):
    """Finds a made-up dance at once, or fails as a test says."""

    def __init__(self, store: LocalObjects) -> None:
        self.settings, self.store = settings(), store
        self.version = pose_version(self.settings)
        self.error: Exception | None = None
        self.seen = 0

    async def together(self, clip: Waiting) -> list[PoseTrack]:  # type: ignore[override]  # callers have loops of their own
        self.seen += 1
        if self.error:
            raise self.error
        return [dance(zlib.crc32(clip.path.read_bytes()))]


class ReadyFinder(MoveFinder):
    """With a library that is made already, but for moves that are taught."""

    def __init__(self, pool: Engine, store: LocalObjects, library: Library) -> None:
        self.settings, self.store, self.pool, self.plain = settings(), store, pool, library
        self.begin()

    def make(self) -> Library:
        own = own_exemplars(self.pool, self.store)
        return load_library(self.settings, own=own) if own else self.plain

    def rename(self, model: str) -> None:
        """Have clips named by a model of this version from now on, and by no other."""
        (_, classifier) = self.kept[self.library.versions]
        self.library = replace(self.library, versions=replace(self.library.versions, model=model))
        self.kept = {self.library.versions: (self.library, classifier)}


class Local:
    """serve.recognition.Recognition in this process, by the classes that Serve deploys."""

    def __init__(self, pose: QuickEstimator, moves: ReadyFinder) -> None:
        self.pose, self.moves = pose, moves

    async def versions(self) -> Versions:
        return self.moves.versions()

    async def poses(self, clip: str, longest_ms: int | None = None) -> Posed:
        return await self.pose.poses(clip, longest_ms)

    async def features(self, clip: str, versions: Versions) -> None:
        self.moves.features(clip, versions)

    async def segments(self, clip: str, versions: Versions) -> None:
        self.moves.segments(clip, versions)


@pytest.fixture(scope="session")
def library() -> Library:
    """Made once: it takes seconds."""
    return load_library(settings())


@pytest.fixture
def pool(postgres_url: str) -> Iterator[Engine]:
    made = engine(postgres_url)
    yield made
    made.dispose()


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


class LocalComposer:
    """serve.composing.Composing in this process, by the class that Serve deploys."""

    def __init__(self, composer: Choreographer) -> None:
        self.composer = composer

    def __getattr__(self, name: str) -> Any:
        async def ask(*given: Any) -> Any:
            return getattr(self.composer, name)(*given)

        return ask


@pytest.fixture
def composer(pool: Engine, local: Local) -> Choreographer:
    return Choreographer(pool, settings(), local.moves.library.taxonomy)


@pytest.fixture
def local(pool: Engine, store: LocalObjects, library: Library) -> Local:
    """Recognition over the store of this test; the database has the moves."""
    store_moves(pool, library.taxonomy)
    return Local(QuickEstimator(store), ReadyFinder(pool, store, library))


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
def using(pool: Engine, store: LocalObjects, local: Local, composer: Choreographer, mailbox: Mailbox) -> Services:
    """Limits of rate are out of the way, but for the tests that look at them."""
    numbers = settings()
    generous = replace(
        numbers.serve, calls_per_minute=100_000, sign_ins_per_minute=100_000, codes_per_mailbox=100_000,
        passwords_per_mailbox=100_000,
        event_poll_s=0.01,
    )  # fmt: skip
    return Services(
        pool, store, numbers.model_copy(update={"serve": generous}), local, LocalComposer(composer), mailbox.send
    )


@pytest.fixture
def api(using: Services) -> TestClient:
    """A client that has not signed in."""
    return ToldClient(create_app(using), raise_server_exceptions=False)


Enter = Callable[..., TestClient]


@pytest.fixture
def enter(pool: Engine, api: TestClient) -> Enter:
    """A function that makes a user of a handle and a role, and gives a client that is signed in as them."""

    def make(handle: str, role: Role = "user") -> TestClient:
        user = accounts.register(pool, f"{handle}@example.org", handle, None)
        accounts.set_role(pool, user.user_id, role)
        return signed_in(api, pool, user)

    return make


def signed_in(api: TestClient, pool: Engine, user: User) -> TestClient:
    """A client that acts as this user."""
    _, key = sign_in.make_api_key(pool, user, "test")
    return ToldClient(api.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Three videos of four seconds."""
    folder = tmp_path_factory.mktemp("clips")
    for n in range(3):
        write_video(folder / f"{n}.mp4", (np.full((64, 64, 3), 60 * n, np.uint8) for _ in range(20)), fps=5)
    return [(folder / f"{n}.mp4").read_bytes() for n in range(3)]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def send(client: TestClient, content: bytes, filename: str = "party.mp4") -> str:
    """Have an address signed and post a file there; the id of the upload."""
    about = {"filename": filename, "content_type": "video/mp4", "sha256": sha(content)}
    signed = client.post("/v1/uploads/sign", json=about).json()
    answer = client.post(signed["url"], data=signed["fields"], files={"file": (filename, content, "video/mp4")})
    assert answer.status_code == 204, answer.text
    return str(signed["upload_id"])


def upload(client: TestClient, content: bytes, filename: str = "party.mp4") -> str:
    """Bring a video in; its id."""
    new = {"upload_id": send(client, content, filename), "source": "user", "consent_version": "2026-06"}
    answer = client.post("/v1/videos", json=new)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["video_id"])


@pytest.fixture(scope="module")
def live(
    shared_postgres_url: str, tmp_path_factory: pytest.TempPathFactory, library: Library, clips: list[bytes]
) -> Iterator[Any]:
    """See tests.serve.live.Live."""
    from tests.serve.live import living

    with living(engine(shared_postgres_url), LocalObjects(tmp_path_factory.mktemp("objects")), library, clips) as made:
        yield made
