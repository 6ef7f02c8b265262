"""Search by pattern: videos in which moves are danced one after another."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from cluster import moves, patterns
from cluster.phrases import sideless
from dancecore.patterns import Match, read
from serve.ingress.models import Shape, example
from serve.ingress.moves import Creator, Limit, check_creator
from serve.ingress.pages import Cursor, decode, encode, moment, text
from serve.ingress.routing import Route
from serve.ingress.services import Me, Using
from serve.ingress.videos import VIDEO

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=Route)

MATCH: dict[str, Any] = {
    "start_ms": 1950, "end_ms": 5850,
    "steps": [
        {"move_id": "mv_floss", "mirror": False, "start_ms": 1950, "end_ms": 3900},
        {"move_id": "mv_dab", "mirror": True, "start_ms": 4875, "end_ms": 5850},
    ],
}  # fmt: skip


class MatchedStep(Shape):
    """The segment that is a step of the pattern."""

    move_id: str
    mirror: bool
    start_ms: int
    end_ms: int
    model_config = example(**MATCH["steps"][0])


class PatternMatch(Shape):
    """Where the pattern is danced, [start_ms, end_ms), and its steps one by one."""

    start_ms: int
    end_ms: int
    steps: list[MatchedStep]
    model_config = example(**MATCH)


class VideoWithPattern(Shape):
    """A video and every place in it where the pattern is danced, in order of time, not overlapping."""

    video_id: str
    filename: str
    created_at: datetime
    matches: list[PatternMatch]
    model_config = example(
        video_id=VIDEO, filename="party.mp4", created_at="2026-06-30T12:00:00Z", matches=[MATCH],
    )  # fmt: skip


class VideosWithPattern(Shape):
    """Videos, the newest first. Each page looks through `pattern_videos` of configs/serve.yaml: it may have fewer than
    were asked for, or none, and another one after it. uncounted: videos of this page that were left out because their
    music has no beats to count by. remarks: what was read other than it was written."""

    items: list[VideoWithPattern]
    next_cursor: str | None
    uncounted: int
    remarks: list[str]
    model_config = example(
        items=[{"video_id": VIDEO, "filename": "party.mp4", "created_at": "2026-06-30T12:00:00Z", "matches": [MATCH]}],
        next_cursor=None, uncounted=0, remarks=["'flos' was read as mv_floss"],
    )  # fmt: skip


@router.get("/patterns")
def search_patterns(
    user: Me, using: Using, limit: Limit,
    q: Annotated[str, Query(min_length=1, max_length=1000, description="`mv_floss then mv_dab within 8 counts`")],
    creator: Creator = None, cursor: Cursor = None,
) -> VideosWithPattern:  # fmt: skip
    """Videos in which moves are danced in an order: `floss then dab (mirrored) within 8 counts, no spin between`.

    Steps, by any name, are joined by `then`; after a step may be said how far it is at most from the end of the one
    before (`within 8 counts`, `2 bars`, `4 s`, `500 ms`) and what is not between them (`no spin or twist between`).
    Counts are beats of the clip's own music. A step may be `(mirrored)` or `(straight)`. Who is neither annotator nor
    admin finds their own videos.
    """
    check_creator(user, creator)
    pattern = read(q, moves.names(using.pool), sideless())
    whose = user.user_id if user.role == "user" else creator
    after: Any = decode(cursor, moment, text)
    most = using.settings.serve.pattern_videos
    found = patterns.search(using.pool, pattern, most=most, limit=limit, creator=whose, after=after)
    return VideosWithPattern(
        items=[_shape(each) for each in found.videos], uncounted=found.uncounted, remarks=list(pattern.remarks),
        next_cursor=encode(found.after[0].isoformat(), found.after[1]) if found.after else None,
    )  # fmt: skip


def _shape(video: patterns.FoundVideo) -> VideoWithPattern:
    return VideoWithPattern(
        video_id=video.video_id, filename=video.filename, created_at=video.created_at,
        matches=[_match(each) for each in video.matches],
    )  # fmt: skip


def _match(match: Match) -> PatternMatch:
    names = MatchedStep.model_fields
    steps = [MatchedStep(**{name: getattr(each, name) for name in names}) for each in match.steps]
    return PatternMatch(start_ms=steps[0].start_ms, end_ms=steps[-1].end_ms, steps=steps)
