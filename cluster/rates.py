"""How often somebody did something in this minute: counted in the database, because requests come to several replicas.

A minute is that of the clock. So at its turn twice as many may pass in a short time; a window that moves would keep the
time of every request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, text

from cluster.database import storable, transact
from cluster.tables import rates

WINDOW = timedelta(minutes=1)

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


def hit(tx: Connection, name: str, now: datetime) -> Rate:
    """Count that `name` did it once more."""
    began = now.replace(second=0, microsecond=0)
    count = tx.execute(HIT, {"name": storable(name), "began": began}).scalar_one()
    return Rate(count, max(1, round((began + WINDOW - now).total_seconds())))


def forget_before(pool: Engine, then: datetime) -> None:
    """Remove counts that began before `then`."""
    transact(pool, lambda tx: tx.execute(delete(rates).where(rates.c.began < then)))
