"""Videos: made of uploads, listed, looked at, deleted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from cluster import keys, tracing, uploads, videos
from cluster.ids import video_id
from cluster.move_index import StoredSegment, clip_segments
from cluster.settings import Settings
from cluster.uploads import Upload
from cluster.videos import StoredVideo
from dancecore.decoding.decode import band
from dancecore.errors import DanceError
from dancecore.media import probe
from dancecore.media.fingerprint import fingerprint
from dancecore.types import ClipInfo
from serve.ingress.keypoints import Keypoints, drawn
from serve.ingress.models import Shape, example
from serve.ingress.pages import Cursor, Page, decode, encode, moment, page_size, text
from serve.ingress.parts import joined
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using

router = APIRouter(prefix="/v1/videos", tags=["videos"], route_class=Route)

VIDEO = "vid_3WN7MVRTB9WYJ7KR3F5B8ZJ0C2"
SEGMENT = "seg_1T9PZ5RVW4JS8C1XK6E7MA2D3F"
JOB = "anl_7ZQ4N0C2J5M8X1V6B3K9D0F2G4"


class NewVideo(Shape):
    """`consent_version`: the terms that whoever is seen agreed to. What the clip itself says of its frame rate and size
    counts; it need not be told."""

    upload_id: str
    source: Literal["user", "partner"]
    consent_version: Annotated[str, Field(min_length=1, max_length=50)]
    fps: Annotated[float, Field(gt=0)] | None = None
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    model_config = example(upload_id="upl_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", source="user", consent_version="2026-06")


class VideoMade(Shape):
    """The same file gives the same id. duplicate_of: another video of yours that shows nearly the same, such as before
    it was encoded anew, cropped a little, or mirrored."""

    video_id: str
    duplicate_of: str | None
    model_config = example(video_id=VIDEO, duplicate_of=None)


class AnalysisStatus(Shape):
    """Where the newest analysis is. `reason`: the code of its error, when it FAILED."""

    job_id: str
    state: str
    reason: str | None
    model_config = example(job_id=JOB, state="DONE", reason=None)


class Video(Shape):
    """A video. `preview_url`: a small moving picture, once it was analysed."""

    video_id: str
    owner: str | None
    source: str
    filename: str
    duration_ms: int | None
    fps: float | None
    width: int | None
    height: int | None
    sha256: str
    consent_version: str | None
    created_at: datetime
    analysis: AnalysisStatus | None
    preview_url: str | None
    model_config = example(
        video_id=VIDEO, owner="usr_01JD2M5Z0Q4XKQ7S8V9W0Y1Z2A", source="user", filename="party.mp4", duration_ms=15000,
        fps=29.97, width=720, height=1280, consent_version="2026-06", created_at="2026-06-30T12:00:00Z",
        sha256="5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        analysis={"job_id": JOB, "state": "DONE", "reason": None}, preview_url=f"/v1/videos/{VIDEO}/preview",
    )  # fmt: skip


class Alternative(Shape):
    """What else a segment may be."""

    move_id: str
    confidence: float
    model_config = example(move_id="mv_dab", confidence=0.08)


class SegmentVersions(Shape):
    """What a result was made with."""

    pose: str
    features: str
    model: str
    taxonomy: str
    model_config = example(pose="bp-1.0a1b2c3d", features="fv-1.1a2b3c4d", model="mv-0.1.0.5e6f7a8b", taxonomy="tx-0.1")


class Segment(Shape):
    """A part of a dance, [start_ms, end_ms). `move_id` is "other" when no known move explains it. `mirror`: danced with
    the sides exchanged. `band`: how far to trust it. `segment_id`: of one that is stored."""

    segment_id: str | None = None
    start_ms: int
    end_ms: int
    move_id: str
    confidence: float
    band: str
    mirror: bool
    alternatives: list[Alternative]
    versions: SegmentVersions
    model_config = example(
        segment_id=SEGMENT, start_ms=0, end_ms=1950, move_id="mv_floss", confidence=0.91, band="high", mirror=False,
        alternatives=[{"move_id": "mv_dab", "confidence": 0.08}],
        versions={
            "pose": "bp-1.0a1b2c3d", "features": "fv-1.1a2b3c4d", "model": "mv-0.1.0.5e6f7a8b", "taxonomy": "tx-0.1"
        },
    )  # fmt: skip


class Segments(Shape):
    """The segments of a video, in order of time, not overlapping."""

    segments: list[Segment]
    model_config = example(segments=[])


@router.post("", status_code=201)
def make(new: NewVideo, user: Me, using: Using) -> VideoMade:
    """Make a video of a file that was uploaded. The same file again, by the same user, is the same video. A copy that
    was changed a little is another one, and the answer says which it is a copy of."""
    if new.source == "partner" and user.role != "admin":
        raise DanceError("FORBIDDEN", "only admin may bring in what partners gave")
    upload = uploads.find(using.pool, new.upload_id)
    if upload.video is not None:
        return _made(videos.find(using.pool, upload.video).video_id, using)  # unless it was deleted meanwhile
    sent = joined(upload, using)
    with tracing.span("check", upload.trace, upload_id=upload.upload_id), _own(sent, using) as path:
        info = probe(path, using.settings.media)
        if info.sha256 != upload.sha256:
            raise DanceError("INVALID_INPUT", f"what arrived is not what was announced: sha256 {info.sha256}")
        made = _kept(path, upload, info, new, using)
    for key in (sent, *using.store.keys(keys.parts(upload.upload_id))):
        using.store.delete(key)
    return _made(made, using)


@router.get("")
def list_videos(
    user: Me, using: Using, limit: Annotated[int, Depends(page_size)], cursor: Cursor = None
) -> Page[Video]:
    """Your videos, the newest first."""
    before: Any = decode(cursor, moment, text)
    found = videos.of_owner(using.pool, user.user_id, before, limit + 1)
    more = encode(found[limit - 1].created_at.isoformat(), found[limit - 1].video_id) if len(found) > limit else None
    return Page(items=[_video(each) for each in found[:limit]], next_cursor=more)


@router.get("/{video_id}")
def show(video_id: str, using: Using) -> Video:
    """A video and how far its newest analysis is."""
    return _video(videos.find(using.pool, video_id))


@router.delete("/{video_id}", status_code=204)
def delete(video_id: str, using: Using) -> None:
    """Take a video out of every list at once; it is removed for good after `purge_days`."""
    videos.delete(using.pool, video_id, datetime.now(UTC))


@router.get("/{video_id}/segments")
def segments(video_id: str, using: Using) -> Segments:
    """What was found in a video; empty until it was analysed."""
    found = clip_segments(using.pool, video_id)
    return Segments(segments=[segment_shape(each, using.settings) for each in found.segments])


@router.get("/{video_id}/keypoints")
def keypoints(video_id: str, using: Using) -> Keypoints:
    """The joints of every dancer, frame by frame, to be drawn over the video."""
    return drawn(using.store.get(keys.keypoints(video_id, videos.pose_version(using.pool, video_id))))


@router.get("/{video_id}/preview", responses={200: {"content": {"image/gif": {}}}}, response_class=Response)
def preview(video_id: str, using: Using) -> Response:
    """A small moving picture of a video that was analysed."""
    return Response(using.store.get(keys.preview(video_id)), media_type="image/gif")


@contextmanager
def _own(sent: str, using: Services) -> Iterator[Path]:
    """A file that was sent, as nobody can change it any more: its address takes another one until it is a video."""
    with using.store.file(sent) as path, TemporaryDirectory() as folder:
        yield Path(copyfile(path, Path(folder) / path.name))


def _kept(path: Path, upload: Upload, info: ClipInfo, new: NewVideo, using: Services) -> str:
    """The id of the video that was made of this file. A file is put before its row, for analyses that come at once; and
    after it too where it went meanwhile, with a deleted video of the same file or with an upload that was refused."""
    source, most = keys.source(video_id(info.sha256)), using.settings.serve.stored_bytes
    seen = fingerprint(path)
    videos.check_free(using.pool, upload, info, most)
    using.store.put(source, path)
    try:
        made = videos.add(using.pool, upload, info, new.source, new.consent_version, seen, most)
    except DanceError:
        if not videos.exists(using.pool, video_id(info.sha256)):
            using.store.delete(source)
        raise
    if not using.store.exists(source):
        using.store.put(source, path)
    return made


def _made(video: str, using: Services) -> VideoMade:
    same = videos.duplicate_of(using.pool, video, using.settings.serve.duplicate_share)
    return VideoMade(video_id=video, duplicate_of=same)


def segment_shape(segment: StoredSegment, settings: Settings) -> Segment:
    """A stored segment as the API shows it."""
    versions = segment.versions
    return Segment(
        segment_id=segment.segment_id, start_ms=segment.start_ms, end_ms=segment.end_ms, move_id=segment.move_id,
        confidence=segment.confidence,
        band=band(segment.confidence, settings.decoding), mirror=segment.mirror,
        alternatives=[Alternative(move_id=move, confidence=share) for move, share in segment.alternatives],
        versions=SegmentVersions(
            pose=versions.pose, features=versions.features, model=versions.model, taxonomy=versions.taxonomy
        ),
    )  # fmt: skip


def _video(stored: StoredVideo) -> Video:
    same = {name: getattr(stored, name) for name in Video.model_fields if name not in ("analysis", "preview_url")}
    analysis = None
    if stored.job_id and stored.state:
        analysis = AnalysisStatus(job_id=stored.job_id, state=stored.state, reason=stored.reason)
    ready = f"/v1/videos/{stored.video_id}/preview" if stored.indexed else None
    return Video(**same, analysis=analysis, preview_url=ready)
