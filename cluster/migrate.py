"""The schema's way up and down: Alembic over `cluster/migrations`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, func, select

from cluster.database import engine, transact
from dancecore.errors import DanceError

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x44414E4345
"""Key of the advisory lock that lets one process migrate at a time ("DANCE" in ASCII)."""


def migrate(pool: Engine | None = None) -> str:
    """Bring the schema to the newest revision and return its name; nothing happens when it is there already.

    All or nothing, and safe from several processes at once. Raises DanceError("DATABASE_UNAVAILABLE").
    """
    pool = pool or engine()
    if current(pool) != newest():
        transact(pool, lambda connection: _locked(connection, "upgrade", "head"))
    return newest()


def downgrade(pool: Engine, revision: str) -> None:
    """Take the schema back to `revision` ("base": empty, "-1": one step). The data of dropped tables is lost.

    Raises DanceError("INVALID_INPUT") when there is no such revision below, DanceError("DATABASE_UNAVAILABLE").
    """
    try:
        transact(pool, lambda connection: _locked(connection, "downgrade", revision))
    except CommandError as error:
        raise DanceError("INVALID_INPUT", f"the schema has no way back to {revision!r}: {error}") from error


def current(pool: Engine) -> str | None:
    """Revision of the schema that is in the database, None when there is none."""
    return transact(pool, lambda connection: MigrationContext.configure(connection).get_current_revision())


def newest() -> str:
    """Revision that this version of the program needs."""
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {FOLDER}")
    return head


def _locked(connection: Connection, direction: str, revision: str) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    getattr(command, direction)(config, revision)
