"""Compositions: written, changed, shared by a link, copied, watched."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from cluster import compositions, experiment, keys
from cluster.compositions import StoredComposition
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from serve.ingress.composer import EVENT, MOST_STEPS, Beats, Bpm
from serve.ingress.models import Name, Shape, example
from serve.ingress.pages import Cursor, Page, decode, encode, moment, page_size, text
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1", tags=["compositions"], route_class=Route)

COMPOSITION = "cmp_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
TOKEN = "kq3Jt0uYkq9mQyV6mZ0m5b8cJ1nT4hW2sR7xP3aLdEo"  # noqa: S105 (an example)
STEPS: list[dict[str, Any]] = [
    {"order_idx": 0, "move_id": "mv_floss", "duration_beats": 4, "mirror": False, "notes": ""}
]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
IfMatch = Annotated[str | None, Header(max_length=1000, description="The ETag of the state that is to be changed.")]


class CompositionStep(Shape):
    """A step: `order_idx` counts from 0. Mirrored it is danced to the other side."""

    order_idx: Annotated[int, Field(ge=0, lt=MOST_STEPS)]
    move_id: Name
    duration_beats: Beats
    mirror: bool = False
    notes: Text = ""
    model_config = example(**STEPS[0])


class NewComposition(Shape):
    """A dance. `plan_id`: the plan that it was made of."""

    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    bpm: Bpm
    steps: Annotated[list[CompositionStep], Field(min_length=1, max_length=MOST_STEPS)]
    plan_id: str | None = None
    model_config = example(title="My dance", bpm=112, steps=STEPS, plan_id=EVENT)

    def danced(self) -> list[Step]:
        """The steps in order. Raises DanceError("INVALID_INPUT") unless they are numbered 0, 1, 2, ..."""
        ordered = sorted(self.steps, key=lambda step: step.order_idx)
        if [step.order_idx for step in ordered] != list(range(len(ordered))):
            raise DanceError("INVALID_INPUT", "the steps are numbered 0, 1, 2, ... by `order_idx`, each once")
        return [Step(each.move_id, each.duration_beats, each.mirror, each.notes) for each in ordered]


class SharedComposition(Shape):
    """A dance as others see it. bars: those that are begun, of four beats each. moveset_version: of its moves."""

    title: str
    bpm: float
    bars: int
    steps: list[CompositionStep]
    moveset_version: str
    model_config = example(title="My dance", bpm=112, bars=1, steps=STEPS, moveset_version="tx-0.1")


class Composition(SharedComposition):
    """A dance of yours. remix_of: the composition that it was copied from."""

    composition_id: str
    remix_of: str | None
    created_at: datetime
    updated_at: datetime
    model_config = example(
        composition_id=COMPOSITION, title="My dance", bpm=112, bars=1, steps=STEPS, moveset_version="tx-0.1",
        remix_of=COMPOSITION, created_at="2026-06-30T12:00:00Z", updated_at="2026-06-30T12:00:00Z",
    )  # fmt: skip


class ListedComposition(Shape):
    """What a list says of a dance."""

    composition_id: str
    title: str
    bpm: float
    beats: float
    steps: int
    created_at: datetime
    updated_at: datetime
    model_config = example(
        composition_id=COMPOSITION, title="My dance", bpm=112, beats=32, steps=8, created_at="2026-06-30T12:00:00Z",
        updated_at="2026-06-30T12:00:00Z",
    )  # fmt: skip


class Link(Shape):
    """Whoever has this address sees the dance, signed in or not, until it is taken back."""

    url: str
    token: str
    model_config = example(url=f"http://127.0.0.1:8000/v1/shared/{TOKEN}", token=TOKEN)


FRAMES: dict[str, Any] = {
    "type": "object",
    "description": "preview.v1: each frame holds x (to the dancer's left), y (up) and z (to the front) of every joint "
    "in millimetres, `fps` frames a second; `bones` are pairs of `joints`",
    "required": ["schema", "title", "bpm", "fps", "steps", "joints", "bones", "frames"],
    "properties": {
        "schema": {"const": "preview.v1"}, "title": {"type": "string"}, "bpm": {"type": "number"},
        "fps": {"type": "integer"}, "steps": {"type": "array", "items": {"type": "object"}},
        "joints": {"type": "array", "items": {"type": "string"}},
        "bones": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        "frames": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    },
}  # fmt: skip
PREVIEW: dict[str, Any] = {"response_class": Response,
                           "responses": {200: {"content": {"application/json": {"schema": FRAMES}}}}}  # fmt: skip


@router.post("/compositions", status_code=201)
def create(new: NewComposition, user: Me, using: Using, response: Response) -> Composition:
    """Keep a dance. Its ETag, which comes with it, is what a change must name."""
    if new.plan_id is not None and experiment.find(using.pool, new.plan_id).user_id != user.user_id:
        raise DanceError("NOT_FOUND", f"there is no {new.plan_id!r}")
    made = compositions.create(using.pool, user.user_id, new.title, new.bpm, new.danced(), new.plan_id)
    _told(using, user.user_id, "saved", made)
    return _tagged(made, response)


@router.get("/compositions")
def list_compositions(
    user: Me, using: Using, limit: Annotated[int, Depends(page_size)], cursor: Cursor = None
) -> Page[ListedComposition]:
    """Your dances, the newest first."""
    before: Any = decode(cursor, moment, text)
    found = compositions.of_user(using.pool, user.user_id, before, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    items = [
        ListedComposition(**{name: getattr(each, name) for name in ListedComposition.model_fields})
        for each in found[:limit]
    ]
    return Page(items=items, next_cursor=encode(last.created_at.isoformat(), last.composition_id) if last else None)


@router.get("/compositions/{composition_id}")
def show(composition_id: str, using: Using, response: Response) -> Composition:
    """A dance, with its ETag."""
    return _tagged(compositions.find(using.pool, composition_id), response)


@router.put("/compositions/{composition_id}")
def replace(
    composition_id: str, new: NewComposition, user: Me, using: Using, response: Response, if_match: IfMatch = None
) -> Composition:
    """Write a dance anew. `If-Match` names the state that is changed, so that nobody overwrites what they never saw:
    412 when it is not that any more, 428 without it. What plan it was made of stays as it was."""
    if if_match is None:
        raise DanceError("IF_MATCH_MISSING", "say by If-Match which ETag you have read")
    changed = compositions.replace(
        using.pool, composition_id, new.title, new.bpm, new.danced(), lambda stored: _check(stored, if_match)
    )
    _told(using, user.user_id, "edited", changed)
    return _tagged(changed, response)


@router.delete("/compositions/{composition_id}", status_code=204)
def delete(composition_id: str, using: Using, if_match: IfMatch = None) -> None:
    """Delete a dance with its files; with `If-Match` only in that state."""
    compositions.remove(using.pool, composition_id, lambda stored: _check(stored, if_match))
    for key in using.store.keys(keys.of_composition(composition_id)):
        using.store.delete(key)


@router.get("/compositions/{composition_id}/preview", **PREVIEW)
async def preview(composition_id: str, using: Using) -> Response:
    """The dance as frames of 33 joints, for a browser to draw."""
    return await _frames(await run_in_threadpool(compositions.find, using.pool, composition_id), using)


@router.post("/compositions/{composition_id}/remix", status_code=201)
def remix(composition_id: str, user: Me, using: Using, response: Response) -> Composition:
    """A copy of a dance, yours to change."""
    return _copied(compositions.find(using.pool, composition_id), user.user_id, using, response)


@router.post("/compositions/{composition_id}/share")
def share(composition_id: str, using: Using, request: Request) -> Link:
    """A link to a dance: the one it has, or a new one."""
    return _link(compositions.share(using.pool, composition_id), request)


@router.get("/compositions/{composition_id}/share")
def shared_as(composition_id: str, using: Using, request: Request) -> Link:
    """The link that a dance is shared by."""
    return _link(compositions.shared_as(using.pool, composition_id), request)


@router.delete("/compositions/{composition_id}/share", status_code=204)
def unshare(composition_id: str, using: Using) -> None:
    """Take the link back: it leads nowhere at once, and a later one is another."""
    compositions.unshare(using.pool, composition_id)


@router.get("/shared/{token}")
def shared_composition(token: str, using: Using) -> SharedComposition:
    """A dance that somebody shared."""
    return SharedComposition(**_facts(compositions.shared(using.pool, token)))


@router.get("/shared/{token}/preview", **PREVIEW)
async def shared_preview(token: str, using: Using) -> Response:
    """A dance that somebody shared, as frames for a browser to draw."""
    return await _frames(await run_in_threadpool(compositions.shared, using.pool, token), using)


@router.post("/shared/{token}/remix", status_code=201)
def remix_shared(token: str, user: Me, using: Using, response: Response) -> Composition:
    """A copy of a dance that somebody shared, yours to change."""
    return _copied(compositions.shared(using.pool, token), user.user_id, using, response)


def _copied(of: StoredComposition, user: str, using: Services, response: Response) -> Composition:
    written = of.written
    made = compositions.create(using.pool, user, written.title, written.bpm, written.steps, remix_of=of.composition_id)
    _told(using, user, "saved", made)
    return _tagged(made, response)


async def _frames(of: StoredComposition, using: Services) -> Response:
    return Response(await using.composing.preview(of.written), media_type="application/json")


def _told(using: Services, user: str, kind: str, of: StoredComposition) -> None:
    details = {"steps": experiment.packed(of.written.steps)}
    experiment.record(
        using.pool, user, using.settings.experiment, kind, about=of.plan, composition=of.composition_id,
        details=details,
    )  # fmt: skip


def _check(stored: StoredComposition, if_match: str | None) -> None:
    """Raise DanceError("CHANGED_MEANWHILE") unless it is what was read (RFC 9110, section 13.1.1)."""
    wanted = {tag.strip() for tag in (if_match or "*").split(",")}
    if not wanted & {"*", stored.tag}:
        raise DanceError("CHANGED_MEANWHILE", "it was changed since you read it", {"etag": stored.tag})


def _tagged(stored: StoredComposition, response: Response) -> Composition:
    response.headers["ETag"] = stored.tag
    return Composition(
        **_facts(stored), composition_id=stored.composition_id, remix_of=stored.remix_of,
        created_at=stored.written.created_at, updated_at=stored.updated_at,
    )  # fmt: skip


def _facts(stored: StoredComposition) -> dict[str, Any]:
    made = stored.written
    steps = [
        CompositionStep(order_idx=i, move_id=s.move_id, duration_beats=s.beats, mirror=s.mirror, notes=s.notes)
        for i, s in enumerate(made.steps)
    ]
    return {"title": made.title, "bpm": made.bpm, "bars": made.bars, "steps": steps,
            "moveset_version": made.moveset_version}  # fmt: skip


def _link(token: str, request: Request) -> Link:
    return Link(url=str(request.url_for("shared_composition", token=token)), token=token)
