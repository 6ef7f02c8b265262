"""Search by similarity: segments in which what is danced looks like another segment, or like a performance."""

from typing import Annotated

from fastapi import APIRouter, Query, UploadFile
from fastapi.concurrency import run_in_threadpool

from cluster.index import Embeddings
from cluster.similar import SimilarSegment, embedding_of, similar_segments
from dancecore.errors import DanceError
from serve.infer import Inferred
from serve.ingress.infer import inferred
from serve.ingress.models import Shape, example
from serve.ingress.moves import Creator, Limit, check_creator
from serve.ingress.pages import Page
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using
from serve.ingress.videos import SEGMENT, VIDEO

router = APIRouter(prefix="/v1", tags=["search"], route_class=Route)


class Part(Shape):
    """A part of the performance that was asked about, and what is danced there."""

    start_ms: int
    end_ms: int
    move_id: str
    model_config = example(start_ms=0, end_ms=1950, move_id="mv_floss")


class Similar(Shape):
    """A segment like the one that was asked about. similarity: the cosine of their embeddings, -1..1. like: the part of
    the performance it is most like; null where a segment was asked about."""

    segment_id: str
    video_id: str
    filename: str
    start_ms: int
    end_ms: int
    move_id: str
    similarity: float
    like: Part | None
    model_config = example(
        segment_id=SEGMENT, video_id=VIDEO, filename="party.mp4", start_ms=0, end_ms=1950, move_id="mv_floss",
        similarity=0.94, like=None,
    )  # fmt: skip


@router.get("/segments/{segment_id}/similar")
def like_segment(segment_id: str, user: Me, using: Using, limit: Limit, creator: Creator = None) -> Page[Similar]:
    """Segments in which what is danced looks like a segment, whatever it was named: the `limit` most alike, and no page
    after them. Only what the same model looked at is compared. Who is neither annotator nor admin finds their own."""
    check_creator(user, creator)
    like, whose = embedding_of(using.pool, segment_id), user.user_id if user.role == "user" else creator
    found = similar_segments(using.pool, like, limit + 1, whose)
    others = [_shape(each, None) for each in found if each.segment_id != segment_id]
    return Page(items=others[:limit], next_cursor=None)


@router.post("/search/similar")
async def like_performance(
    file: UploadFile, user: Me, using: Using, limit: Limit, creator: Annotated[str | None, Query(max_length=50)] = None
) -> Page[Similar]:
    """Segments in which what is danced looks like a part of a short performance, of which nothing is kept: the `limit`
    most alike, and no page after them. It is refused where `POST /v1/infer` would refuse it. Who is neither annotator
    nor admin finds their own."""
    check_creator(user, creator)
    whose = user.user_id if user.role == "user" else creator
    seen = await inferred(file, using)
    return Page(items=await run_in_threadpool(_like_any, seen, using, limit, whose), next_cursor=None)


def _like_any(seen: Inferred, using: Services, limit: int, creator: str | None) -> list[Similar]:
    """What is most like any part of a performance."""
    if seen.embeddings is None:
        raise DanceError("NOT_FOUND", "no trained classifier serves, and by what it says similar segments are found")
    best: dict[str, Similar] = {}
    for part, vector in zip(seen.segments["segments"], seen.embeddings.vectors, strict=True):
        if not vector.any():
            continue
        like = Part(start_ms=part["start_ms"], end_ms=part["end_ms"], move_id=part["move_id"])
        for each in similar_segments(using.pool, Embeddings(seen.embeddings.version, vector[None]), limit, creator):
            if each.segment_id not in best or each.similarity > best[each.segment_id].similarity:
                best[each.segment_id] = _shape(each, like)
    return sorted(best.values(), key=lambda each: (-each.similarity, each.segment_id))[:limit]


def _shape(found: SimilarSegment, like: Part | None) -> Similar:
    names = [name for name in Similar.model_fields if name != "like"]
    return Similar(**{name: getattr(found, name) for name in names}, like=like)
