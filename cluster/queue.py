"""The durable queue: jobs are rows of the same database (procrastinate), written in the transaction of what they are
about. `serve.worker` does them."""

from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import BigInteger, Boolean, Connection, cast, func, select

QUEUE = "analysis"
ANALYSE = "analyse"
"""The task that analyses a video: takes `job_id`, that of an analysis_jobs row."""

_app = App(connector=SyncPsycopgConnector())  # never opened: every job is written on the caller's connection


def defer(tx: Connection, task: str, **arguments: Any) -> int:
    """Put a job into the queue, if and when `tx` commits; its number there."""
    return _app.configure_task(task, queue=QUEUE, connection=tx.connection.driver_connection).defer(**arguments)


def cancel(tx: Connection, queued_as: int) -> None:
    """Take a job out of the queue; one that runs already goes on until its task looks."""
    numbers = (
        cast(queued_as, BigInteger),
        cast(False, Boolean),
        cast(True, Boolean),
    )  # not to abort it, to delete its row
    tx.execute(select(func.procrastinate_cancel_job_v1(*numbers)))
