"""The durable queue: jobs are rows of the same database (procrastinate), written in the transaction of what they are
about. `serve.worker` does them."""

from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import BigInteger, Boolean, Connection, cast, func, select

QUEUE = "analysis"
ANALYSE = "analyse"
"""The task that analyses a video: takes `job_id`, that of an analysis_jobs row."""

COMPOSITIONS = "compositions"
"""A queue of its own: nobody waits for a tutorial sheet behind an evening's clips."""
COMPOSITION = "composition"
"""The task that exports or compares: takes `job_id`, that of a composition_jobs row."""
LEARN = "learn"
"""The task that brings what is known of people's dances up to date with one clip: takes `video`."""

_app = App(connector=SyncPsycopgConnector())  # never opened: every job is written on the caller's connection


def defer(tx: Connection, task: str, queue: str = QUEUE, /, **arguments: Any) -> int:
    """Put a job into a queue, if and when `tx` commits; its number there."""
    return _app.configure_task(task, queue=queue, connection=tx.connection.driver_connection).defer(**arguments)


def learn(tx: Connection, video: str) -> None:
    """Have what was danced in a clip learned, or forgotten where it is deleted, if and when `tx` commits."""
    defer(tx, LEARN, COMPOSITIONS, video=video)


def cancel(tx: Connection, queued_as: int) -> None:
    """Take a job out of the queue; one that runs already goes on until its task looks."""
    numbers = (
        cast(queued_as, BigInteger),
        cast(False, Boolean),
        cast(True, Boolean),
    )  # not to abort it, to delete its row
    tx.execute(select(func.procrastinate_cancel_job_v1(*numbers)))
