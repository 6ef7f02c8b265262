"""The move index, the moves one by one, and the versions of the taxonomy."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field, JsonValue, field_validator

from cluster import keys, moves
from cluster.accounts import User
from cluster.catalogue import MoveRow
from cluster.move_index import MoveUse, move_index
from cluster.moves import CatalogueMove, Danced, Wanted
from cluster.phrases import in_use, phrase_json
from dancecore.errors import DanceError
from serve.ingress.models import Name, Shape, example
from serve.ingress.pages import Cursor, Page, decode, encode, moment, page_size, text
from serve.ingress.routing import Route
from serve.ingress.services import Me, Using

router = APIRouter(prefix="/v1", tags=["moves"], route_class=Route)

Limit = Annotated[int, Depends(page_size)]
Family = Annotated[str | None, Query(max_length=100, description="Only moves of this family.")]
Level = Annotated[
    str | None, Query(pattern=r"^[1-5](\.\.[1-5])?$", description="Only moves this difficult: 2, or 1..3.")
]


async def _difficulty(difficulty: Level = None) -> tuple[int, int] | None:
    return None if difficulty is None else moves.levels(difficulty)


Difficulty = Annotated[tuple[int, int] | None, Depends(_difficulty)]
Creator = Annotated[str | None, Query(max_length=50, description="Only in the videos of this user.")]
Dances = Annotated[str | None, Query(max_length=50, description="Only moves that this user dances.")]
Tempo = Annotated[float | None, Query(gt=0, le=1000, description="Only moves for music of so many beats a minute.")]
DAB: dict[str, Any] = {
    "move_id": "mv_dab", "taxonomy": "tx-0.1", "name": "Dab", "family": "poses and hits", "aliases": ["the dab"],
    "difficulty": 1, "metadata": {"beats": 4, "energy": 2},
}  # fmt: skip


class IndexedMove(Shape):
    """A row of the move index. uses: segments of this move; share: of all uses; total_ms: their length together; trend:
    share of the last 30 days less that of the 30 before, null where either has no uses."""

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
    model_config = example(
        rank=1, move_id="mv_dab", name="Dab", family="poses and hits", uses=42, clips=17, share=0.21, total_ms=61200,
        first_seen="2026-06-30T12:00:00Z", trend=None,
    )  # fmt: skip


class Move(Shape):
    """A move of the taxonomy, difficulty 1 to 5."""

    move_id: str
    taxonomy: str
    name: str
    family: str
    aliases: list[str]
    difficulty: int
    metadata: dict[str, JsonValue]
    model_config = example(**DAB)


class Template(Shape):
    """What is compared with: a performance of the move."""

    template_id: str
    length_ms: int
    model_config = example(template_id="mv_dab_front", length_ms=2400)


class Transitions(Shape):
    """Moves that commonly come before and after, by the taxonomy."""

    before: list[str]
    after: list[str]
    model_config = example(before=["mv_whip"], after=["mv_floss", "mv_nae_nae"])


class Neighbour(Shape):
    """A move that people dance right before or after another one: how often, and in how many dances."""

    move_id: str
    count: int
    dances: int
    model_config = example(move_id="mv_whip", count=31, dances=12)


class DancedTransitions(Shape):
    """Moves that people dance right before and after, the most common first; empty until `danceapp choreograph` ran."""

    before: list[Neighbour]
    after: list[Neighbour]
    model_config = example(before=[{"move_id": "mv_whip", "count": 31, "dances": 12}], after=[])


class MonthOfUse(Shape):
    """Uses in clips that came in during a month, which begins at `month`."""

    month: datetime
    uses: int
    clips: int
    model_config = example(month="2026-06-01T00:00:00Z", uses=42, clips=17)


class MoveDetail(Move):
    """A move with all that belongs to it. exemplars: addresses of videos in which people dance it. animation: the
    address of its motion, frame by frame; null: it has none, as moves that were taught by example."""

    templates: list[Template]
    exemplars: list[str]
    animation: str | None
    transitions: Transitions
    danced: DancedTransitions
    usage: list[MonthOfUse]
    model_config = example(
        **DAB, templates=[{"template_id": "mv_dab_front", "length_ms": 2400}],
        exemplars=["/v1/moves/mv_dab/exemplars/ex_000011"], animation="/v1/moves/mv_dab/animation", usage=[],
        danced={"before": [{"move_id": "mv_whip", "count": 31, "dances": 12}], "after": []},
        transitions={"before": ["mv_whip"], "after": ["mv_floss"]},
    )  # fmt: skip


class TaxonomyVersion(Shape):
    """A version of the taxonomy and how many moves belong to it."""

    semver: str
    notes: str
    created_at: datetime
    moves: int
    model_config = example(semver="tx-0.1", notes="Solo social dance", created_at="2026-06-30T12:00:00Z", moves=80)


class NewMove(Shape):
    """A move that labels may use. It is found in clips once it has a motion in the files of the taxonomy, or exemplars.
    The same `move_id` again changes it."""

    move_id: Annotated[str, Field(pattern=r"^mv_[a-z0-9_]{1,60}$")]
    name: Name
    family: Name
    difficulty: Annotated[int, Field(ge=1, le=5)]
    aliases: list[Name] = Field(default_factory=list, max_length=20)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    model_config = example(move_id="mv_worm", name="Worm", family="floor-near", difficulty=4, aliases=["the worm"])

    @field_validator("metadata")
    @classmethod
    def _storable(cls, metadata: dict[str, Any]) -> dict[str, Any]:
        said = json.dumps(metadata, ensure_ascii=False, allow_nan=False)
        if "\\u0000" in said:
            raise ValueError("the database holds no NUL")
        said.encode()  # nor half a character
        return metadata


@router.get("/moves")
def index(
    user: Me, using: Using, limit: Limit, family: Family = None, since: datetime | None = None,
    creator: Creator = None, difficulty: Difficulty = None, cursor: Cursor = None,
) -> Page[IndexedMove]:  # fmt: skip
    """**The move index**: the moves in use, most used first; of clips that came in since a time, of a family, a
    difficulty, a creator. Who is not an annotator may ask for no other creator than themselves."""
    check_creator(user, creator)
    after = decode(cursor, int, int, moment, text)
    found = move_index(using.pool, family, since, creator, difficulty)
    rows = found if after is None else [each for each in found if _place(*_key(each)) > _place(*after)]
    more = None
    if len(rows) > limit:
        uses, clips, first_seen, move_id = _key(rows[limit - 1])
        more = encode(uses, clips, first_seen.isoformat(), move_id)
    return Page(items=[_indexed(each) for each in rows[:limit]], next_cursor=more)


@router.get("/moves/{move_id}")
def show(move_id: str, using: Using) -> MoveDetail:
    """A move: templates, exemplars, the moves around it, its use over time."""
    whole = moves.find(using.pool, move_id)
    stored = using.store.keys(f"moves/{whole.move.move_id}/exemplars/")
    names = [key.rpartition("/")[2].removesuffix(".mp4") for key in stored if key.endswith(".mp4")]
    return MoveDetail(
        **shape(whole.move).model_dump(), exemplars=[f"/v1/moves/{move_id}/exemplars/{name}" for name in names],
        templates=[Template(template_id=name, length_ms=length) for name, length in whole.templates],
        transitions=Transitions(
            before=list(whole.comes_after), after=list(whole.move.metadata.get("transitions", ()))
        ),
        animation=f"/v1/moves/{move_id}/animation" if move_id in in_use().moves else None,
        danced=DancedTransitions(before=_neighbours(whole.before), after=_neighbours(whole.after)),
        usage=[MonthOfUse(month=each.month, uses=each.uses, clips=each.clips) for each in whole.usage],
    )  # fmt: skip


@router.get("/moves/{move_id}/exemplars/{exemplar_id}", responses={200: {"content": {"video/mp4": {}}}},
            response_class=Response)  # fmt: skip
def exemplar(move_id: str, exemplar_id: str, using: Using) -> Response:
    """A video in which somebody dances the move."""
    return Response(using.store.get(keys.exemplar(move_id, exemplar_id)), media_type="video/mp4")


@router.get("/moves/{move_id}/animation", responses={200: {"content": {"application/json": {}}}},
            response_class=Response)  # fmt: skip
def animation(
    move_id: str, using: Using, mirror: bool = False,
    bpm: Annotated[float | None, Query(ge=30, le=300, description="Default: the middle of its tempi.")] = None,
) -> Response:  # fmt: skip
    """One phrase of a move as `preview.v1`: `frames`, so many a second (`fps`), each the x, y, z of 33 `joints` in
    millimetres, x to the dancer's left, y up, z to the front; `bones` are pairs of joints."""
    said = phrase_json(move_id, mirror, bpm, using.settings)
    return Response(said, media_type="application/json")


@router.get("/taxonomy/versions")
def versions(using: Using) -> Page[TaxonomyVersion]:
    """The versions of the taxonomy, the newest first, in one page."""
    found = moves.versions(using.pool)
    items = [TaxonomyVersion(semver=v.semver, notes=v.notes, created_at=v.created_at, moves=v.moves) for v in found]
    return Page(items=items, next_cursor=None)


Semver = Annotated[str, Path(max_length=50)]


@router.get("/taxonomy/{semver}/moves")
def catalogue(
    semver: Semver, user: Me, using: Using, limit: Limit, family: Family = None, difficulty: Difficulty = None,
    tempo: Tempo = None, creator: Dances = None, cursor: Cursor = None,
) -> Page[Move]:  # fmt: skip
    """The moves of a version, by id."""
    check_creator(user, creator)
    (after,) = decode(cursor, text) or ("",)
    wanted = Wanted(family, difficulty, tempo, creator)
    found = moves.of_version(using.pool, semver, after, limit + 1, wanted)
    more = encode(found[limit - 1].move_id) if len(found) > limit else None
    return Page(items=[shape(each) for each in found[:limit]], next_cursor=more)


@router.post("/taxonomy/{semver}/moves", status_code=201)
def put(semver: Semver, new: NewMove, using: Using) -> Move:
    """Make a move, or change one that was made so. Moves of the taxonomy's files are changed there."""
    row = MoveRow(new.move_id, new.name, new.family, new.difficulty, tuple(new.aliases), dict(new.metadata))
    return shape(moves.put(using.pool, semver, row))


def check_creator(user: User, creator: str | None) -> None:
    """Raise DanceError("FORBIDDEN") when somebody asks for what another user dances and may not."""
    if user.role == "user" and creator not in (None, user.user_id):
        raise DanceError("FORBIDDEN", "what another user dances is for annotator and admin to see")


def shape(move: CatalogueMove) -> Move:
    """A move as the API shows it."""
    return Move(
        move_id=move.move_id, taxonomy=move.taxonomy, name=move.name, family=move.family, aliases=list(move.aliases),
        difficulty=move.difficulty, metadata=move.metadata,
    )  # fmt: skip


def _key(use: MoveUse) -> tuple[int, int, datetime, str]:
    """What the index is in the order of. A page begins after the key of the last move before, not after its rank: when
    another is danced meanwhile, a move is neither left out nor listed twice."""
    return use.uses, use.clips, use.first_seen, use.move_id


def _place(uses: int, clips: int, first_seen: datetime, move_id: str) -> tuple[int, int, datetime, str]:
    return -uses, -clips, first_seen, move_id


def _neighbours(found: Sequence[Danced]) -> list[Neighbour]:
    return [Neighbour(move_id=each.move_id, count=each.count, dances=each.dances) for each in found]


def _indexed(use: MoveUse) -> IndexedMove:
    return IndexedMove(**{name: getattr(use, name) for name in IndexedMove.model_fields})
