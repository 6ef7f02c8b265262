"""Fixtures that more than one part uses."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis
from sqlalchemy import create_engine, text

from cluster import embedded
from cluster.database import engine
from cluster.migrate import migrate
from cluster.settings import settings

ROOT = Path(__file__).parent.parent

hypothesis.register_profile("untimed", deadline=None)  # first calls compile, and machines are shared: no time limits
hypothesis.load_profile("untimed")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real dance data: `DANCEAPP_TEST_DATA`, by default `../shared/data`."""
    folder = Path(os.environ.get("DANCEAPP_TEST_DATA", ROOT / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set DANCEAPP_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def ray_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The one Ray of this test session, joined by this process; its token lies in a folder of the session."""
    from cluster import ray_session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DANCEAPP_HOME", str(tmp_path_factory.mktemp("ray")))
        patch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
        with ray_session.session(None, settings().cluster):
            yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a migrated, empty database on an embedded server of this test session; tests copy it, see postgres_url."""
    home = Path(
        tempfile.mkdtemp(prefix="danceapp-test-")
    )  # not pytest's own folder: nobody but its owner may enter that
    url = embedded.start(home / "postgres", settings().database.start_timeout_s)
    pool = engine(url)
    migrate(pool)
    with pool.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # nothing here outlives a power cut: ten times faster
        connection.execute(text("SELECT pg_reload_conf()"))
    pool.dispose()
    yield url
    embedded.stop(home / "postgres")
    shutil.rmtree(home)


@contextmanager
def database_copy(template: str) -> Iterator[str]:
    """URL of a copy of the database at this URL, dropped afterwards."""
    name = f"test_{secrets.token_hex(8)}"
    admin = create_engine(template.replace("/danceapp?", "/postgres?"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE danceapp"))
        url = template.replace("/danceapp?", f"/{name}?")
        yield url
        engine(url).dispose()
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a database of this test alone: migrated, empty."""
    with database_copy(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def shared_postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a database of this file's tests together, for those that leave nothing behind: migrated, empty."""
    with database_copy(postgres_server) as url:
        yield url
