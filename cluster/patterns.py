"""Videos in which a pattern of moves is danced.

Videos that hold the pattern's rarest move are looked through, the newest first, a bounded number for each question: so
a pattern that nobody dances costs no more than another, and the cursor goes on where one question ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ARRAY, TEXT, Connection, Engine, Select, any_, func, literal, select, tuple_

from cluster.database import storable, transact
from cluster.tables import move_days, segments, video_moves, videos
from dancecore.patterns import Danced, Match, Pattern, find

BATCH = 250
"""Videos that are looked through at once."""

After = tuple[datetime, str]
"""When the last video that was looked through came in, and its id."""


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video that holds a pattern, and where, in order of time."""

    video_id: str
    filename: str
    created_at: datetime
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Videos, the newest first. after: where to go on; None: all were looked through. uncounted: how many of those that
    were looked through might hold the pattern, but have no music to count by."""

    videos: tuple[FoundVideo, ...]
    after: After | None
    uncounted: int


def search(
    pool: Engine, pattern: Pattern, *, most: int, limit: int, creator: str | None = None, after: After | None = None
) -> Found:
    """At most `limit` videos of a creator (None: of everybody) that hold a pattern, of the next `most` that may."""
    return transact(pool, lambda tx: _search(tx, pattern, most, limit, creator, after))


def _search(tx: Connection, pattern: Pattern, most: int, limit: int, creator: str | None, after: After | None) -> Found:
    found, uncounted, looked = list[tuple[Any, tuple[Match, ...]]](), 0, 0
    wanted = _rarest_first(tx, {step.move_id for step in pattern.steps})
    counts = any(link.beats is not None for link in pattern.links)
    while looked < most:
        size = min(BATCH, most - looked)
        rows = tx.execute(_candidates(wanted, creator, after, size)).all()
        dances = _dances(tx, [row.video for row in rows if row.holds], pattern)
        for row in rows:
            looked, after = looked + 1, (row.created_at, row.video)
            if not (dance := dances.get(row.video)):
                continue
            uncounted += counts and dance[0].start_beat is None
            if matches := find(pattern, dance):
                found.append((row, tuple(matches)))
            if len(found) == limit:
                return Found(_shown(tx, found), after, uncounted)
        if len(rows) < size:
            return Found(_shown(tx, found), None, uncounted)
    return Found(_shown(tx, found), after, uncounted)


def _shown(tx: Connection, found: Sequence[tuple[Any, tuple[Match, ...]]]) -> tuple[FoundVideo, ...]:
    query = select(videos.c.id, videos.c.filename).where(_one_of(videos.c.id, [row.video for row, _ in found]))
    names = {row.id: row.filename for row in tx.execute(query)} if found else {}
    return tuple(
        FoundVideo(row.video, names[row.video], row.created_at, matches) for row, matches in found if row.video in names
    )


def _rarest_first(tx: Connection, wanted: set[str]) -> list[str]:
    query = select(move_days.c.move, func.sum(move_days.c.clips)).where(_one_of(move_days.c.move, sorted(wanted)))
    uses = {row[0]: row[1] for row in tx.execute(query.group_by(move_days.c.move))}
    return sorted(wanted, key=lambda move: (uses.get(move, 0), move))


def _candidates(wanted: Sequence[str], creator: str | None, after: After | None, size: int) -> Select[Any]:
    """The next videos with the first of these moves; `holds`: with the others too."""
    of = video_moves.c
    query = select(of.video, of.created_at).where(of.move == wanted[0])
    query = query if creator is None else query.where(of.owner == storable(creator))
    query = query if after is None else query.where(tuple_(of.created_at, of.video) < after)
    first = query.order_by(of.created_at.desc(), of.video.desc()).limit(size).subquery("first")
    others = select(func.count()).where(of.video == first.c.video, _one_of(of.move, wanted[1:])).correlate(first)
    holds = (others.scalar_subquery() == len(wanted) - 1).label("holds")
    return select(first, holds).order_by(first.c.created_at.desc(), first.c.video.desc())


def _dances(tx: Connection, ids: Sequence[str], pattern: Pattern) -> dict[str, list[Danced]]:
    """What the pattern is about in each of these videos."""
    about = {step.move_id for step in pattern.steps} | {one.move_id for link in pattern.links for one in link.without}
    of = segments.c
    query = (
        select(of.video, of.move, of.mirror, of.start_ms, of.end_ms, of.start_beat, of.end_beat)
        .where(_one_of(of.move, sorted(about)), _one_of(of.video, ids))
        .order_by(of.video, of.start_ms)
    )
    rows = tx.execute(query).all() if ids else []
    return {video: [Danced(*row[1:]) for row in of_video] for video, of_video in groupby(rows, lambda row: row[0])}


def _one_of(column: Any, values: Sequence[str]) -> Any:
    return column == any_(literal(list(values), ARRAY(TEXT)))
