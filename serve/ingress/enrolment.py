"""Moves taught by example: a span of an analysed video, which the next analysis knows again."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from cluster import enrolment
from cluster.layer import MOST_EXEMPLARS, OwnMove
from serve.ingress.annotations import Ms
from serve.ingress.models import Name, Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Services, Using
from serve.ingress.videos import VIDEO

router = APIRouter(prefix="/v1/moves", tags=["moves"], route_class=Route)


class NewExemplar(Shape):
    """A performance: [start_ms, end_ms) of a video that was analysed, such as a segment of it."""

    video_id: str
    start_ms: Ms
    end_ms: Ms
    model_config = example(video_id=VIDEO, start_ms=1950, end_ms=3900)


class TaughtMove(NewExemplar):
    """A name that no move has yet, and the first performance."""

    name: Name
    model_config = example(name="Big Stretch", video_id=VIDEO, start_ms=1950, end_ms=3900)


class EnrolledMove(Shape):
    """A move that was taught, and the names of its exemplars."""

    move_id: str
    name: str
    exemplars: Annotated[list[str], Field(min_length=1, max_length=MOST_EXEMPLARS)]
    model_config = example(move_id="mv_local_big_stretch", name="Big Stretch", exemplars=["ex_5f70bf18a0860070"])


@router.post("", status_code=201)
async def teach(new: TaughtMove, using: Using) -> EnrolledMove:
    """Teach a move by one performance; nothing is trained. Analyses that are asked for from now on know it, under a new
    version of the model. It is everybody's, so those teach who also review what others see."""
    return await _enrolled(new.name, new, using)


@router.post("/{move_id}/exemplars", status_code=201)
async def add_exemplar(move_id: str, new: NewExemplar, using: Using) -> EnrolledMove:
    """Add a performance to a move that was taught so; the same one again changes nothing. Up to five are taken."""
    return await _enrolled(await run_in_threadpool(enrolment.own_name, using.pool, move_id), new, using)


async def _enrolled(name: str, new: NewExemplar, using: Services) -> EnrolledMove:
    base = (await using.recognition.versions()).taxonomy
    own: OwnMove = await run_in_threadpool(
        enrolment.enrol_span, using.pool, using.store, using.settings, base, name, new.video_id, new.start_ms,
        new.end_ms,
    )  # fmt: skip
    return EnrolledMove(move_id=own.move_id, name=own.name, exemplars=list(own.exemplars))
