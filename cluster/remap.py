"""From one version of the taxonomy to another: every row that names a move, forth and back, in one transaction.

What was changed is kept in `taxonomy_remaps`, so that the way back restores it exactly. A dry run does all of it and
then rolls it back: its report is what would happen.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Subquery,
    Table,
    and_,
    any_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, distinct_on

from cluster.catalogue import MoveRow, put_taxonomy
from cluster.database import transact
from cluster.ids import ulid
from cluster.tables import (
    annotations,
    composition_steps,
    segments,
    taxonomy_migrations,
    taxonomy_remaps,
    taxonomy_versions,
    templates,
)  # fmt: skip
from dancecore.errors import DanceError

BATCH = 1000
"""Rows held in memory at a time."""

GUESSED = "move_guessed"
"""Quality flag of an annotation whose move was split and about which nothing is known: somebody should look."""

How = Literal["kept", "mapped", "nearest", "overlap", "guessed", "restored"]
"""Its move lives on; one new move to go to; the nearest by features; that of the segment it overlaps most; the first;
as it was before."""

Decide = Callable[[Connection, Row[Any], Sequence[str]], str | None]
"""Which of several new moves a row goes to; None when the row does not tell."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A version of the taxonomy as it is stored."""

    semver: str
    rows: list[MoveRow]
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Remapped:
    """So many `rows` of `table` went from one move to another; "*" stands for every move that lives on."""

    table: str
    old: str
    new: str
    how: How
    rows: int


@dataclass(frozen=True, slots=True)
class Deciders:
    """How rows of a split move are told apart: by the features of a segment, or of a template."""

    segment: Decide
    template: Decide


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table that names moves: its key as text, what of a row may change, who decides; `versioned` rows of other
    versions of the taxonomy stay."""

    table: Table
    key: ColumnElement[str]
    changing: tuple[str, ...]
    decide: Decide
    how: How
    versioned: bool


def remap(
    pool: Engine, old: Catalogue, new: Catalogue, mapping: Mapping[str, Sequence[str]], deciders: Deciders, *,
    dry_run: bool = False,
) -> list[Remapped]:  # fmt: skip
    """Bring every segment, annotation, template and composition from `old` to `new`; what was or would be done.

    mapping: the new moves of each old one that does not live on; of several a row takes what `deciders` say, else what
    the segment it overlaps most says, else the first. Rows that the opposite migration changed, and nobody since,
    become what they were. Raises DanceError("NOT_FOUND") when `old` was never stored.
    """
    report: list[Remapped] = []

    def work(connection: Connection) -> None:
        report[:] = _migrate(connection, old, new, mapping, deciders)
        if dry_run:
            raise _Undo

    with suppress(_Undo):
        transact(pool, work)
    return report


class _Undo(Exception):
    """Rolls a dry run back."""


def _migrate(
    tx: Connection, old: Catalogue, new: Catalogue, mapping: Mapping[str, Sequence[str]], deciders: Deciders
) -> list[Remapped]:
    if tx.scalar(select(taxonomy_versions.c.id).where(taxonomy_versions.c.id == old.semver)) is None:
        raise DanceError("NOT_FOUND", f"nothing is stored at version {old.semver} of the taxonomy")
    put_taxonomy(tx, new.semver, new.rows, new.notes)
    here = _begin(tx, old.semver, new.semver)
    counts: Counter[tuple[str, str, str, How]] = Counter()
    for kind in _kinds(deciders):
        for change in _changes(tx, kind, here, old.semver, mapping):
            _apply(tx, kind, here, change, new.semver)
            moved = (each for each in change if each.was["move"] != each.became["move"])
            counts.update((kind.table.name, each.was["move"], each.became["move"], each.how) for each in moved)
        if kind.versioned:
            at = kind.table.c.taxonomy_version
            kept = tx.execute(update(kind.table).where(at == old.semver).values(taxonomy_version=new.semver))
            counts[kind.table.name, "*", "*", "kept"] = kept.rowcount
    return [Remapped(*key, rows) for key, rows in sorted(counts.items())]


def _begin(tx: Connection, old: str, new: str) -> str:
    """The row of this migration. It undoes all opposite ones that hold: the same one may have been run repeatedly."""
    here, made = ulid("txm"), taxonomy_migrations
    tx.execute(insert(made).values(id=here, old=old, new=new))
    opposite = and_(made.c.old == new, made.c.new == old, made.c.undone_by.is_(None))
    tx.execute(update(made).where(opposite).values(undone_by=here))
    return here


def _kinds(deciders: Deciders) -> tuple[_Kind, ...]:
    """Segments first: annotations ask them."""
    step = composition_steps.c
    return (
        _Kind(segments, segments.c.id, ("move", "alternatives"), deciders.segment, "nearest", versioned=True),
        _Kind(templates, templates.c.id, ("move",), deciders.template, "nearest", versioned=True),
        _Kind(annotations, annotations.c.id, ("move", "quality_flags"), _overlapping, "overlap", versioned=False),
        _Kind(composition_steps, func.concat(step.composition, "/", step.order_idx), ("move",), _nothing_tells,
              "guessed", versioned=False),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Change:
    row_id: str
    was: dict[str, Any]
    became: dict[str, Any]
    how: How


def _changes(
    tx: Connection, kind: _Kind, here: str, old: str, mapping: Mapping[str, Sequence[str]]
) -> Iterator[list[_Change]]:
    """What becomes of the rows of one table, in batches."""
    last = ""
    while rows := tx.execute(_affected(kind, here, old, list(mapping), last)).all():
        last = rows[-1].key_
        yield [change for row in rows if (change := _change(tx, kind, row, mapping)) is not None]


def _affected(kind: _Kind, here: str, old: str, gone: list[str], last: str) -> Any:
    """Rows that name a move that is gone, or that a migration changed which this one undoes, after the key `last`."""
    table, remaps = kind.table, _undone(kind, here)
    query = select(table, kind.key.label("key_"), remaps.c.was.label("was_"), remaps.c.became.label("became_"))
    named = table.c.move == any_(literal(gone, ARRAY(TEXT)))
    if "alternatives" in kind.changing:
        item = func.jsonb_array_elements(table.c.alternatives).table_valued("value").lateral()
        mentioned = func.jsonb_extract_path_text(item.c.value, "move_id") == any_(literal(gone, ARRAY(TEXT)))
        named = or_(named, exists(select(1).select_from(item).where(mentioned)))
    wanted = [or_(named, remaps.c.row_id.is_not(None)), kind.key > last]
    if kind.versioned:
        wanted.append(table.c.taxonomy_version == old)
    return query.outerjoin(remaps, remaps.c.row_id == kind.key).where(*wanted).order_by(kind.key).limit(BATCH)


def _undone(kind: _Kind, here: str) -> Subquery:
    """Of each row that migrations changed which this one undoes, the newest change."""
    journal, made = taxonomy_remaps.c, taxonomy_migrations.c
    return (
        select(journal.row_id, journal.was, journal.became)
        .join(taxonomy_migrations, made.id == journal.migration)
        .where(made.undone_by == here, journal.in_table == kind.table.name)
        .ext(distinct_on(journal.row_id))
        .order_by(journal.row_id, made.id.desc())
        .subquery()
    )


def _change(tx: Connection, kind: _Kind, row: Row[Any], mapping: Mapping[str, Sequence[str]]) -> _Change | None:
    was = {name: getattr(row, name) for name in kind.changing}
    if row.was_ is not None and row.became_ == was:
        return _Change(row.key_, was, row.was_, "restored")
    became: dict[str, Any] = dict(was)
    how: How = "mapped"
    targets = mapping.get(was["move"], ())
    if targets:
        chosen = targets[0] if len(targets) == 1 else kind.decide(tx, row, targets)
        how = "mapped" if len(targets) == 1 else kind.how if chosen else "guessed"
        became["move"] = chosen or targets[0]
    if how == "guessed" and "quality_flags" in was:
        became["quality_flags"] = sorted({*was["quality_flags"], GUESSED})
    if "alternatives" in was:
        became["alternatives"] = _renamed(was["alternatives"], mapping, became["move"])
    return None if became == was else _Change(row.key_, was, became, how)


def _renamed(
    alternatives: list[dict[str, Any]], mapping: Mapping[str, Sequence[str]], move: str | None
) -> list[dict[str, Any]]:
    """Alternatives by their new names, those that became one added up, without the move itself."""
    total: dict[str, float] = {}
    for each in alternatives:
        name = mapping.get(each["move_id"], (each["move_id"],))[0]
        if name != move:
            total[name] = total.get(name, 0.0) + each["confidence"]
    ranked = sorted(total.items(), key=lambda item: -item[1])
    return [{"move_id": name, "confidence": min(share, 1.0)} for name, share in ranked]


def _overlapping(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
    """The move, of these, of the segments that overlap an annotation most."""
    overlap = func.least(segments.c.end_ms, row.end_ms) - func.greatest(segments.c.start_ms, row.start_ms)
    query = (
        select(segments.c.move)
        .where(segments.c.video == row.video, segments.c.move == any_(literal(list(targets), ARRAY(TEXT))), overlap > 0)
        .group_by(segments.c.move)
        .order_by(func.sum(overlap).desc(), segments.c.move)
        .limit(1)
    )
    found: str | None = tx.scalar(query)
    return found


def _nothing_tells(tx: Connection, row: Row[Any], targets: Sequence[str]) -> str | None:
    """A step of a composition has no picture."""
    return None


def _apply(tx: Connection, kind: _Kind, migration: str, changes: list[_Change], version: str) -> None:
    """Write the changes, and what undoes them."""
    if not changes:
        return
    journal = [
        {"migration": migration, "in_table": kind.table.name, "row_id": each.row_id, "was": each.was,
         "became": each.became}
        for each in changes
    ]  # fmt: skip
    tx.execute(insert(taxonomy_remaps), journal)
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in kind.changing}
    if kind.versioned:
        values["taxonomy_version"] = bindparam("new_version")
    rows = [
        {"of": each.row_id, "new_version": version, **{f"new_{name}": each.became[name] for name in kind.changing}}
        for each in changes
    ]
    tx.execute(update(kind.table).where(kind.key == bindparam("of")).values(values), rows)
