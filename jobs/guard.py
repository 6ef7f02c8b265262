"""A broken clip is a row: what a stage refuses, or what kills its worker, becomes that clip's error, nothing else."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dancecore.errors import DanceError

if TYPE_CHECKING:
    from ray.actor import ActorHandle

Row = dict[str, Any]
Work = Callable[[Sequence[Row]], Sequence[Row | DanceError]]
"""What a stage does: a row, or why there is none, for each row that it is given."""


def guarded(
    stage: str, rows: Sequence[Row], work: Work, ledger: "ActorHandle", most: int, *, by: str = "sha256"
) -> list[Row]:
    """Do the work of a stage on the rows that have no error yet; 1:1, in order.

    Rows of one call are worked on together, one by one when a worker died at any of them before. A row at which
    `most` workers died alone gets the error "stage/WORKER_DIED" and is not tried again. A bug still raises.
    `by` names the column that tells clips apart.
    """
    import ray

    sound = [row for row in rows if not row["error"]]
    names = [row[by] for row in sound]
    if len(sound) > 1 and ray.get(ledger.begin_together.remote(stage, names)):
        done = dict(zip(names, work(sound), strict=True))
        ray.get(ledger.end.remote(stage, names))
    else:
        done = {row[by]: _alone(stage, row, row[by], work, ledger, most) for row in sound}
    return [row if row["error"] else _settled(stage, row, done[row[by]]) for row in rows]


def each(one: Callable[[Row], Row]) -> Work:
    """Work that takes its rows one after the other; what `one` raises as a DanceError is the reason for no row."""

    def work(rows: Sequence[Row]) -> list[Row | DanceError]:
        return [attempt(row) for row in rows]

    def attempt(row: Row) -> Row | DanceError:
        try:
            return one(row)
        except DanceError as error:
            return error

    return work


def _alone(stage: str, row: Row, name: str, work: Work, ledger: "ActorHandle", most: int) -> Row | DanceError:
    import ray

    deaths: Any = ray.get(ledger.begin_alone.remote(stage, name))
    if deaths >= most:
        return DanceError("WORKER_DIED", f"{most} workers died while they worked on this clip")
    (done,) = work([row])
    ray.get(ledger.end.remote(stage, [name]))
    return done


def _settled(stage: str, row: Row, done: Row | DanceError) -> Row:
    if isinstance(done, DanceError):
        return row | {"error": f"{stage}/{done.code}", "message": done.message}
    return done
