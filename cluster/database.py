"""The one database: PostgreSQL through SQLAlchemy and psycopg 3, embedded by default, any DSN by setting."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from cluster import embedded
from cluster.settings import home, settings
from dancecore.errors import DanceError

T = TypeVar("T")
RETRIED = ("40001", "40P01")
"""SQLSTATE of a serialisation failure and of a deadlock: the transaction was right, its moment was not."""
UNDEFINED_TABLE = "42P01"
NO_EXTENSION = ("0A000", "58P01", "42501")
"""SQLSTATE when an extension is not installed at the server (two, by its version), or may not be enabled by us."""
UNREACHABLE = ("08", "57P", "53", "28", "3D")
"""SQLSTATE starts: connection lost, server going down or starting, no resources, login refused, no such database."""


def database_url() -> str:
    """Where the database is, for workers to be handed. A secret when it holds a password: never log it.

    `DANCEAPP_DATABASE_URL` when set; else an embedded server under `home()`, started if it is not up.
    Raises DanceError("DATABASE_UNAVAILABLE") when the embedded server does not start.
    """
    return settings().database_url.get_secret_value() or _embedded_url()


def engine(url: str | None = None) -> Engine:
    """The connection pool of this process for `url` (default: database_url()); made once, connects when first used."""
    return _engine(url or database_url(), os.getpid())


@contextmanager
def connect(pool: Engine | None = None) -> Iterator[Connection]:
    """One transaction: commits at the end, rolls back on any error.

    Raises DanceError("DATABASE_UNAVAILABLE") when the server is not there or goes away; `transact` also tries again.
    Raises DanceError("SCHEMA_MISSING") when the tables were never made.
    """
    pool = pool or engine()
    try:
        with pool.begin() as connection:
            yield connection
    except DBAPIError as error:
        if _state(error) == UNDEFINED_TABLE:
            message = f"the database at {_shown(pool)} has no tables yet; `danceapp db upgrade` makes them"
            raise DanceError("SCHEMA_MISSING", message) from error
        if not _is_unreachable(error):
            raise
        raise DanceError("DATABASE_UNAVAILABLE", _plain(pool, error)) from error


def transact(pool: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction; again, after a growing pause, when the connection drops or a deadlock hits.

    `work` must be idempotent: when the connection drops during commit it may run though it already took effect.
    Raises DanceError("DATABASE_UNAVAILABLE") when the attempts are used up.
    """
    numbers = settings().database
    for attempt in range(1, numbers.attempts + 1):
        try:
            with connect(pool) as connection:
                return work(connection)
        except DanceError as error:
            if error.code != "DATABASE_UNAVAILABLE" or attempt == numbers.attempts:
                raise
        except DBAPIError as error:
            if _state(error) not in RETRIED or attempt == numbers.attempts:
                raise
        time.sleep(numbers.backoff_s * 2 ** (attempt - 1))
        _revive(pool.url)
    raise AssertionError("unreachable: the last attempt returns or raises")


def enable(connection: Connection, extension: str) -> None:
    """Make sure this database has an extension of the server. Raises DanceError("EXTENSION_MISSING")."""
    try:
        connection.execute(text(f'CREATE EXTENSION IF NOT EXISTS "{extension}"'))
    except DBAPIError as error:
        if _state(error) not in NO_EXTENSION:
            raise
        said = (str(error.orig).splitlines() or [""])[0]
        message = f"the PostgreSQL at {_shown(connection.engine)} lacks {extension}, which DanceApp needs: {said}"
        raise DanceError("EXTENSION_MISSING", message) from error


def storable(string: str) -> str:
    """`string` with what PostgreSQL's text cannot hold (NUL, bytes of a file name that are no UTF-8) replaced."""
    return string.encode(errors="replace").decode().replace("\0", "?")


def _embedded_url() -> str:
    return embedded.start(home() / "postgres", settings().database.start_timeout_s)


def _revive(url: URL) -> None:
    if url.query.get("host") == str(embedded.socket_folder(home() / "postgres")):
        _embedded_url()


@cache
def _engine(url: str, pid: int) -> Engine:  # pid: a forked child must not share its parent's sockets
    numbers = settings().database
    return create_engine(
        _psycopg(url),
        pool_size=numbers.pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": numbers.connect_timeout_s, "application_name": "danceapp"},
    )


def _psycopg(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise DanceError("DATABASE_UNAVAILABLE", "DANCEAPP_DATABASE_URL is not a database URL") from None
    if parsed.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise DanceError("DATABASE_UNAVAILABLE", f"the database must be PostgreSQL, not {parsed.drivername}")
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    if unknown := set(parsed.query) - known:
        said = f"DANCEAPP_DATABASE_URL has options that PostgreSQL does not know: {', '.join(sorted(unknown))}"
        raise DanceError("DATABASE_UNAVAILABLE", said)
    return parsed.set(drivername="postgresql+psycopg")


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_unreachable(error: DBAPIError) -> bool:
    dropped = error.connection_invalidated or (not _state(error) and isinstance(error.orig, psycopg.OperationalError))
    return dropped or _state(error).startswith(UNREACHABLE)


def _plain(pool: Engine, error: DBAPIError) -> str:
    reason = " ".join(str(error.orig).split()) or type(error.orig).__name__
    return f"the database at {_shown(pool)} does not answer: {reason}"


def _shown(pool: Engine) -> str:
    return pool.url.render_as_string(hide_password=True)
