"""Compositions and whose they are: written, changed, shared with whoever has the link, copied."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select, tuple_, update

from cluster.database import storable, transact
from cluster.ids import ulid
from cluster.tables import composition_steps, compositions, moves, taxonomy_versions
from dancecore.composer.composition import Composition
from dancecore.composer.steps import Step
from dancecore.errors import DanceError


@dataclass(frozen=True, slots=True)
class StoredComposition:
    """A composition as stored. plan: the event of the plan it began as. remix_of: what it was copied from, while that
    is there. The taxonomy's version is that of its moves now."""

    composition_id: str
    user_id: str
    written: Composition
    updated_at: datetime
    remix_of: str | None
    plan: str | None

    @property
    def tag(self) -> str:
        """An entity tag of all that can be changed (RFC 9110, section 8.8.3)."""
        dance = self.written
        said = repr((dance.title, dance.bpm, dance.steps, dance.moveset_version, self.updated_at))
        return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of a composition."""

    composition_id: str
    title: str
    bpm: float
    beats: float
    steps: int
    created_at: datetime
    updated_at: datetime


def create(
    pool: Engine, user: str, title: str, bpm: float, steps: Sequence[Step], plan: str | None = None,
    remix_of: str | None = None,
) -> StoredComposition:  # fmt: skip
    """Keep a dance. Raises DanceError: INVALID_INPUT as `Composition`, NOT_FOUND for moves that there are not."""
    name = ulid("cmp")

    def work(tx: Connection) -> StoredComposition:
        row = {"id": name, "user": user, "title": storable(title), "bpm": bpm, "plan": plan, "remix_of": remix_of}
        tx.execute(insert(compositions).values(row))
        _write_steps(tx, name, steps)
        return _find(tx, compositions.c.id == name, name)

    return transact(pool, work)


def find(pool: Engine, name: str) -> StoredComposition:
    """A composition by its id. Raises DanceError("NOT_FOUND")."""
    return transact(pool, lambda tx: _find(tx, compositions.c.id == storable(name), name))


def shared(pool: Engine, token: str) -> StoredComposition:
    """The composition that a link leads to. Raises DanceError("NOT_FOUND"), also for a link that was taken back."""
    return transact(pool, lambda tx: _find(tx, compositions.c.share_token == storable(token), token))


def of_user(pool: Engine, user: str, before: tuple[datetime, str] | None, limit: int) -> list[Listed]:
    """A user's compositions, the newest first, at most `limit`; those after the one that was made at, and has,
    `before`."""
    row, step = compositions.c, composition_steps.c
    query = (
        select(row.id.label("composition_id"), row.title, row.bpm, func.sum(step.duration_beats).label("beats"),
               func.count().label("steps"), row.created_at, row.updated_at)
        .join(composition_steps, step.composition == row.id)
        .where(row.user == user)
        .group_by(row.id)
    )  # fmt: skip
    if before is not None:
        query = query.where(tuple_(row.created_at, row.id) < before)
    query = query.order_by(row.created_at.desc(), row.id.desc()).limit(limit)
    return transact(pool, lambda tx: [Listed(**each) for each in tx.execute(query).mappings()])


def replace(
    pool: Engine, name: str, title: str, bpm: float, steps: Sequence[Step], check: Callable[[StoredComposition], None]
) -> StoredComposition:
    """Write a composition anew, if `check` does not raise at what is stored: nobody else changes it meanwhile.

    Raises DanceError as `create`, NOT_FOUND.
    """

    def work(tx: Connection) -> StoredComposition:
        check(_locked(tx, name))
        changed = {"title": storable(title), "bpm": bpm, "updated_at": func.now()}
        tx.execute(update(compositions).where(compositions.c.id == name).values(changed))
        tx.execute(delete(composition_steps).where(composition_steps.c.composition == name))
        _write_steps(tx, name, steps)
        return _find(tx, compositions.c.id == name, name)

    return transact(pool, work)


def remove(pool: Engine, name: str, check: Callable[[StoredComposition], None]) -> None:
    """Delete a composition, if `check` does not raise. Raises DanceError("NOT_FOUND")."""

    def work(tx: Connection) -> None:
        check(_locked(tx, name))
        tx.execute(delete(compositions).where(compositions.c.id == name))

    transact(pool, work)


def share(pool: Engine, name: str) -> str:
    """The token of a composition's link: the one it has, or a new one of 256 random bits."""
    token = func.coalesce(compositions.c.share_token, secrets.token_urlsafe(32))
    changed = update(compositions).where(compositions.c.id == name).values(share_token=token)
    return transact(pool, lambda tx: tx.scalars(changed.returning(compositions.c.share_token)).one())


def shared_as(pool: Engine, name: str) -> str:
    """The token of a composition's link. Raises DanceError("NOT_FOUND") where it has none."""
    token = transact(pool, lambda tx: tx.scalar(select(compositions.c.share_token).where(compositions.c.id == name)))
    if token is None:
        raise DanceError("NOT_FOUND", f"{name} is not shared")
    return token


def unshare(pool: Engine, name: str) -> None:
    """Make a composition's link worthless at once; the next one will be another."""
    changed = update(compositions).where(compositions.c.id == name).values(share_token=None)
    transact(pool, lambda tx: tx.execute(changed))


def _locked(tx: Connection, name: str) -> StoredComposition:
    tx.execute(select(compositions.c.id).where(compositions.c.id == name).with_for_update())
    return _find(tx, compositions.c.id == name, name)


def _find(tx: Connection, where: ColumnElement[bool], name: str) -> StoredComposition:
    row = tx.execute(select(compositions).where(where)).mappings().one_or_none()
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no {name!r}")
    step = composition_steps.c
    query = (
        select(step.move, step.duration_beats, step.mirror, step.notes, taxonomy_versions.c.semver)
        .join(moves, moves.c.id == step.move)
        .join(taxonomy_versions, taxonomy_versions.c.id == moves.c.taxonomy_version)
        .where(step.composition == row["id"])
        .order_by(step.order_idx)
    )
    rows = tx.execute(query).all()
    steps = tuple(Step(each.move, each.duration_beats, each.mirror, each.notes) for each in rows)
    version = max(each.semver for each in rows)
    written = Composition(row["title"], row["bpm"], steps, version, row["created_at"].replace(microsecond=0))
    return StoredComposition(row["id"], row["user"], written, row["updated_at"], row["remix_of"], row["plan"])


def _write_steps(tx: Connection, name: str, steps: Sequence[Step]) -> None:
    wanted = {step.move_id for step in steps}
    known = set(tx.scalars(select(moves.c.id).where(moves.c.id.in_([storable(move) for move in wanted]))))
    if lacking := sorted(wanted - known):
        raise DanceError("NOT_FOUND", f"there is no move {', '.join(lacking)}", {"moves": lacking})
    rows = [
        {"composition": name, "order_idx": i, "move": step.move_id, "duration_beats": step.beats,
         "mirror": step.mirror, "notes": storable(step.notes)}
        for i, step in enumerate(steps)
    ]  # fmt: skip
    if not rows:
        raise DanceError("INVALID_INPUT", "a composition needs a step")
    tx.execute(insert(composition_steps), rows)
