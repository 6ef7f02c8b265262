"""What the composer learned, in the database: dances, by corpus, and the counts that they add up to.

A corpus is the index (INDEX) or a file of dances under a name. A dance is counted once: again only when its mark, which
stands for all that it was made of, has changed; then what was counted before is taken out.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, any_, delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.database import transact
from cluster.tables import choreographies, choreography_graphs, move_stats, move_transitions
from dancecore.composer.counts import Counts
from dancecore.composer.profiles import Profile, lengths
from dancecore.composer.steps import Choreography, Heard
from dancecore.errors import DanceError

T = TypeVar("T")

INDEX = "index"
"""The corpus of analysed videos."""

ROWS = 5000
"""Rows in one statement: far fewer than PostgreSQL's 65 535 parameters allow."""


@dataclass(frozen=True, slots=True)
class Learned:
    """How many dances of a corpus were new, changed, gone, and as they were; `dances` are stored now."""

    corpus: str
    new: int
    changed: int
    gone: int
    same: int

    @property
    def dances(self) -> int:
        return self.new + self.changed + self.same


def marks(pool: Engine, corpus: str, only: Collection[str] | None = None) -> dict[str, str]:
    """The mark of each dance that is counted, by its id; with `only`, of these alone."""
    query = select(choreographies.c.id, choreographies.c.mark).where(choreographies.c.corpus == corpus)
    if only is not None:
        query = query.where(choreographies.c.id == any_(literal(list(only), ARRAY(TEXT))))
    return transact(pool, lambda tx: {row.id: row.mark for row in tx.execute(query)})


def mark_of(dance: Choreography) -> str:
    """A mark of the steps themselves."""
    return hashlib.sha256(repr(_packed(dance)).encode()).hexdigest()[:16]


def learn(
    pool: Engine, corpus: str, dances: Iterable[tuple[str, Choreography]], gone: Iterable[str] = (),
    profiles: Mapping[str, Profile] | None = None,
) -> Learned:  # fmt: skip
    """Count these dances, each with its mark, and take out those that are `gone`, by id, all in one transaction.

    `profiles` of moves lend `move_stats` their energy and tags. Raises DanceError("DATABASE_UNAVAILABLE").
    """
    fresh, old = {dance.id: (mark, dance) for mark, dance in dances}, set(gone)
    return transact(pool, lambda tx: _learn(tx, corpus, fresh, old, profiles or {}))


def counts_of(pool: Engine, corpus: str) -> Counts:
    """What a corpus adds up to. Raises DanceError("NOT_FOUND") where nothing was learned under this name."""
    found = learned(pool, corpus)
    if not found.moves:
        known = ", ".join(corpora(pool)) or "nothing was learned yet: danceapp choreograph"
        raise DanceError("NOT_FOUND", f"nothing was learned of {corpus!r}; there is: {known}", {"corpus": corpus})
    return found


def learned(pool: Engine, corpus: str) -> Counts:
    """What a corpus adds up to; of one that nothing was learned of, nothing."""
    return transact(pool, lambda tx: _counts(tx, corpus))


def graph_version(pool: Engine, corpus: str) -> int:
    """Another number whenever what was learned of a corpus has changed."""
    query = select(choreography_graphs.c.version).where(choreography_graphs.c.corpus == corpus)
    return transact(pool, lambda tx: tx.scalar(query)) or 0


def corpora(pool: Engine) -> dict[str, int]:
    """How many dances were learned, by corpus."""
    query = select(choreographies.c.corpus, func.count()).group_by(choreographies.c.corpus).order_by("corpus")
    return transact(pool, lambda tx: {row[0]: row[1] for row in tx.execute(query)})


def _learn(
    tx: Connection, corpus: str, fresh: Mapping[str, tuple[str, Choreography]], gone: set[str],
    profiles: Mapping[str, Profile],
) -> Learned:  # fmt: skip
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"choreographies {corpus}"))))  # one writer at a time
    stored = _stored(tx, corpus, [*fresh, *gone])
    change, new, changed = Counts(), 0, 0
    for name, (mark, dance) in fresh.items():
        before = stored.get(name)
        if before is not None and before[0] == mark:
            continue
        if before is not None:
            change.add(before[1], -1)
        change.add(dance)
        new, changed = new + (before is None), changed + (before is not None)
    left = [name for name in gone - set(fresh) if name in stored]
    for name in left:
        change.add(stored[name][1], -1)
    written = [name for name, (mark, _) in fresh.items() if name not in stored or stored[name][0] != mark]
    _replace(tx, corpus, [fresh[name] for name in written], left)
    _write_transitions(tx, corpus, change)
    _write_stats(tx, corpus, change, profiles)
    if written or left:
        made = upsert(choreography_graphs).values(corpus=corpus, version=1)
        one_more = {"version": choreography_graphs.c.version + 1}
        tx.execute(made.on_conflict_do_update(index_elements=["corpus"], set_=one_more))
    same = tx.execute(select(func.count()).where(choreographies.c.corpus == corpus)).scalar_one() - new - changed
    return Learned(corpus, new, changed, len(left), same)


def _stored(tx: Connection, corpus: str, names: Sequence[str]) -> dict[str, tuple[str, Choreography]]:
    found: dict[str, tuple[str, Choreography]] = {}
    for part in _parts(names):
        query = select(choreographies).where(choreographies.c.corpus == corpus, choreographies.c.id.in_(part))
        found |= {row.id: (row.mark, _unpacked(row.id, row.steps)) for row in tx.execute(query)}
    return found


def _replace(tx: Connection, corpus: str, written: Sequence[tuple[str, Choreography]], gone: Sequence[str]) -> None:
    names = [*gone, *(dance.id for _, dance in written)]
    for part in _parts(names):
        tx.execute(delete(choreographies).where(choreographies.c.corpus == corpus, choreographies.c.id.in_(part)))
    rows = [{"corpus": corpus, "id": dance.id, "mark": mark, "steps": _packed(dance)} for mark, dance in written]
    for some in _parts(rows):
        tx.execute(insert(choreographies), some)


def _write_transitions(tx: Connection, corpus: str, change: Counts) -> None:
    counted: Counter[tuple[str, ...]] = Counter()
    counted.update(change.pairs)
    counted.update(change.triples)
    for part in _parts(sorted(counted.keys() | change.spread.keys())):
        rows = [
            {"corpus": corpus, "prev2": None if len(key) == 2 else key[0], "prev": key[-2], "next": key[-1],
             "count": counted[key], "dances": change.spread[key]}
            for key in part
        ]  # fmt: skip
        made = upsert(move_transitions).values(rows)
        more = {name: move_transitions.c[name] + made.excluded[name] for name in ("count", "dances")}
        tx.execute(made.on_conflict_do_update(constraint="uq_move_transitions_corpus_prev2_prev_next", set_=more))
    tx.execute(delete(move_transitions).where(move_transitions.c.corpus == corpus, move_transitions.c.count == 0))


def _write_stats(tx: Connection, corpus: str, change: Counts, profiles: Mapping[str, Profile]) -> None:
    touched = sorted({*change.moves, *(move for move, _ in change.beats)})
    rows, spent = [], []
    for part in _parts(touched):
        query = select(move_stats).where(move_stats.c.corpus == corpus, move_stats.c.move.in_(part))
        before = {row.move: row for row in tx.execute(query)}
        for move in part:
            uses = change.moves[move] + (before[move].uses if move in before else 0)
            if uses:
                said = before[move].beats if move in before else {}
                rows.append(_stats(corpus, move, uses, said, change, profiles.get(move)))
            else:
                spent.append(move)
    for some in _parts(rows):
        made = upsert(move_stats).values(some)
        changed = {name: made.excluded[name] for name in some[0] if name not in ("corpus", "move")}
        tx.execute(made.on_conflict_do_update(index_elements=["corpus", "move"], set_=changed))
    if spent:
        tx.execute(delete(move_stats).where(move_stats.c.corpus == corpus, move_stats.c.move.in_(spent)))


def _stats(
    corpus: str, move: str, uses: int, said: Mapping[str, int], change: Counts, profile: Profile | None
) -> dict[str, Any]:
    beats = Counter({float(length): n for length, n in said.items()})
    for (of, length), n in change.beats.items():
        if of == move:
            beats[length] += n
    beats = +beats
    median, iqr = lengths(beats)
    known = profile is not None and profile.known
    return {
        "corpus": corpus, "move": move, "uses": uses, "beats": {f"{b:g}": n for b, n in sorted(beats.items())},
        "median_beats": median, "iqr_beats": iqr, "avg_energy": profile.energy if profile and known else None,
        "tags": [*profile.regions, profile.entry, profile.leave] if profile and known else [],
    }  # fmt: skip


def _counts(tx: Connection, corpus: str) -> Counts:
    counts = Counts()
    for row in tx.execute(
        select(move_stats.c.move, move_stats.c.uses, move_stats.c.beats).where(move_stats.c.corpus == corpus)
    ):
        counts.moves[row.move] = row.uses
        counts.beats.update({(row.move, float(beats)): n for beats, n in row.beats.items()})
    columns = (move_transitions.c[name] for name in ("prev2", "prev", "next", "count", "dances"))
    for prev2, prev, after, n, dances in tx.execute(select(*columns).where(move_transitions.c.corpus == corpus)):
        if prev2 is None:
            counts.pairs[prev, after], counts.spread[prev, after] = n, dances
        else:
            counts.triples[prev2, prev, after], counts.spread[prev2, prev, after] = n, dances
    return counts


def _packed(dance: Choreography) -> list[Any]:
    return [step and [step.move_id, step.beats, step.mirror] for step in dance.steps]


def _unpacked(name: str, steps: Sequence[Any]) -> Choreography:
    return Choreography(name, tuple(step and Heard(*step) for step in steps))


def _parts(rows: Iterable[T]) -> Iterator[list[T]]:
    """The rows, at most ROWS at a time."""
    left = iter(rows)
    while part := list(islice(left, ROWS)):
        yield part
