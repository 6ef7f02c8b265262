"""`danceapp --server URL`: the same words and the same answers as on this machine, by a service on a real socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from cluster.accounts import register
from cluster.settings import settings
from cluster.sign_in import make_api_key
from jobs import remote
from jobs.cli import app
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.serve.conftest import Local
from tests.serve.live import working

Say = Callable[..., Result]


@pytest.fixture
def address(using: Services) -> Iterator[str]:
    """Where the service listens; a worker is at work."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(using), log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        with working(using):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def say(pool: Engine, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """`danceapp` with a key of ann's; without --server it asks the same database."""
    ann = register(pool, "ann@example.org", "ann", None)
    monkeypatch.setenv("DANCEAPP_TOKEN", make_api_key(pool, ann, "cli")[1])
    monkeypatch.setenv("DANCEAPP_DATABASE_URL", postgres_url)
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(remote, "POLL_S", 0.05)
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, clips: list[bytes]) -> Path:
    """Two clips, one of them twice, and one that is none."""
    made = tmp_path / "clips"
    made.mkdir()
    for name, content in {"a.mp4": clips[0], "b.mp4": clips[1], "c.mp4": clips[1], "d.mp4": b"no video"}.items():
        (made / name).write_bytes(content)
    return made


def test_clips_are_indexed_and_shown_as_here(address: str, say: Say, folder: Path, local: Local) -> None:
    there = ("--server", address)
    said = say(*there, "index", str(folder), "--consent", "2026-06", "--json")
    assert said.exit_code == 3  # a quarter of the clips failed
    summary = json.loads(said.stdout)
    assert (summary["indexed"], summary["skipped"], summary["frames"]) == (2, 0, 160)
    assert summary["errors"] == {"upload/NOT_A_VIDEO": 1}
    again = json.loads(say(*there, "index", str(folder / "a.mp4"), "--consent", "2026-06", "--json").stdout)
    assert (again["indexed"], again["skipped"], local.pose.seen) == (0, 1, 2)
    asked = [
        ["moves"], ["moves", "--json"], ["moves", "--csv"], ["moves", "--family", "nothing"],
        ["moves", "--since", "2026-01-01"], ["search", "flos"], ["search", "mooonwalk", "--json"],
        ["search", "quadratic"], ["show", "a.mp4"], ["show", str(folder / "b.mp4"), "--json"], ["show", "none.mp4"],
    ]  # fmt: skip
    for words in asked:
        here, service = say(*words), say(*there, *words)
        assert (service.output, service.exit_code) == (here.output, here.exit_code), words
    assert "Floss" in say(*there, "search", "flos").output


REFUSED: dict[str, tuple[list[str], str]] = {
    "a command about this machine": (["doctor"], "doctor is about this machine"),
    "a group of such": (["db", "current"], "db is about this machine"),
    "no consent": (["index", "{folder}"], "--consent VERSION is wanted"),
    "a dry run": (["index", "{folder}", "--consent", "1", "--dry-run"], "are about this machine"),
    "a picture": (["show", "a.mp4", "--png", "a.png"], "--png draws what is stored on this machine"),
    "a clip of nobody": (["show", "vid_0"], "NOT_FOUND"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_service_is_not_asked(address: str, say: Say, folder: Path, case: str) -> None:
    words, why = REFUSED[case]
    said = say("--server", address, *(word.format(folder=folder) for word in words))
    assert said.exit_code == 1
    assert why in said.stderr
    assert said.stderr.count("\n") == 1


def test_who_does_not_say_who_they_are(address: str, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANCEAPP_TOKEN", "dak_wrong")
    assert "UNAUTHENTICATED" in say("--server", address, "moves").stderr
    monkeypatch.delenv("DANCEAPP_TOKEN")
    assert "set DANCEAPP_TOKEN" in say("--server", address, "moves").stderr


@pytest.mark.parametrize("where", ["http://127.0.0.1:1", "nonsense", "http://[", "{address}/docs"])
def test_where_no_service_is(address: str, say: Say, where: str) -> None:
    said = say("--server", where.format(address=address), "moves")
    assert said.exit_code == 1
    assert said.stderr.count("\n") == 1


def test_a_service_that_hangs_up_is_asked_again(say: Say) -> None:
    """As one does whose ingress is killed while it answers."""
    page = b'{"items": [], "next_cursor": null}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(page)

    def answer() -> None:
        for said in (b"", head + page):
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer)
        thread.start()
        said = say("--server", f"http://127.0.0.1:{listening.getsockname()[1]}", "moves", "--json")
        thread.join()
    assert (said.exit_code, json.loads(said.stdout)) == (0, [])
