"""The moves of the taxonomy as they are looked up: one whole, those of a version, those of a name."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    RowMapping,
    Select,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.exc import IntegrityError

from cluster.catalogue import MoveRow, put_taxonomy
from cluster.choreographies import INDEX
from cluster.database import storable, transact
from cluster.tables import move_days, move_transitions, moves, taxonomy_versions, templates, video_moves
from dancecore.composer.names import Names
from dancecore.composer.steps import START
from dancecore.errors import DanceError

OURS = "service"
"""`made_by` in the metadata of moves that were made over the API; of all others the taxonomy's files are the truth."""


AT_TEMPO = "$.bpm[0] <= $tempo && $.bpm[1] >= $tempo"
"""Of `metadata`, whose bpm are the slowest and the fastest; whatever else is there for them is no tempo."""

NEIGHBOURS = 10
"""Moves before and after another one that are listed."""


@dataclass(frozen=True, slots=True)
class CatalogueMove:
    """A move as listed. `metadata`: JSON values of the taxonomy, such as beats, energy, description."""

    move_id: str
    taxonomy: str
    name: str
    family: str
    aliases: tuple[str, ...]
    difficulty: int
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """Uses of a move in clips that came in during a month (its first day, UTC)."""

    month: datetime
    uses: int
    clips: int


@dataclass(frozen=True, slots=True)
class Danced:
    """A move that people dance right before or after another one, how often, and in how many dances."""

    move_id: str
    count: int
    dances: int


@dataclass(frozen=True, slots=True)
class WholeMove:
    """A move with its templates (id, length_ms), the moves it commonly comes after, and its use by month. before,
    after: what people dance next to it, most often first, as far as `danceapp choreograph` has counted."""

    move: CatalogueMove
    templates: tuple[tuple[str, int], ...]
    comes_after: tuple[str, ...]
    usage: tuple[Usage, ...]
    before: tuple[Danced, ...]
    after: tuple[Danced, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which moves are listed: of a family, of a difficulty from, to (`levels`), for music of a tempo (beats a minute),
    that a creator (a user's id) dances. None: whatever it is."""

    family: str | None = None
    difficulty: tuple[int, int] | None = None
    tempo: float | None = None
    creator: str | None = None

    def of(self, query: Select[Any]) -> Select[Any]:
        """A query over moves, with these only."""
        if self.family is not None:
            query = query.where(moves.c.family == storable(self.family))
        if self.difficulty is not None:
            query = query.where(moves.c.difficulty.between(*self.difficulty))
        if self.tempo is not None:
            given = func.jsonb_build_object("tempo", self.tempo)
            query = query.where(func.jsonb_path_match(moves.c.metadata, cast(AT_TEMPO, JSONPATH), given, true()))
        if self.creator is not None:
            danced = video_moves.c.move == moves.c.id, video_moves.c.owner == storable(self.creator)
            query = query.where(exists().where(*danced))
        return query


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the taxonomy and how many moves belong to it."""

    semver: str
    notes: str
    created_at: datetime
    moves: int


EVERY = Wanted()
LEVELS = re.compile(r"([1-5])(?:\.\.([1-5]))?")


def levels(said: str) -> tuple[int, int]:
    """The lowest and the highest difficulty of `2` or `1..3`. Raises DanceError("INVALID_INPUT")."""
    found = LEVELS.fullmatch(said)
    lowest, highest = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if lowest > highest:
        raise DanceError("INVALID_INPUT", f"a difficulty is 1 to 5, such as 2 or 1..3, not {said!r}")
    return lowest, highest


def find(pool: Engine, move_id: str) -> WholeMove:
    """A move by its id. Raises DanceError("NOT_FOUND")."""
    return transact(pool, lambda tx: _find(tx, storable(move_id)))


def versions(pool: Engine) -> list[Version]:
    """The versions of the taxonomy, the newest first."""
    of = taxonomy_versions.c
    counted = select(func.count()).where(moves.c.taxonomy_version == of.id).scalar_subquery()
    query = select(of.semver, of.notes, of.created_at, counted.label("moves")).order_by(of.created_at.desc(), of.id)
    return transact(pool, lambda tx: [Version(**row) for row in tx.execute(query).mappings()])


def of_version(pool: Engine, semver: str, after: str, limit: int, wanted: Wanted = EVERY) -> list[CatalogueMove]:
    """The moves of a version whose ids come after one, by id. Raises DanceError("NOT_FOUND") for no such version."""
    of = select(moves).where(moves.c.taxonomy_version == storable(semver), moves.c.id > storable(after))
    query = wanted.of(of)

    def work(tx: Connection) -> list[CatalogueMove]:
        _check_version(tx, semver)
        return [_move(row) for row in tx.execute(query.order_by(moves.c.id).limit(limit)).mappings()]

    return transact(pool, work)


def names(pool: Engine) -> Names:
    """Every move by its names."""
    return Names(transact(pool, lambda tx: [_move(row) for row in tx.execute(select(moves)).mappings()]))


def search(
    pool: Engine, text: str | None, wanted: Wanted, least: float, limit: int, skip: int = 0
) -> list[tuple[CatalogueMove, float]]:
    """Moves whose name or an alias is written like `text`, the most alike first, with their likeness (`least`..1); of
    no text, all, by id. At most `limit`, after the first `skip`."""
    likeness = literal(1.0) if text is None else _likeness(storable(text))
    query = wanted.of(select(moves, likeness.label("likeness")).where(likeness >= least))
    query = query.order_by(likeness.desc(), moves.c.id).limit(limit).offset(skip)
    return transact(pool, lambda tx: [(_move(row), row["likeness"]) for row in tx.execute(query).mappings()])


def put(pool: Engine, semver: str, row: MoveRow) -> CatalogueMove:
    """Make a move in a version of the taxonomy, or change one that was made so.

    Raises DanceError: NOT_FOUND for no such version; ALREADY_EXISTS for a name that is taken, or a move of the files.
    """
    try:
        return transact(pool, lambda tx: _put(tx, semver, row))
    except IntegrityError as error:
        raise DanceError("ALREADY_EXISTS", f"another move of {semver} is called {row.name!r}") from error


def _put(tx: Connection, semver: str, row: MoveRow) -> CatalogueMove:
    notes = _check_version(tx, semver)
    known = tx.scalar(select(moves.c.metadata).where(moves.c.id == row.move_id))
    if known is not None and known.get("made_by") != OURS:
        raise DanceError("ALREADY_EXISTS", f"{row.move_id} is kept in the files of the taxonomy: change it there")
    marked = MoveRow(
        row.move_id, row.name, row.family, row.difficulty, row.aliases, row.metadata | {"made_by": OURS}
    )  # fmt: skip
    put_taxonomy(tx, semver, [marked], notes)
    return _move(tx.execute(select(moves).where(moves.c.id == row.move_id)).mappings().one())


def _check_version(tx: Connection, semver: str) -> str:
    notes = tx.scalar(select(taxonomy_versions.c.notes).where(taxonomy_versions.c.semver == storable(semver)))
    if notes is None:
        raise DanceError("NOT_FOUND", f"there is no version {semver!r} of the taxonomy")
    return notes


def _find(tx: Connection, move_id: str) -> WholeMove:
    row = tx.execute(select(moves).where(moves.c.id == move_id)).mappings().one_or_none()
    if row is None:
        raise DanceError("NOT_FOUND", f"there is no move {move_id!r}")
    made = select(templates.c.id, templates.c.length_ms).where(templates.c.move == move_id).order_by(templates.c.id)
    before = select(moves.c.id).where(moves.c.metadata["transitions"].contains([move_id])).order_by(moves.c.id)
    return WholeMove(
        _move(row), tuple((each.id, each.length_ms) for each in tx.execute(made)), tuple(tx.scalars(before)),
        tuple(Usage(**each) for each in tx.execute(_usage(move_id)).mappings()),
        _danced(tx, move_transitions.c.next, move_id), _danced(tx, move_transitions.c.prev, move_id),
    )  # fmt: skip


def _danced(tx: Connection, this: Column[str], move_id: str) -> tuple[Danced, ...]:
    """What people dance on the other side of a transition whose one side is a move."""
    of = move_transitions.c
    other = of.prev if this is of.next else of.next
    query = (
        select(other.label("move_id"), of.count, of.dances)
        .where(of.corpus == INDEX, of.prev2.is_(None), this == move_id, other != START)
        .order_by(of.dances.desc(), of.count.desc(), other)
        .limit(NEIGHBOURS)
    )
    return tuple(Danced(**row) for row in tx.execute(query).mappings())


def _usage(move_id: str) -> Select[Any]:
    month = func.timezone("UTC", func.date_trunc("month", cast(move_days.c.day, DateTime))).label("month")
    uses, clips = func.sum(move_days.c.uses), func.sum(move_days.c.clips)
    query = select(month, uses.label("uses"), clips.label("clips")).where(move_days.c.move == move_id)
    return query.group_by(month).having(clips > 0).order_by(month)


def _likeness(text: str) -> ColumnElement[float]:
    """Of the best of name and aliases: how much of their trigrams are shared (pg_trgm), 0..1."""
    alias = func.unnest(moves.c.aliases).table_valued("alias").render_derived()
    of_aliases = select(func.max(func.similarity(alias.c.alias, text))).select_from(alias).scalar_subquery()
    best: ColumnElement[float] = func.greatest(func.similarity(moves.c.name, text), func.coalesce(of_aliases, 0.0))
    return best


def _move(row: RowMapping) -> CatalogueMove:
    return CatalogueMove(
        row["id"], row["taxonomy_version"], row["name"], row["family"], tuple(row["aliases"]), row["difficulty"],
        row["metadata"],
    )  # fmt: skip
