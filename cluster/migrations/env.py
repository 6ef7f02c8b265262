"""Alembic's entry: uses the connection that cluster.migrate hands over; from `alembic` itself, engine()."""

from alembic import context
from sqlalchemy import Connection

from cluster.database import connect
from cluster.tables import metadata


def include_name(name: str | None, type_: str, parent_names: object) -> bool:
    """Autogenerate must not drop the job queue's tables, which their own package makes."""
    return not (type_ == "table" and (name or "").startswith("procrastinate_"))


def run(connection: Connection) -> None:
    """Run the migrations in the transaction of `connection`."""
    context.configure(connection=connection, target_metadata=metadata, include_name=include_name)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect() as opened:
        run(opened)
