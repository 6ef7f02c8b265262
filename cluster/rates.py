"""How often somebody did something in this minute or hour: counted in the database, because requests come to several
replicas.

Both are those of the clock. So at their turn twice as many may pass in a short time; a window that moves would keep the
time of every request.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, text

from cluster.database import storable, transact
from cluster.tables import rates

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HIT = text(
    "INSERT INTO rates AS r (name, began, count) VALUES (:name, :began, 1) ON CONFLICT (name) DO UPDATE SET"
    " count = CASE WHEN r.began >= excluded.began THEN r.count + 1 ELSE 1 END,"
    " began = greatest(r.began, excluded.began) RETURNING count"
)
"""Text, because it runs at every request: to build it each time takes as long as the database does."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many times so far, this one with them, and in how many seconds counting begins anew."""

    count: int
    reset_s: int


def hit(tx: Connection, name: str, now: datetime, window: timedelta = MINUTE) -> Rate:
    """Count that `name` did it once more, in a window that is always the same for it."""
    began = now - (now - EPOCH) % window
    count = tx.execute(HIT, {"name": storable(name), "began": began}).scalar_one()
    return Rate(count, max(1, round((began + window - now).total_seconds())))


def forget(pool: Engine, name: str) -> None:
    """Count what `name` did no more."""
    transact(pool, lambda tx: tx.execute(delete(rates).where(rates.c.name == storable(name))))


def forget_before(pool: Engine, then: datetime) -> None:
    """Remove counts that began before `then`."""
    transact(pool, lambda tx: tx.execute(delete(rates).where(rates.c.began < then)))
