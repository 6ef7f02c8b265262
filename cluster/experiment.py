"""Which way of composing each user gets, what they do with it, and what that says of the ways.

A user's variant follows from their id and the experiment's name, so that it is the same on every machine and day.
Events of a user with no longer pause than `session_minutes` are a session.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean, median
from typing import Any

from pydantic import ConfigDict
from rapidfuzz.distance import Levenshtein
from sqlalchemy import Engine, insert, select

from cluster.database import transact
from cluster.ids import ulid
from cluster.settings import ExperimentSettings
from cluster.tables import composer_events
from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR
from dancecore.errors import DanceError


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a user did. about: the event that it answers. details: see `record`."""

    event_id: str
    user_id: str
    variant: str
    kind: str
    about: str | None
    composition_id: str | None
    details: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Variant:
    """What the events of a variant say, None where nobody did what it is a share of.

    acceptance: the share of suggestions that were shown of which a step was taken. edit_distance: steps that were
    inserted, taken out or exchanged between a plan and the dance as it was last saved (Levenshtein 1966), the mean over
    dances. first_bar_s: from the first event of a session to the first bar that was planned, accepted or saved, the
    median. abandonment: the share of sessions that leave no dance, or say so. diversity: the share of different moves
    among the steps of saved dances, the mean.
    """

    variant: str
    users: int
    sessions: int
    suggestions: int
    acceptance: float | None
    edited: int
    edit_distance: float | None
    first_bar_s: float | None
    abandonment: float | None
    dances: int
    diversity: float | None
    __pydantic_config__ = ConfigDict(json_schema_extra={"examples": [{
        "variant": "plain", "users": 12, "sessions": 30, "suggestions": 140, "acceptance": 0.41, "edited": 9,
        "edit_distance": 2.3, "first_bar_s": 24.0, "abandonment": 0.3, "dances": 14, "diversity": 0.72,
    }]})  # fmt: skip


def variant_of(user: str, settings: ExperimentSettings) -> str:
    """The variant of a user: each is as likely, and which it is tells nothing of the next experiment's."""
    names = sorted(settings.variants)
    digest = hashlib.sha256(f"{settings.name}\0{user}".encode()).digest()
    return names[int.from_bytes(digest[:8]) % len(names)]


def record(
    pool: Engine, user: str, settings: ExperimentSettings, kind: str, *, about: str | None = None,
    composition: str | None = None, details: dict[str, Any] | None = None,
) -> str:  # fmt: skip
    """Keep an event, one of tables.EVENTS; its id.

    `details`: `moves` that were suggested; `beats` of the step that was accepted; `steps` that were planned, saved or
    edited, as `packed` has them.
    """
    row = {
        "id": ulid("evt"), "user": user, "experiment": settings.name, "variant": variant_of(user, settings),
        "kind": kind, "about": about, "composition": composition, "details": details or {},
    }  # fmt: skip
    transact(pool, lambda tx: tx.execute(insert(composer_events).values(row)))
    return str(row["id"])


def find(pool: Engine, event: str) -> Event:
    """An event by its id. Raises DanceError("NOT_FOUND")."""
    query = select(composer_events).where(composer_events.c.id == event)
    row = transact(pool, lambda tx: tx.execute(query).one_or_none())
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {event!r}")
    return _event(row)


def packed(steps: Iterable[Step]) -> list[list[Any]]:
    """Steps as events hold them."""
    return [[step.move_id, step.beats, step.mirror] for step in steps]


def report(pool: Engine, settings: ExperimentSettings) -> list[Variant]:
    """What the events of the experiment say of each of its variants."""
    query = select(composer_events).where(composer_events.c.experiment == settings.name)
    query = query.order_by(composer_events.c.user, composer_events.c.created_at, composer_events.c.id)
    events = [_event(row) for row in transact(pool, lambda tx: tx.execute(query).all())]
    pause = timedelta(minutes=settings.session_minutes)
    return [tell(name, [e for e in events if e.variant == name], pause) for name in sorted(settings.variants)]


def tell(variant: str, events: Sequence[Event], pause: timedelta) -> Variant:
    """What events of one variant, by user and time, say."""
    sessions = [session for _, of in groupby(events, lambda e: e.user_id) for session in _sessions(list(of), pause)]
    shown = {e.event_id for e in events if e.kind == "suggested"}
    taken = {e.about for e in events if e.kind == "accepted"} & shown
    plans = {e.event_id: e.details["steps"] for e in events if e.kind == "planned"}
    final = {e.event_id if e.composition_id is None else e.composition_id: e
             for e in events if e.kind in ("saved", "edited")}  # fmt: skip
    off = [Levenshtein.distance(_hashable(plans[e.about]), _hashable(e.details["steps"]))
           for e in final.values() if e.about in plans]  # fmt: skip
    waited = [s for s in map(_first_bar_s, sessions) if s is not None]
    kinds = [{e.kind for e in session} for session in sessions]
    return Variant(
        variant, len({e.user_id for e in events}), len(sessions), len(shown),
        len(taken) / len(shown) if shown else None, len(off), fmean(off) if off else None,
        median(waited) if waited else None,
        fmean("abandoned" in done or not done & {"saved", "edited", "exported"} for done in kinds) if kinds else None,
        len(final), fmean(_diversity(e.details["steps"]) for e in final.values()) if final else None,
    )  # fmt: skip


def _sessions(events: Sequence[Event], pause: timedelta) -> list[list[Event]]:
    """The events of one user, cut where more time passed."""
    found: list[list[Event]] = []
    for event in events:
        if found and event.created_at - found[-1][-1].created_at <= pause:
            found[-1].append(event)
        else:
            found.append([event])
    return found


def _first_bar_s(session: Sequence[Event]) -> float | None:
    """Seconds until there was a bar of dance; None where there never was one."""
    accepted: dict[str, float] = defaultdict(float)
    for event in session:
        accepted[event.kind] += event.details.get("beats", 0.0)
        whole = sum(step[1] for step in event.details.get("steps", ()))
        if max(whole, accepted["accepted"]) >= BAR:
            return (event.created_at - session[0].created_at).total_seconds()
    return None


def _diversity(steps: Sequence[Sequence[Any]]) -> float:
    return len({step[0] for step in steps}) / len(steps)


def _hashable(steps: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(step) for step in steps]


def _event(row: Any) -> Event:
    return Event(row.id, row.user, row.variant, row.kind, row.about, row.composition, row.details, row.created_at)
