"""The embedded server starts by itself, is shared, survives kills; a database that is not there is one plain line."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from cluster import embedded
from cluster.database import connect, database_url, engine, storable, transact
from cluster.move_index import move_index
from cluster.settings import Settings, settings
from dancecore.errors import DanceError

TIMEOUT_S = 60.0
DSN = "postgresql://ann:hunter2@127.0.0.1:1/dance"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A DANCEAPP_HOME whose embedded server is stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="danceapp-home-"))
    monkeypatch.setenv("DANCEAPP_HOME", str(folder))
    monkeypatch.delenv("DANCEAPP_DATABASE_URL", raising=False)
    settings.cache_clear()
    yield folder
    embedded.stop(folder / "postgres")
    shutil.rmtree(folder)
    settings.cache_clear()


@pytest.fixture
def dsn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets DANCEAPP_DATABASE_URL for this test."""

    def set_dsn(url: str) -> None:
        monkeypatch.setenv("DANCEAPP_DATABASE_URL", url)
        settings.cache_clear()

    yield set_dsn
    monkeypatch.undo()
    settings.cache_clear()


def scalar(pool: Engine, query: str) -> object:
    return transact(pool, lambda connection: connection.scalar(text(query)))


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split()[0])


ASK = """
from cluster.database import connect, database_url, engine
from sqlalchemy import text
url = database_url()
with connect(engine(url)) as connection:
    print(url, connection.scalar(text("SELECT pg_postmaster_start_time()")))
"""


def test_four_processes_start_one_server_and_leave_it_up(home: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {run.communicate(timeout=TIMEOUT_S)[0] for run in runs}
    assert [run.returncode for run in runs] == [0] * 4
    assert len(answers) == 1
    assert answers.pop().startswith("postgresql+psycopg://postgres@/danceapp?host=")
    pid = postmaster(home)
    assert scalar(engine(), "SELECT 1") == 1  # after all of them ended
    assert postmaster(home) == pid
    assert embedded.stop(home / "postgres")
    assert not (home / "postgres" / "postmaster.pid").exists()
    assert not embedded.stop(home / "postgres")


def test_it_listens_to_its_owner_alone(home: Path) -> None:
    pool = engine()
    assert scalar(pool, "SHOW listen_addresses") == ""
    assert embedded.socket_folder(home / "postgres").stat().st_mode & 0o077 == 0
    environment = Path(f"/proc/{postmaster(home)}/environ").read_bytes()
    assert b"DANCEAPP" not in environment
    assert b"PGDATA" in environment


def test_killed_server_comes_back_within_a_transaction_and_nothing_is_lost(home: Path) -> None:
    pool = engine()
    with connect(pool) as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
    assert scalar(pool, "SELECT n FROM kept") == 7
    os.kill(postmaster(home), signal.SIGKILL)
    assert scalar(pool, "SELECT n FROM kept") == 7
    assert scalar(engine(database_url()), "SELECT n FROM kept") == 7


def test_its_process_id_was_given_to_another_program(home: Path) -> None:
    database_url()
    os.kill(postmaster(home), signal.SIGKILL)
    file = home / "postgres" / "postmaster.pid"
    file.write_text(file.read_text().replace(file.read_text().split()[0], str(os.getpid()), 1))
    assert scalar(engine(), "SELECT 1") == 1


def test_first_start_that_was_killed_half_way(home: Path) -> None:
    half = home / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert scalar(engine(), "SELECT 1") == 1
    assert not half.exists()


def test_a_home_too_deep_for_a_socket(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home / ("d" * 60) / ("e, & 'f" * 8)
    deep.mkdir(parents=True)
    monkeypatch.setenv("DANCEAPP_HOME", str(deep))
    try:
        assert scalar(engine(), "SELECT 1") == 1
        sockets = embedded.socket_folder(deep / "postgres")
        assert sockets.parent == Path("/tmp")
        assert sockets.stat().st_mode & 0o077 == 0
    finally:
        embedded.stop(deep / "postgres")
    sockets.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home / ("d" * 100)
    deep.mkdir()
    sockets = embedded.socket_folder(deep / "postgres")
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)
    try:
        with pytest.raises(DanceError, match="belongs to somebody else"):
            embedded.start(deep / "postgres", TIMEOUT_S)
    finally:
        sockets.rmdir()


def test_a_data_folder_that_is_broken_is_one_plain_line(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(DanceError, match="DATABASE_UNAVAILABLE") as caught:
        embedded.start(home / "postgres", 0.5)
    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_of_something_else_is_left_alone(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "thesis.txt").write_text("mine")
    with pytest.raises(DanceError, match=r"DATABASE_UNAVAILABLE.*not empty"):
        database_url()
    assert (home / "postgres" / "thesis.txt").read_text() == "mine"


def test_a_home_that_cannot_be_made_is_one_plain_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("DANCEAPP_HOME", str(home / "file"))
    with pytest.raises(DanceError, match="DATABASE_UNAVAILABLE") as caught:
        database_url()
    assert len(str(caught.value).splitlines()) == 1


def test_a_dsn_is_yours(dsn: Callable[[str], None], postgres_url: str) -> None:
    dsn(postgres_url.replace("postgresql+psycopg://", "postgres://"))
    assert f"/{scalar(engine(), 'SELECT current_database()')}?" in postgres_url


UNREACHABLE = {
    "nobody listens": DSN,
    "no such host": "postgresql://ann:hunter2@no-such-host.invalid/dance",
    "not a url": "hunter2",
    "another database": "mysql://ann:hunter2@127.0.0.1/dance",
}


@pytest.mark.parametrize("url", UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_database_that_is_not_there(url: str, dsn: Callable[[str], None]) -> None:
    dsn(url)
    started = time.monotonic()
    with pytest.raises(DanceError, match="DATABASE_UNAVAILABLE") as caught:
        scalar(engine(), "SELECT 1")
    assert len(str(caught.value).splitlines()) == 1
    assert "hunter2" not in f"{caught.value} {caught.value.details}"
    assert time.monotonic() - started < 30


def test_no_such_database(postgres_server: str) -> None:
    pool = engine(postgres_server.replace("/danceapp?", "/nowhere?"))
    with pytest.raises(DanceError, match='database "nowhere" does not exist'), connect(pool):
        pass


def test_a_database_without_our_tables(postgres_server: str) -> None:
    pool = engine(postgres_server.replace("/danceapp?", "/postgres?"))
    with pytest.raises(DanceError, match=r"SCHEMA_MISSING.*danceapp db upgrade"):
        move_index(pool)
    pool.dispose()


def test_the_password_is_nowhere_to_be_seen(dsn: Callable[[str], None]) -> None:
    dsn(DSN)
    assert "hunter2" not in f"{settings()!r} {settings()} {engine()!r} {settings().model_dump_json()}"
    assert isinstance(settings(), Settings)


def failing(times: int, fail: Callable[[Connection], object]) -> tuple[Callable[[Connection], int], list[int]]:
    """Work that fails `times` times before it succeeds, and the list of its runs."""
    runs: list[int] = []

    def work(connection: Connection) -> int:
        runs.append(len(runs))
        if len(runs) <= times:
            fail(connection)
        return len(runs)

    return work, runs


def drop(connection: Connection) -> None:
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def deadlock(connection: Connection) -> None:
    connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"))


@pytest.mark.parametrize("fail", [drop, deadlock])
def test_a_passing_failure_is_tried_again(pool: Engine, fail: Callable[[Connection], object]) -> None:
    work, _ = failing(2, fail)
    assert transact(pool, work) == 3


@pytest.mark.parametrize(("fail", "raised"), [(drop, DanceError), (deadlock, OperationalError)])
def test_a_lasting_failure_is_raised(
    pool: Engine, fail: Callable[[Connection], object], raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.database.time.sleep", lambda _: None)
    work, runs = failing(99, fail)
    with pytest.raises(raised):
        transact(pool, work)
    assert len(runs) == settings().database.attempts


def test_a_bug_is_not_tried_again(pool: Engine) -> None:
    work, runs = failing(99, lambda c: c.execute(text("INSERT INTO users (id, handle, email) VALUES ('u', NULL, '')")))
    with pytest.raises(IntegrityError):
        transact(pool, work)
    assert len(runs) == 1


def test_a_connection_that_died_in_the_pool_is_not_noticed(pool: Engine, postgres_url: str) -> None:
    with connect(pool) as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(postgres_url)
    with other.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    other.dispose()
    with connect(pool) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_an_error_rolls_back(pool: Engine) -> None:
    def work(connection: Connection) -> float:
        connection.execute(text("INSERT INTO users (id, handle, email) VALUES ('u', 'h', 'e')"))
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        transact(pool, work)
    assert scalar(pool, "SELECT count(*) FROM users") == 0


@pytest.mark.parametrize(("string", "kept"), [("plain", "plain"), ("nul\0", "nul?"), ("\udce9", "?"), ("💃", "💃")])
def test_what_text_cannot_hold_is_replaced(string: str, kept: str) -> None:
    assert storable(string) == kept
