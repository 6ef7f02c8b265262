"""What takes a while of compositions: their files, and takes that are compared with them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from cluster import composition_jobs, compositions, experiment, keys
from cluster.accounts import User
from cluster.composition_jobs import CompositionJob, State
from dancecore.composer.composition import to_json
from dancecore.composer.exports.making import EVERY, FORMATS, checked
from dancecore.errors import DanceError
from serve.ingress.access import SHOWN, check_owner
from serve.ingress.compositions import COMPOSITION, Text
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using
from serve.ingress.videos import VIDEO

router = APIRouter(prefix="/v1", tags=["compositions"], route_class=Route)

EXPORT = "exp_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
COMPARISON = "cpr_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A"
FILE = f"http://127.0.0.1:8000/v1/exports/{EXPORT}/files/pdf?until=1782824400&signature=9f2c"
TYPES = {
    "json": "application/json", "csv": "text/csv", "pdf": "application/pdf", "mp4": "video/mp4",
    "body.mp4": "video/mp4", "preview.json": "application/json", "bvh": "text/plain", "edl": "text/plain",
    "fcpxml": "application/xml", "vtt": "text/vtt",
}  # fmt: skip

Format = Literal["json", "csv", "pdf", "mp4", "preview.json", "bvh", "edl", "fcpxml", "vtt", "body.mp4"]


class ExportAsked(Shape):
    """Which files, all but a video with a body by default; of videos: their speed, how often they show the dance, and
    whether as a mirror does; whom the sheet thanks."""

    formats: Annotated[list[Format], Field(min_length=1, max_length=len(EVERY))] = Field(
        default_factory=lambda: [name for name in get_args(Format) if name in FORMATS]
    )
    speed: Annotated[float, Field(ge=0.25, le=2)] = 1.0
    loops: Annotated[int, Field(ge=1, le=10)] = 1
    mirrored: bool = False
    credits: Text = ""
    model_config = example(formats=["pdf", "mp4"], speed=0.5)


class Export(Shape):
    """Files that are made: `done` of `formats` are there, each at its address for `link_minutes`; ask again for another
    address. All are removed at `expires_at`. reason, detail: why it FAILED."""

    export_id: str
    composition_id: str
    state: State
    reason: str | None
    detail: str | None
    formats: list[str]
    done: int
    expires_at: datetime
    url_json: str | None = None
    url_csv: str | None = None
    url_pdf: str | None = None
    url_mp4: str | None = None
    url_preview: str | None = None
    url_bvh: str | None = None
    url_edl: str | None = None
    url_fcpxml: str | None = None
    url_vtt: str | None = None
    url_body: str | None = None
    model_config = example(
        export_id=EXPORT, composition_id=COMPOSITION, state="RUNNING", reason=None, detail=None,
        formats=["pdf", "mp4"], done=1, expires_at="2026-07-01T12:00:00Z", url_pdf=FILE,
    )  # fmt: skip


class ComparisonAsked(Shape):
    """The video of a take. `mirror`: it was danced as in a mirror."""

    video_id: str
    mirror: bool = False
    model_config = example(video_id=VIDEO, mirror=True)


class CountFound(Shape):
    """A count, from 1: how late it is (null: the dancer is out of sight), how many degrees each limb is off, when it is
    in the dance and in the take, and what of that is too much."""

    count: int
    late_ms: float | None
    degrees: dict[str, float]
    model_s: float
    take_s: float
    off_time: bool
    off_shape: list[str]
    model_config = example(
        count=5, late_ms=121.0, degrees={"left_wrist": 12.5}, model_s=2.14, take_s=2.76, off_time=True, off_shape=[]
    )


class Compared(Shape):
    """offset_ms: by how much all of the take is later. timing, shape: the share, 0 to 1, of counts, and of limbs at
    counts, that are as they should be. turn_deg: from how far aside it was filmed."""

    counts: list[CountFound]
    offset_ms: float
    timing: float
    shape: float
    turn_deg: float
    model_config = example(counts=[], offset_ms=480.0, timing=0.88, shape=0.97, turn_deg=-12.0)


class ComparisonJob(Shape):
    """A take beside its composition; `result` when it is DONE."""

    comparison_id: str
    composition_id: str
    video_id: str
    state: State
    reason: str | None
    detail: str | None
    result: Compared | None
    model_config = example(
        comparison_id=COMPARISON, composition_id=COMPOSITION, video_id=VIDEO, state="QUEUED", reason=None, detail=None,
        result=None,
    )  # fmt: skip


@router.post("/compositions/{composition_id}/export", status_code=202)
def export(composition_id: str, asked: ExportAsked, user: Me, using: Using, request: Request) -> Export:
    """Have the files of a dance made, as it is now. Its last bar must be whole."""
    written, most = compositions.find(using.pool, composition_id).written, using.settings.serve.film_max_s
    if (seconds := written.seconds(written.beats) * asked.loops / asked.speed) > most:
        raise DanceError("TOO_LONG", f"a film may last {most:g} s, and this one would last {seconds:.0f}")
    wanted: dict[str, Any] = {
        "written": to_json(written), "formats": checked(written, list(asked.formats)),
        "how": asked.model_dump(exclude={"formats"}),
    }  # fmt: skip
    job = _asked(using, user, "export", composition_id, wanted)
    experiment.record(using.pool, user.user_id, using.settings.experiment, "exported", composition=composition_id)
    return _export(job, using, request)


@router.get("/exports/{export_id}")
def show_export(export_id: str, using: Using, request: Request) -> Export:
    """How far an export is, with an address for each of its files."""
    return _export(composition_jobs.find(using.pool, export_id), using, request)


@router.get("/exports/{export_id}/files/{name}", response_class=Response,
            responses={200: {"content": {kind: {} for kind in TYPES.values()}}})  # fmt: skip
def export_file(
    export_id: str, name: Format, until: Annotated[int, Query(ge=0, le=2**33)],
    signature: Annotated[str, Query(max_length=100)], using: Using,
) -> Response:  # fmt: skip
    """A file of an export, for whoever has its address, until its time is over."""
    good_until = datetime.fromtimestamp(until, UTC)
    job = composition_jobs.admit(using.pool, export_id, name, good_until, signature, datetime.now(UTC))
    data = using.store.get(keys.export(job.composition_id, job.job_id, name))
    headers = {"Content-Disposition": f'attachment; filename="dance.{name}"'}
    return Response(data, media_type=TYPES[name], headers=headers)


@router.post("/compositions/{composition_id}/compare", status_code=202)
def compare(composition_id: str, asked: ComparisonAsked, user: Me, using: Using) -> ComparisonJob:
    """Have a take compared with a dance: which counts come late, which limbs are elsewhere."""
    check_owner(using, SHOWN, user, asked.video_id)
    written = compositions.find(using.pool, composition_id).written
    wanted = {"written": to_json(written), "mirror": asked.mirror}
    return _comparison(_asked(using, user, "comparison", composition_id, wanted, asked.video_id))


@router.get("/comparisons/{comparison_id}")
def show_comparison(comparison_id: str, using: Using) -> ComparisonJob:
    """How far a comparison is, and what it found."""
    return _comparison(composition_jobs.find(using.pool, comparison_id))


def _asked(
    using: Services, user: User, kind: composition_jobs.Kind, composition: str, wanted: dict[str, Any],
    video: str | None = None,
) -> CompositionJob:  # fmt: skip
    numbers, now = using.settings.serve, datetime.now(UTC)
    keep, most = timedelta(hours=numbers.export_hours), numbers.exports_queued
    return composition_jobs.request(using.pool, kind, composition, wanted, now, keep, user.user_id, most, video)


def _export(job: CompositionJob, using: Services, request: Request) -> Export:
    until = min(datetime.now(UTC) + timedelta(minutes=using.settings.serve.link_minutes), job.expires_at)
    formats, urls = job.asked["formats"], {}
    for name in formats[: job.done]:
        address = request.url_for("export_file", export_id=job.job_id, name=name)
        signed = {"until": int(until.timestamp()), "signature": composition_jobs.sign(job, name, until)}
        urls[f"url_{name.split('.')[0]}"] = str(address.include_query_params(**signed))
    return Export(
        export_id=job.job_id, composition_id=job.composition_id, state=job.state,
        reason=job.reason, detail=job.detail, formats=formats, done=job.done, expires_at=job.expires_at, **urls,
    )  # fmt: skip


def _comparison(job: CompositionJob) -> ComparisonJob:
    assert job.video_id is not None  # the table holds it
    return ComparisonJob(
        comparison_id=job.job_id, composition_id=job.composition_id, video_id=job.video_id,
        state=job.state, reason=job.reason, detail=job.detail,
        result=None if job.result is None else Compared.model_validate(job.result),
    )  # fmt: skip
