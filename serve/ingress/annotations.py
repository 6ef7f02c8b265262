"""What people see in videos, and who looks at it again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from cluster import annotations
from cluster.annotations import Action
from serve.ingress.models import Shape, example
from serve.ingress.pages import Cursor, Page, decode, encode, page_size, position, text
from serve.ingress.routing import Route
from serve.ingress.services import Me, Using
from serve.ingress.videos import VIDEO

router = APIRouter(prefix="/v1", tags=["annotations"], route_class=Route)

ANNOTATION = "ann_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
USER = "usr_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
Ms = Annotated[int, Field(ge=0, le=2**31 - 1)]


class NewAnnotation(Shape):
    """A move in [start_ms, end_ms) of a video: of a segment's span, it says that the segment is another move, or, with
    the `move_id` `other`, none that is known. `mirror`: danced with the sides exchanged, if you can tell."""

    video_id: str
    start_ms: Ms
    end_ms: Ms
    move_id: str
    mirror: bool | None = None
    notes: Annotated[str, Field(max_length=2000)] = ""
    model_config = example(video_id=VIDEO, start_ms=0, end_ms=1950, move_id="mv_dab")


class Annotation(Shape):
    """What somebody sees in a video. PENDING until it is reviewed, then VERIFIED or REJECTED."""

    annotation_id: str
    video_id: str
    annotator: str | None
    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool | None
    notes: str
    status: str
    reviewed_by: str | None
    review_reason: str
    created_at: datetime
    model_config = example(
        annotation_id=ANNOTATION, video_id=VIDEO, annotator=USER, start_ms=0, end_ms=1950, move_id="mv_dab",
        mirror=None, notes="", status="PENDING", reviewed_by=None, review_reason="", created_at="2026-06-30T12:00:00Z",
    )  # fmt: skip


class Review(Shape):
    """What a reviewer says."""

    annotation_id: str
    action: Action
    reason: Annotated[str, Field(max_length=2000)] = ""
    model_config = example(annotation_id=ANNOTATION, action="reject", reason="it is a floss")


@router.post("/annotations", status_code=201)
def annotate(new: NewAnnotation, user: Me, using: Using) -> Annotation:
    """Say which move is danced, or that the one that was found is wrong."""
    made = annotations.create(
        using.pool, new.video_id, user.user_id, new.start_ms, new.end_ms, new.move_id, new.notes, new.mirror
    )
    return _shape(made)


@router.post("/annotations/review")
def review(said: Review, user: Me, using: Using) -> Annotation:
    """Approve or reject an annotation of somebody else."""
    return _shape(annotations.review(using.pool, said.annotation_id, user, said.action, said.reason))


@router.get("/videos/{video_id}/annotations")
def list_annotations(
    video_id: str, using: Using, limit: Annotated[int, Depends(page_size)], cursor: Cursor = None
) -> Page[Annotation]:
    """What people see in a video, in order of time."""
    after: Any = decode(cursor, position, text)
    found = annotations.of_video(using.pool, video_id, after, limit + 1)
    more = encode(found[limit - 1].start_ms, found[limit - 1].annotation_id) if len(found) > limit else None
    return Page(items=[_shape(each) for each in found[:limit]], next_cursor=more)


def _shape(stored: annotations.Annotation) -> Annotation:
    return Annotation(**{name: getattr(stored, name) for name in Annotation.model_fields})
