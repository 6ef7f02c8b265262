"""The schema goes up, down and up again, and is what cluster.tables says."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import ProgrammingError

from cluster.database import connect
from cluster.index import write_clip
from cluster.migrate import FOLDER, current, downgrade, migrate, newest
from cluster.tables import idempotency_keys, metadata, segments, users
from tests.cluster.stored import catalogue, clip

QUEUE = "procrastinate_jobs"


def tables(pool: Engine) -> set[str]:
    with connect(pool) as connection:
        return set(inspect(connection).get_table_names())


def schema(pool: Engine) -> list[tuple[object, ...]]:
    """Columns, constraints, indexes, functions and triggers as the server describes them."""
    query = """
        SELECT 'column', table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')  -- of an extension
        ORDER BY 1, 2, 3"""
    with connect(pool) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_down_leaves_nothing_and_up_again_the_same(pool: Engine) -> None:
    before = schema(pool)
    assert len(before) > 100
    downgrade(pool, "base")
    assert current(pool) is None
    assert [row for row in schema(pool) if "alembic_version" not in str(row)] == []
    assert migrate(pool) == newest() == current(pool)
    assert schema(pool) == before


def test_migrating_twice_changes_nothing(pool: Engine) -> None:
    before = schema(pool)
    assert migrate(pool) == newest()
    assert schema(pool) == before


def test_autogenerate_finds_no_difference(pool: Engine) -> None:
    with connect(pool) as connection:
        ours = {"include_name": lambda name, kind, parents: kind != "table" or not name.startswith("procrastinate_")}
        opts = ours | {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_check_constraints_are_those_of_the_tables(pool: Engine) -> None:
    declared = metadata.tables.values()  # autogenerate does not look at checks
    want = {str(c.name) for table in declared for c in table.constraints if type(c).__name__ == "CheckConstraint"}
    with connect(pool) as connection:
        found = connection.scalars(text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))
        assert {name for name in found if name.startswith("ck_")} == want


def test_segments_stored_before_get_their_embedding(pool: Engine) -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 128)).astype(np.float32)
    vectors[1] = 0
    catalogue(pool)
    record = clip("a.mp4", ("mv_dab", 0, 100), ("mv_dab", 100, 200), ("mv_dab", 200, 300))
    write_clip(pool, replace(record, vectors=vectors))
    downgrade(pool, "0002")
    migrate(pool)
    with connect(pool) as connection:
        rows = connection.execute(select(segments).order_by(segments.c.start_ms)).all()
    assert [row.embedding_version for row in rows] == ["mean.f1", None, "mean.f1"]
    for row, vector in zip(rows[::2], vectors[::2], strict=True):
        np.testing.assert_allclose(row.embedding, vector / np.linalg.norm(vector), atol=1e-3)


def test_who_signed_in_without_a_password_had_proved_their_address(pool: Engine) -> None:
    downgrade(pool, "0010")
    with connect(pool) as connection:
        rows = "('usr_1', 'ann', 'ann@example.org', NULL), ('usr_2', 'bob', 'bob@example.org', 'x')"
        connection.execute(text(f"INSERT INTO users (id, handle, email, password_hash) VALUES {rows}"))
        connection.execute(text("INSERT INTO idempotency_keys VALUES ('usr_1', 'k', 'r', 201, 'secret')"))
    migrate(pool)
    with connect(pool) as connection:
        assert connection.scalars(select(users.c.id).where(users.c.email_verified_at.is_not(None))).all() == ["usr_1"]
        assert connection.execute(select(idempotency_keys)).all() == []


def test_four_at_once(pool: Engine, postgres_url: str) -> None:
    downgrade(pool, "base")
    pools = [create_engine(postgres_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(migrate, pools)) == {newest()}
    for each in pools:
        each.dispose()
    assert current(pool) == newest()


def test_a_broken_migration_leaves_what_was_there(pool: Engine) -> None:
    downgrade(pool, "base")
    with connect(pool) as connection:
        connection.execute(text("CREATE TABLE templates (id text)"))  # in the way of the last table that is made
    with pytest.raises(ProgrammingError, match="templates"):
        migrate(pool)
    assert tables(pool) - {"alembic_version"} == {"templates"}
    assert current(pool) is None


def test_the_queue_keeps_its_tables(pool: Engine) -> None:
    assert QUEUE in tables(pool)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with connect(pool) as connection:
        config.attributes["connection"] = connection
        command.check(config)  # raises when autogenerate would do anything, such as drop the queue
