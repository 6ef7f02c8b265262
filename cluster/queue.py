"""The durable queue: jobs are rows of the same database (procrastinate), written in the transaction of what they are
about. `serve.worker` does them."""

from dataclasses import dataclass
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import BigInteger, Boolean, Connection, Engine, TextClause, cast, func, select, text

from cluster import logs, tracing
from cluster.database import transact

QUEUE = "analysis"
ANALYSE = "analyse"
"""The task that analyses a video: takes `job_id`, that of an analysis_jobs row, and its `owner`, by whom turns are
taken."""

COMPOSITIONS = "compositions"
"""A queue of its own: nobody waits for a tutorial sheet behind an evening's clips."""
COMPOSITION = "composition"
"""The task that exports or compares: takes `job_id`, that of a composition_jobs row, and the `owner` who asked for it,
by whom turns are taken."""
LEARN = "learn"
"""The task that brings what is known of people's dances up to date with one clip: takes `video`. It takes milliseconds,
and its priority is that of the first export when nothing waits: others never come before it."""

NOTICES = "notices"
"""A queue of their own for messages: clips take minutes."""
WEBHOOK, OPERATORS = "tell_owner", "tell_operators"
"""The tasks that tell of an analysis that ended: see serve.notices."""

UPKEEP = "upkeep"
TIDY, JUDGE = "tidy", "judge"
"""The tasks that come again and again: see serve.upkeep."""

TASKS = (ANALYSE, COMPOSITION, LEARN, WEBHOOK, OPERATORS, TIDY, JUDGE)

BACKGROUND = -1_000_000_000
"""The priority of the first job that is done only when nothing else waits."""

GIVEN_UP = "its attempts in the queue are over, and what ended the last one could not be written"

_app = App(connector=SyncPsycopgConnector())  # never opened: every job is written on the caller's connection


def defer(tx: Connection, task: str, queue: str = QUEUE, /, priority: int = 0, **arguments: Any) -> int:
    """Put a job into a queue, if and when `tx` commits; its number there. Those of higher `priority` come first."""
    raw = tx.connection.driver_connection
    return _app.configure_task(task, queue=queue, priority=priority, connection=raw).defer(**arguments)


def learn(tx: Connection, video: str) -> None:
    """Have what was danced in a clip learned, or forgotten where it is deleted, if and when `tx` commits."""
    defer(tx, LEARN, COMPOSITIONS, video=video)


def carried() -> dict[str, Any]:
    """What goes on, as arguments of a job, for the log and the trace of whoever does it: `ids` and `trace`."""
    return {"ids": logs.ids(), "trace": tracing.carried()}


def turn(tx: Connection, task: str, owner: str | None, *, background: bool = False) -> int:
    """The priority of a user's next job of a task, by which users take turns, however many each of them asks for.

    Start-time fair queuing (Goyal, Vin & Cheng 1996), every job of the same cost: a user's first one comes in the
    turn of what is being done now, each next one a turn later. What waits for another attempt has lost its place in the
    order and tells nothing of it. In the `background` turns are taken likewise, after all others.
    """
    query = text(
        "SELECT coalesce(max(priority), :first) AS now, min(priority) FILTER (WHERE args->>'owner' = :owner) AS last"
        " FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing') AND attempts = 0"
        " AND (priority <= :background) = :behind"
    )
    first = BACKGROUND if background else 0
    given = {"first": first, "owner": owner, "task": task, "background": BACKGROUND, "behind": background}
    now, last = tx.execute(query, given).one()
    return int(now if last is None else min(now, last - 1))


def waiting(tx: Connection, task: str, owner: str) -> int:
    """How many of a user's jobs of a task wait or are being done."""
    query = text(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = :task AND status IN ('todo', 'doing')"
        " AND args->>'owner' = :owner"
    )
    return int(tx.scalar(query, {"task": task, "owner": owner}) or 0)


def given_up(which: str) -> TextClause:
    """The condition that no job of the queue for `which`, a condition in SQL on `q`, waits or is being done."""
    return text(f"NOT EXISTS (SELECT FROM procrastinate_jobs q WHERE {which} AND q.status IN ('todo', 'doing'))")


def cancel(tx: Connection, queued_as: int) -> None:
    """Take a job out of the queue; one that runs already goes on until its task looks."""
    numbers = (
        cast(queued_as, BigInteger),
        cast(False, Boolean),
        cast(True, Boolean),
    )  # not to abort it, to delete its row
    tx.execute(select(func.procrastinate_cancel_job_v1(*numbers)))


@dataclass(frozen=True, slots=True)
class Depth:
    """Jobs of a task: that wait, that are being done; lag_s: how long the first that could begin has waited."""

    waiting: int = 0
    running: int = 0
    lag_s: float = 0.0


def depths(pool: Engine) -> dict[str, Depth]:
    """How full the queue is, by task."""
    query = text(
        "SELECT task_name, count(*) FILTER (WHERE status = 'todo') AS waiting,"
        " count(*) FILTER (WHERE status = 'doing') AS running,"
        " coalesce(max(extract(epoch FROM now() - greatest(at, scheduled_at)))"
        " FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()), 0) AS lag_s"
        " FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'"
        " WHERE status IN ('todo', 'doing') GROUP BY task_name"
    )
    rows = transact(pool, lambda tx: tx.execute(query).all())
    found = {row.task_name: Depth(row.waiting, row.running, max(0.0, float(row.lag_s))) for row in rows}
    return {task: found.get(task, Depth()) for task in sorted({*TASKS, *found})}
