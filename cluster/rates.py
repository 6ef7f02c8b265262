"""How often somebody did something in this minute: counted in the database, because requests come to several replicas.

A minute is that of the clock. So at its turn twice as many may pass in a short time; a window that moves would keep the
time of every request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, case, delete, func
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.database import storable, transact
from cluster.tables import rates

WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many times so far, this one with them, and in how many seconds counting begins anew."""

    count: int
    reset_s: int


def hit(pool: Engine, name: str, now: datetime) -> Rate:
    """Count that `name` did it once more."""
    began = now.replace(second=0, microsecond=0)
    new = upsert(rates).values(name=storable(name), began=began, count=1)
    count = case((rates.c.began == new.excluded.began, rates.c.count + 1), else_=1)
    counted = new.on_conflict_do_update(
        index_elements=["name"], set_={"count": count, "began": func.greatest(rates.c.began, new.excluded.began)}
    ).returning(rates.c.count)
    reset = began + WINDOW - now
    return Rate(transact(pool, lambda tx: tx.execute(counted).scalar_one()), max(1, round(reset.total_seconds())))


def forget_before(pool: Engine, then: datetime) -> None:
    """Remove counts that began before `then`."""
    transact(pool, lambda tx: tx.execute(delete(rates).where(rates.c.began < then)))
