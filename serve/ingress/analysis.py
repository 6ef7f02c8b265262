"""Analyses: asked for, watched, cancelled."""

import asyncio
from collections.abc import AsyncIterable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from cluster import analyses
from cluster.analyses import ENDS, Analysis
from dancecore.errors import DanceError
from dancecore.types import Versions
from serve.ingress.models import Shape, example
from serve.ingress.routing import Route
from serve.ingress.services import Me, Services, Using
from serve.ingress.streams import streaming
from serve.ingress.videos import JOB, VIDEO, SegmentVersions

router = APIRouter(prefix="/v1/analysis", tags=["analysis"], route_class=Route)


class Request(Shape):
    """What to analyse. `model_version`: refuse to do it with another model than this one."""

    video_id: str
    model_version: str | None = None
    model_config = example(video_id=VIDEO)


class Accepted(Shape):
    """The job. The same video at the same versions is the same job, whose `status` then says how far it is."""

    job_id: str
    status: str
    model_config = example(job_id=JOB, status="QUEUED")


class Outdated(Shape):
    """Whose videos: `everybody`'s, which only admin may ask for, or one's own."""

    everybody: bool = False
    model_config = example(everybody=False)


class Asked(Shape):
    """How many analyses were asked for, and how many videos are left for another such request."""

    queued: int
    left: int
    model_config = example(queued=200, left=35)


class Event(Shape):
    """A state that a job reached, and when (ms since 1970, UTC). `reason`, a code, and `detail`: of FAILED."""

    state: str
    ts: int
    metrics: dict[str, float] = Field(default_factory=dict)
    reason: str | None = None
    detail: str | None = None
    model_config = example(state="POSE_DONE", ts=1782820800000, metrics={"frames": 300, "fps_effective": 48.2})


class Job(Shape):
    """A job and all the states it went through."""

    job_id: str
    video_id: str
    state: str
    reason: str | None
    versions: SegmentVersions
    timeline: list[Event]
    model_config = example(
        job_id=JOB, video_id=VIDEO, state="QUEUED", reason=None, timeline=[{"state": "QUEUED", "ts": 1782820800000}],
        versions={
            "pose": "bp-1.0a1b2c3d", "features": "fv-1.1a2b3c4d", "model": "mv-0.1.0.5e6f7a8b", "taxonomy": "tx-0.1"
        },
    )  # fmt: skip


@router.post("", status_code=202)
async def request(wanted: Request, using: Using) -> Accepted:
    """Ask for an analysis by the model that serves. What is under way or done is not done again."""
    versions = await using.recognition.versions()
    _check_model(wanted.model_version, versions)
    most = using.settings.serve.analyses_queued
    job = await run_in_threadpool(partial(analyses.request, using.pool, wanted.video_id, versions, most=most))
    return Accepted(job_id=job.job_id, status=job.state)


@router.post("/outdated", status_code=202)
async def request_outdated(wanted: Outdated, user: Me, using: Using) -> Asked:
    """Ask for analyses of all videos whose segments other versions found than those that serve, such as another model.

    They wait until nobody asks for anything else. A video that was tried at these versions is not tried again."""
    if wanted.everybody and user.role != "admin":
        raise DanceError("FORBIDDEN", "only admin may have the videos of everybody analysed")
    versions, owner = await using.recognition.versions(), None if wanted.everybody else user.user_id
    at_once = using.settings.serve.outdated_at_once
    queued, left = await run_in_threadpool(analyses.request_outdated, using.pool, versions, owner, at_once)
    return Asked(queued=queued, left=left)


@router.get("/{job_id}")
def show(job_id: str, using: Using) -> Job:
    """A job and its states so far."""
    return _job(analyses.find(using.pool, job_id))


@router.post("/{job_id}/cancel")
def cancel(job_id: str, using: Using) -> Job:
    """End a job. One that has ended stays as it is."""
    return _job(analyses.cancel(using.pool, job_id))


@router.get("/{job_id}/events", response_class=EventSourceResponse, dependencies=[Depends(streaming)])
async def events(
    job_id: str, using: Using, last_event_id: Annotated[int, Header(ge=-1)] = -1
) -> AsyncIterable[ServerSentEvent]:
    """Every state of a job, those before and those to come, as server-sent events; ends when the job does.

    `progress`: {job_id, state, metrics, ts}; then `result`: {job_id, video_id, model_version, segments, ts}, or
    `failure`: {job_id, video_id, state, reason, detail, ts}. `Last-Event-ID` goes on after an event.
    Only so many are open at a time of one user (`RATE_LIMITED`) and of all (`OVERLOADED`); the job itself can be asked
    for instead.
    """
    told = last_event_id + 1
    while True:
        job = await run_in_threadpool(analyses.find, using.pool, job_id)
        for place, entry in enumerate(job.log[told:], told):
            last = place == len(job.log) - 1 and job.state in ENDS
            kind, data = await run_in_threadpool(_told, job, entry, last, using)
            yield ServerSentEvent(event=kind, data=data, id=str(place))
        told = max(told, len(job.log))
        if job.state in ENDS:
            return
        await asyncio.sleep(using.settings.serve.event_poll_s)


def _told(job: Analysis, entry: dict[str, Any], last: bool, using: Services) -> tuple[str, dict[str, Any]]:
    """The kind of an event and what it says: CONTRACTS' progress, result and failure."""
    if entry["state"] == "FAILED":
        return "failure", analyses.outcome(using.store, job, entry)
    if last and entry["state"] == "DONE":
        return "result", analyses.outcome(using.store, job, entry)
    about = {"job_id": job.job_id, "ts": entry["ts_ms"]}
    return "progress", about | {"state": entry["state"], "metrics": entry.get("metrics", {})}


def _check_model(wanted: str | None, versions: Versions) -> None:
    if wanted not in (None, versions.model, versions.model.rpartition(".")[0]):
        raise DanceError("MODEL_REPLACED", f"{versions.model} serves now, not {wanted}", {"model": versions.model})


def _job(job: Analysis) -> Job:
    marks = {name: getattr(job.versions, name) for name in Versions.__slots__}
    timeline = [Event(ts=entry["ts_ms"], **{k: v for k, v in entry.items() if k != "ts_ms"}) for entry in job.log]
    return Job(
        job_id=job.job_id, video_id=job.video_id, state=job.state, reason=job.reason,
        versions=SegmentVersions(**marks), timeline=timeline,
    )  # fmt: skip
