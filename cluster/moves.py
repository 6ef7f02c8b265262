"""The moves of the taxonomy as they are looked up: one whole, those of a version, those of a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Engine, RowMapping, Select, cast, func, select
from sqlalchemy.exc import IntegrityError

from cluster.catalogue import MoveRow, put_taxonomy
from cluster.database import storable, transact
from cluster.tables import move_days, moves, taxonomy_versions, templates
from dancecore.composer.names import Names
from dancecore.errors import DanceError

OURS = "service"
"""`made_by` in the metadata of moves that were made over the API; of all others the taxonomy's files are the truth."""


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
class WholeMove:
    """A move with its templates (id, length_ms), the moves it commonly comes after, and its use by month."""

    move: CatalogueMove
    templates: tuple[tuple[str, int], ...]
    comes_after: tuple[str, ...]
    usage: tuple[Usage, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the taxonomy and how many moves belong to it."""

    semver: str
    notes: str
    created_at: datetime
    moves: int


def find(pool: Engine, move_id: str) -> WholeMove:
    """A move by its id. Raises DanceError("NOT_FOUND")."""
    return transact(pool, lambda tx: _find(tx, storable(move_id)))


def versions(pool: Engine) -> list[Version]:
    """The versions of the taxonomy, the newest first."""
    of = taxonomy_versions.c
    counted = select(func.count()).where(moves.c.taxonomy_version == of.id).scalar_subquery()
    query = select(of.semver, of.notes, of.created_at, counted.label("moves")).order_by(of.created_at.desc(), of.id)
    return transact(pool, lambda tx: [Version(**row) for row in tx.execute(query).mappings()])


def of_version(pool: Engine, semver: str, after: str, limit: int) -> list[CatalogueMove]:
    """The moves of a version whose ids come after one, by id. Raises DanceError("NOT_FOUND") for no such version."""
    query = select(moves).where(moves.c.taxonomy_version == storable(semver), moves.c.id > storable(after))

    def work(tx: Connection) -> list[CatalogueMove]:
        _check_version(tx, semver)
        return [_move(row) for row in tx.execute(query.order_by(moves.c.id).limit(limit)).mappings()]

    return transact(pool, work)


def names(pool: Engine) -> Names:
    """Every move by its names."""
    return Names(transact(pool, lambda tx: [_move(row) for row in tx.execute(select(moves)).mappings()]))


def search(
    pool: Engine, text: str, family: str | None, difficulty: int | None, least: float, limit: int
) -> list[tuple[CatalogueMove, float]]:
    """Moves whose name or an alias is written like `text`, the most alike first, with their likeness (`least`..1)."""
    likeness = _likeness(storable(text))
    query = select(moves, likeness.label("likeness")).where(likeness >= least)
    if family is not None:
        query = query.where(moves.c.family == storable(family))
    if difficulty is not None:
        query = query.where(moves.c.difficulty == difficulty)
    query = query.order_by(likeness.desc(), moves.c.id).limit(limit)
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
    )  # fmt: skip


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
