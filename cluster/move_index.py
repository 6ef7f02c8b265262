"""What is asked of the index: the moves, most used first; the clips that hold a move; the segments of a clip.

Clips that their owner deleted count nowhere. "Other" segments, which no known move explains, are no uses.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    Row,
    RowMapping,
    Select,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)  # fmt: skip

from cluster.database import storable, transact
from cluster.settings import settings
from cluster.tables import analysis_jobs, move_days, moves, segments, video_moves, videos
from dancecore.errors import DanceError
from dancecore.types import OTHER, Versions

Sort = Literal["frequency", "recency"]


@dataclass(frozen=True, slots=True)
class MoveUse:
    """One row of the move index.

    uses: segments of this move; clips: clips with at least one; total_ms: their length together; first_seen: when the
    first of those clips came in (UTC); rank: 1 is the most used (then: in more clips, seen earlier, by id).
    share: of all uses in the clips considered (`since`, `creator`), whatever family and difficulty are listed.
    trend: share of the uses in clips that came in during the last `trend_days`, less that in the `trend_days` before,
    -1..1; None when either window holds no uses at all. Windows are whole days, UTC; `since` does not move them.
    """

    rank: int
    move_id: str
    name: str
    family: str
    uses: int
    clips: int
    share: float
    total_ms: int
    first_seen: datetime
    trend: float | None


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as stored: `move_id` is OTHER and `name` "other" when no known move explains it."""

    segment_id: str
    start_ms: int
    end_ms: int
    move_id: str
    name: str
    confidence: float
    mirror: bool
    alternatives: tuple[tuple[str, float], ...]
    versions: Versions


@dataclass(frozen=True, slots=True)
class ClipSegments:
    """A clip and its segments in order. `state` and `reason` are those of its newest analysis."""

    video_id: str
    filename: str
    duration_ms: int | None
    state: str | None
    reason: str | None
    segments: tuple[StoredSegment, ...]


@dataclass(frozen=True, slots=True)
class VideoWithMove:
    """A clip that holds a move: how often, how long in all, and where it first appears."""

    video_id: str
    filename: str
    uses: int
    total_ms: int
    first_start_ms: int
    created_at: datetime


def move_index(
    pool: Engine, family: str | None = None, since: datetime | None = None, creator: str | None = None,
    difficulty: tuple[int, int] | None = None, now: datetime | None = None,
) -> list[MoveUse]:  # fmt: skip
    """The moves in use, most used first.

    Of one `family`, a `difficulty` from, to, or one `creator` (a user's id), in clips that came in at or after `since`,
    in UTC unless it says otherwise. `now` (default: the present) ends the windows that `trend` compares. Raises
    DanceError("INVALID_INPUT") for a time at the end of all times.
    """
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    days = timedelta(days=settings().database.trend_days)
    since = since and _day_begun(since)
    query = _move_index(_or_none(family), since, _or_none(creator), difficulty, today, days)
    return transact(pool, lambda connection: [MoveUse(**row) for row in connection.execute(query).mappings()])


def _day_begun(since: datetime) -> datetime:
    """A time, in UTC, whose day has a next one."""
    try:
        begun = (since if since.tzinfo else since.replace(tzinfo=UTC)).astimezone(UTC)
        begun.date() + timedelta(days=1)
    except OverflowError as error:
        raise DanceError("INVALID_INPUT", f"no clip can have come in since {since}") from error
    return begun


@lru_cache(maxsize=256)
def _move_index(
    family: str | None, since: datetime | None, creator: str | None, difficulty: tuple[int, int] | None, today: date,
    days: timedelta,
) -> Select[Any]:  # fmt: skip
    """Counts by move, then shares, then the rows listed. Kept, because putting it together takes as long as asking."""
    counts = _counts(since, creator, today, days).cte("counts")
    shares = _shares(counts).cte("shares")
    return _listed(shares, family, difficulty)


def _counts(since: datetime | None, creator: str | None, today: date, days: timedelta) -> Select[Any]:
    """One row a move: what is counted of it, and its uses in the newer and the older window of the trend."""
    rows = (_by_day(since) if creator is None else _by_clip(since, creator)).subquery("rows")
    newer = and_(rows.c.day > today - days, rows.c.day <= today)
    older = and_(rows.c.day > today - 2 * days, rows.c.day <= today - days)
    counts = (
        select(
            rows.c.move_id,
            *(_total(rows.c[name], rows.c.counted).label(name) for name in ("uses", "clips", "total_ms")),
            func.min(rows.c.came).filter(rows.c.counted).label("came"),
            func.coalesce(_total(rows.c.uses, newer), 0).label("newer"),
            func.coalesce(_total(rows.c.uses, older), 0).label("older"),
        )
        .group_by(rows.c.move_id)
        .subquery("summed")
    )
    clips = video_moves.c  # one probe of an index for each move
    first = select(func.min(clips.created_at)).where(clips.move == counts.c.move_id)
    first = first if since is None else first.where(clips.created_at >= since)
    return select(counts, func.coalesce(counts.c.came, first.scalar_subquery()).label("first_seen"))


def _by_clip(since: datetime | None, creator: str) -> Select[Any]:
    """What a creator dances, a row for each move in each clip. counted: came in `since`; came, day: when it did."""
    clips = video_moves.c
    day = cast(func.timezone("UTC", clips.created_at), Date)
    counted = true() if since is None else clips.created_at >= since
    row = _row(clips.move, day, clips.created_at, clips.uses, literal(1), clips.total_ms, counted)
    return row.where(clips.owner == creator)


def _by_day(since: datetime | None) -> Select[Any] | CompoundSelect[Any]:
    """What everybody dances, by day, which is far fewer rows. Of the day in which `since` falls, clip by clip, only
    what comes after it is counted."""
    of, clips = move_days.c, video_moves.c
    if since is None:
        return _row(of.move, of.day, null(), of.uses, of.clips, of.total_ms, true())
    whole = datetime.combine(since.date() + timedelta(days=1), datetime.min.time(), UTC)
    part = _row(clips.move, null(), null(), clips.uses, literal(1), clips.total_ms, true())
    late = clips.move == moves.c.id, clips.created_at >= since, clips.created_at < whole
    return union_all(
        _row(of.move, of.day, null(), of.uses, of.clips, of.total_ms, of.day >= whole.date()),
        part.select_from(moves).join(video_moves, and_(*late)),  # by move: so the index of times is of use
    )


def _row(move: Any, day: Any, came: Any, uses: Any, clips: Any, total_ms: Any, counted: Any) -> Select[Any]:
    return select(
        move.label("move_id"), cast(day, Date).label("day"), cast(came, DateTime(timezone=True)).label("came"),
        uses.label("uses"), clips.label("clips"), total_ms.label("total_ms"), counted.label("counted"),
    )  # fmt: skip


def _shares(counts: Any) -> Select[Any]:
    """Shares are taken over all moves, before any is left out of the list."""
    newer, older = _share(counts.c.newer), _share(counts.c.older)
    return select(
        *(counts.c[name] for name in ("move_id", "uses", "clips", "total_ms", "first_seen")),
        _share(counts.c.uses).label("share"),
        (newer - older).label("trend"),  # NULL when a window is empty
    )


def _total(count: ColumnElement[int], which: ColumnElement[bool]) -> ColumnElement[int]:
    """Of these rows; a sum of big integers would be a decimal number."""
    return cast(func.sum(count).filter(which), BigInteger)


def _share(count: ColumnElement[int]) -> ColumnElement[Any]:
    return cast(count, Double) / func.nullif(func.sum(count).over(), 0)


def _listed(shares: Any, family: str | None, difficulty: tuple[int, int] | None) -> Select[Any]:
    by_name = shares.c.move_id.collate("C")  # as Python compares, whatever the database's language
    order = (shares.c.uses.desc(), shares.c.clips.desc(), shares.c.first_seen, by_name)
    query = (
        select(
            func.row_number().over(order_by=order).label("rank"),
            *(shares.c[name] for name in ("move_id", "uses", "clips", "share", "total_ms", "first_seen", "trend")),
            moves.c.name, moves.c.family,
        )
        .join(moves, moves.c.id == shares.c.move_id)
        .where(shares.c.uses > 0)
        .order_by(*order)
    )  # fmt: skip
    query = query.where(moves.c.family == family) if family is not None else query
    return query.where(moves.c.difficulty.between(*difficulty)) if difficulty is not None else query


def fold_days(pool: Engine) -> None:
    """Put the rows of `move_days` together that later rows were added to. What they add up to stays the same."""
    transact(pool, lambda tx: tx.execute(select(func.fold_move_days())))


def clip_segments(pool: Engine, clip: str) -> ClipSegments:
    """The segments of a clip, named by its id or its file name.

    Raises DanceError("NOT_FOUND"), or DanceError("INVALID_INPUT") when several clips have this file name.
    """
    return transact(pool, lambda connection: _clip_segments(connection, clip))


def _clip_segments(connection: Connection, clip: str) -> ClipSegments:
    video = _find(connection, storable(clip))
    newest = (
        select(analysis_jobs.c.state, analysis_jobs.c.reason)
        .where(analysis_jobs.c.video == video.id)
        .order_by(analysis_jobs.c.log[-1]["ts_ms"].desc(), analysis_jobs.c.id)
        .limit(1)
    )
    job = connection.execute(newest).one_or_none()
    rows = connection.execute(_segments_of(video.id)).mappings()
    return ClipSegments(
        video.id, video.filename, video.duration_ms,
        job.state if job else None, job.reason if job else None, tuple(_stored(row) for row in rows),
    )  # fmt: skip


def move_names(pool: Engine) -> dict[str, str]:
    """The name of every move that is stored, by its id."""
    query = select(moves.c.id, moves.c.name)
    return transact(pool, lambda connection: {row.id: row.name for row in connection.execute(query)})


def _segments_of(video: str) -> Select[Any]:
    return (
        select(segments, moves.c.name)
        .outerjoin(moves, moves.c.id == segments.c.move)
        .where(segments.c.video == video)
        .order_by(segments.c.start_ms, segments.c.end_ms)
    )


def _find(connection: Connection, clip: str) -> Row[*tuple[Any, ...]]:
    query = select(videos.c.id, videos.c.filename, videos.c.duration_ms).where(
        or_(videos.c.id == clip, videos.c.filename == clip), videos.c.deleted_at.is_(None)
    )
    found = connection.execute(query.order_by(videos.c.id)).all()
    found = [row for row in found if row.id == clip] or found  # whatever others call their files
    if not found:
        raise DanceError("NOT_FOUND", f"no clip {clip!r} is stored; `danceapp index` stores clips")
    if len(found) > 1:
        ids = [row.id for row in found]
        said = f"{len(ids)} clips are named {clip!r}: say which by its id, {', '.join(ids)}"
        raise DanceError("INVALID_INPUT", said, {"ids": ids})
    return found[0]


def _stored(row: RowMapping) -> StoredSegment:
    return StoredSegment(
        segment_id=row["id"],
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        move_id=row["move"] or OTHER,
        name=row["name"] or OTHER,
        confidence=row["confidence"],
        mirror=row["mirror"],
        alternatives=tuple((other["move_id"], other["confidence"]) for other in row["alternatives"]),
        versions=Versions(row["pose_version"], row["feature_version"], row["model_version"], row["taxonomy_version"]),
    )


def videos_with_move(
    pool: Engine, move_id: str, sort: Sort = "frequency", *, limit: int, creator: str | None = None,
    after: tuple[int, datetime, str] | None = None,
) -> list[VideoWithMove]:  # fmt: skip
    """The clips that hold a move: most uses first ("frequency") or newest first ("recency"); at most `limit`, those
    that come after the clip with these uses, time and id."""
    query = _videos_with_move(storable(move_id), sort, _or_none(creator), after).limit(limit)
    return transact(pool, lambda connection: [VideoWithMove(**row) for row in connection.execute(query).mappings()])


def _videos_with_move(
    move_id: str, sort: Sort, creator: str | None, after: tuple[int, datetime, str] | None
) -> Select[Any]:
    of = video_moves.c
    order = ((of.uses,) if sort == "frequency" else ()) + (of.created_at, of.video)
    query = (
        select(of.video.label("video_id"), videos.c.filename, of.uses, of.total_ms, of.first_start_ms, of.created_at)
        .join(videos, videos.c.id == of.video)
        .where(of.move == move_id)
        .order_by(*(each.desc() for each in order))
    )
    if after is not None:
        query = query.where(tuple_(*order) < after[-len(order) :])
    return query.where(of.owner == creator) if creator is not None else query


def _or_none(filter_: str | None) -> str | None:
    return None if filter_ is None else storable(filter_)
