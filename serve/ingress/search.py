"""Search: moves by what they are called, videos by what is danced in them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from cluster import moves
from cluster.move_index import videos_with_move
from cluster.moves import Wanted
from serve.ingress.models import Shape, example
from serve.ingress.moves import DAB, Creator, Dances, Difficulty, Family, Limit, Move, Tempo, check_creator, shape
from serve.ingress.pages import Cursor, Page, decode, encode, moment, position, text
from serve.ingress.routing import Route
from serve.ingress.services import Me, Using
from serve.ingress.videos import VIDEO

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=Route)


class FoundMove(Shape):
    """A move and how much its name, or an alias, is written like what was asked for, 0..1; 1 where nothing was."""

    move: Move
    likeness: float
    model_config = example(move=DAB, likeness=0.57)


class FoundVideo(Shape):
    """A video that holds a move: how often, how long in all, and where it first begins."""

    video_id: str
    filename: str
    uses: int
    total_ms: int
    first_start_ms: int
    created_at: datetime
    model_config = example(
        video_id=VIDEO, filename="party.mp4", uses=3, total_ms=5700, first_start_ms=1950,
        created_at="2026-06-30T12:00:00Z",
    )  # fmt: skip


@router.get("/moves")
def search_moves(
    user: Me, using: Using, limit: Limit,
    q: Annotated[str | None, Query(min_length=1, max_length=100, description="A name, about.")] = None,
    family: Family = None, difficulty: Difficulty = None, tempo: Tempo = None, creator: Dances = None,
    cursor: Cursor = None,
) -> Page[FoundMove]:  # fmt: skip
    """Moves that are called like this, typing errors forgiven, the most alike first; without a name, all, by id."""
    check_creator(user, creator)
    least = using.settings.serve.search_likeness
    (skip,) = decode(cursor, position) or (0,)
    found = moves.search(using.pool, q, Wanted(family, difficulty, tempo, creator), least, limit + 1, skip)
    items = [FoundMove(move=shape(move), likeness=likeness) for move, likeness in found[:limit]]
    return Page(items=items, next_cursor=encode(skip + limit) if len(found) > limit else None)


@router.get("/videos")
def search_videos(
    user: Me, using: Using, limit: Limit, move_id: Annotated[str, Query(max_length=100)],
    sort: Literal["frequency", "recency"] = "frequency", creator: Creator = None, cursor: Cursor = None,
) -> Page[FoundVideo]:  # fmt: skip
    """Videos in which a move is danced, where it is danced most or the newest first. Who is neither annotator nor
    admin finds their own."""
    check_creator(user, creator)
    whose = user.user_id if user.role == "user" else creator
    after = decode(cursor, position, moment, text)
    found = videos_with_move(using.pool, move_id, sort, limit=limit + 1, creator=whose, after=after)
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = encode(last.uses, last.created_at.isoformat(), last.video_id)
    items = [FoundVideo(**{name: getattr(each, name) for name in FoundVideo.model_fields}) for each in found[:limit]]
    return Page(items=items, next_cursor=more)
