"""Analyses through the real queue: asked for, done by a worker, watched, failed, tried again, cancelled."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from cluster import analyses, keys
from cluster.database import connect
from cluster.ids import job_id
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.errors import DanceError
from serve.infer import LONGEST, forget_left_over
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, upload

WAY = ["QUEUED", "RECEIVED", "DECODED", "POSE_DONE", "FEATURES_DONE", "SEGMENTED", "IDENTIFIED", "INDEXED", "DONE"]
ATTEMPTS = settings().serve.job_attempts
Done = Callable[[], None]


@pytest.fixture
def worker(pool: Engine, store: LocalObjects, local: Local) -> Worker:
    return Worker(pool, store, local, replace(settings().serve, job_backoff_s=0))


@pytest.fixture
def work(pool: Engine, store: LocalObjects, local: Local) -> Done:
    """A function that does the jobs that are in the queue now."""

    def once() -> None:
        asyncio.run(Worker(pool, store, local, replace(settings().serve, job_backoff_s=0)).run(wait=False))

    return once


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


def ask(client: TestClient, video: str) -> str:
    answer = client.post("/v1/analysis", json={"video_id": video})
    assert (answer.status_code, answer.json()["status"]) == (202, "QUEUED")
    return str(answer.json()["job_id"])


def states(client: TestClient, job: str) -> list[str]:
    return [each["state"] for each in client.get(f"/v1/analysis/{job}").json()["timeline"]]


def queued(pool: Engine) -> list[str]:
    with connect(pool) as tx:
        return list(
            tx.scalars(text("SELECT status::text FROM procrastinate_jobs WHERE queue_name = 'analysis' ORDER BY id"))
        )


def told(client: TestClient, job: str, **headers: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a job that has ended: kind and content."""
    answer = client.get(f"/v1/analysis/{job}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_an_analysis_goes_its_way(ann: TestClient, clips: list[bytes], work: Done, pool: Engine) -> None:
    video = upload(ann, clips[0])
    job = ask(ann, video)
    assert states(ann, job) == ["QUEUED"]
    work()
    assert states(ann, job) == WAY
    assert queued(pool) == []
    shown = ann.get(f"/v1/videos/{video}").json()
    assert shown["analysis"] == {"job_id": job, "state": "DONE", "reason": None}
    assert shown["filename"] == "party.mp4"
    segments = ann.get(f"/v1/videos/{video}/segments").json()["segments"]
    assert segments
    told = {"segment_id", "start_ms", "end_ms", "move_id", "confidence", "band", "mirror", "alternatives", "versions"}
    assert set(segments[0]) == told
    assert ann.get(shown["preview_url"]).headers["content-type"] == "image/gif"
    drawn = ann.get(f"/v1/videos/{video}/keypoints").json()
    assert (len(drawn["joints"]), len(drawn["time_ms"]), len(drawn["dancers"][0]["xy"][0])) == (33, 80, 66)
    with connect(pool) as tx:
        known = tx.scalar(text("SELECT count(*) FROM segments WHERE embedding IS NOT NULL"))
    assert known == len(segments)  # the shipped model has an opinion of each


def test_events_tell_it_all(ann: TestClient, clips: list[bytes], work: Done) -> None:
    video = upload(ann, clips[0])
    job = ask(ann, video)
    work()
    events = told(ann, job)
    assert [said.get("state") for kind, said in events if kind == "progress"] == WAY[:-1]
    assert events[3][1]["metrics"]["frames"] == 80
    kind, result = events[-1]
    assert (kind, result["job_id"], result["video_id"]) == ("result", job, video)
    assert result["segments"] == ann.get(f"/v1/videos/{video}/segments").json()["segments"]
    assert told(ann, job, **{"Last-Event-ID": "6"}) == events[7:]


def test_a_result_is_of_the_model_that_it_names(ann: TestClient, clips: list[bytes], work: Done, local: Local) -> None:
    """Also after another model found other segments in the same video."""
    video = upload(ann, clips[0])
    first = ask(ann, video)
    work()
    before = told(ann, first)[-1]
    local.moves.rename("mv-next.1")
    second = ask(ann, video)
    work()
    assert told(ann, first)[-1] == before
    for job in (first, second):
        _, result = told(ann, job)[-1]
        assert {each["versions"]["model"] for each in result["segments"]} == {result["model_version"]}
    assert told(ann, second)[-1][1]["segments"] == ann.get(f"/v1/videos/{video}/segments").json()["segments"]


def test_asking_twice_is_one_job(ann: TestClient, clips: list[bytes], work: Done, pool: Engine, local: Local) -> None:
    video = upload(ann, clips[0])
    job = ask(ann, video)
    assert ask(ann, video) == job
    assert queued(pool) == ["todo"]
    work()
    again = ann.post("/v1/analysis", json={"video_id": video}).json()
    assert again == {"job_id": job, "status": "DONE"}
    assert (queued(pool), local.pose.seen) == ([], 1)


@pytest.mark.parametrize("which", [None, "exact", "plain"])
def test_a_model_may_be_asked_for_by_name(ann: TestClient, clips: list[bytes], local: Local, which: str | None) -> None:
    served = local.moves.library.versions.model
    name = {None: None, "exact": served, "plain": served.rpartition(".")[0]}[which]
    body = {"video_id": upload(ann, clips[0]), "model_version": name}
    assert ann.post("/v1/analysis", json=body).status_code == 202


def test_a_model_that_does_not_serve_is_refused(ann: TestClient, clips: list[bytes], pool: Engine) -> None:
    body = {"video_id": upload(ann, clips[0]), "model_version": "mv-9.9.9"}
    answer = ann.post("/v1/analysis", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "MODEL_REPLACED")
    assert queued(pool) == []


ERRORS: dict[str, tuple[Exception, str, int]] = {
    "the clip's own": (DanceError("NO_PERSON", "nobody is seen"), "NO_PERSON", 1),
    "ours": (DanceError("WORKER_DIED", "a worker died"), "WORKER_DIED", ATTEMPTS),
    "a bug": (KeyError("x"), "INTERNAL", ATTEMPTS),
}


@pytest.mark.parametrize(("error", "reason", "attempts"), ERRORS.values(), ids=ERRORS)
def test_what_fails_is_set_aside_with_a_reason(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, error: Exception, reason: str, attempts: int,
    pool: Engine,
) -> None:  # fmt: skip
    job = ask(ann, upload(ann, clips[0]))
    local.pose.error = error
    work()
    shown = ann.get(f"/v1/analysis/{job}").json()
    assert (shown["state"], shown["reason"], local.pose.seen) == ("FAILED", reason, attempts)
    assert states(ann, job) == ["QUEUED", *["RECEIVED"] * attempts, "FAILED"]
    kind, said = told(ann, job)[-1]
    assert (kind, said["reason"], said["state"]) == ("failure", reason, "FAILED")
    assert queued(pool) == []


def test_what_failed_for_a_moment_is_done_in_the_end(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, does = ask(ann, upload(ann, clips[0])), local.poses

    async def busy(*given: Any) -> Any:
        monkeypatch.setattr(local, "poses", does)
        raise DanceError("OVERLOADED", "busy")

    monkeypatch.setattr(local, "poses", busy)
    work()
    assert states(ann, job) == ["QUEUED", "RECEIVED", *WAY[1:]]


def test_what_failed_may_be_asked_for_again(ann: TestClient, clips: list[bytes], work: Done, local: Local) -> None:
    video = upload(ann, clips[0])
    job = ask(ann, video)
    local.pose.error = DanceError("NO_PERSON", "nobody is seen")
    work()
    local.pose.error = None
    assert ask(ann, video) == job
    work()
    assert ann.get(f"/v1/analysis/{job}").json()["state"] == "DONE"
    assert ann.get(f"/v1/analysis/{job}").json()["reason"] is None


def test_a_job_that_waits_is_cancelled(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, pool: Engine
) -> None:
    job = ask(ann, upload(ann, clips[0]))
    assert ann.post(f"/v1/analysis/{job}/cancel").json()["state"] == "CANCELLED"
    assert queued(pool) == []
    work()
    assert (states(ann, job), local.pose.seen) == (["QUEUED", "CANCELLED"], 0)
    assert [kind for kind, _ in told(ann, job)] == ["progress", "progress"]


@pytest.mark.parametrize("step", ["poses", "features", "segments"])
def test_a_job_that_runs_stops_when_it_is_cancelled(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, pool: Engine, step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    video = upload(ann, clips[0])
    job = ask(ann, video)
    does = getattr(local, step)

    async def cancelled_meanwhile(*given: Any) -> Any:
        done = await does(*given)
        analyses.cancel(pool, job)
        return done

    monkeypatch.setattr(local, step, cancelled_meanwhile)
    work()
    assert states(ann, job)[-1] == "CANCELLED"
    assert ann.get(f"/v1/videos/{video}/segments").json()["segments"] == []
    assert queued(pool) == []


AGAIN = ["CANCELLED", "QUEUED"]


@pytest.mark.parametrize("met", [None, DanceError("NO_PERSON", "x"), DanceError("MODEL_REPLACED", "x"), KeyError("x")])
def test_what_is_cancelled_and_asked_for_again_is_done_by_whoever_was_asked_last(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, monkeypatch: pytest.MonkeyPatch,
    met: Exception | None,
) -> None:  # fmt: skip
    """Whatever the attempt before meets, which works on."""
    video = upload(ann, clips[0])
    job, does = ask(ann, video), local.poses

    async def asked_again_meanwhile(*given: Any) -> Any:
        monkeypatch.setattr(local, "poses", does)
        await asyncio.to_thread(lambda: (ann.post(f"/v1/analysis/{job}/cancel"), ask(ann, video)))
        if met:
            raise met
        return await does(*given)

    monkeypatch.setattr(local, "poses", asked_again_meanwhile)
    work()
    assert states(ann, job) == [*WAY[:2], *AGAIN, *WAY[1:]]


@pytest.mark.parametrize("step", ["features", "segments"])
def test_it_writes_nothing_when_it_was_asked_for_again(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, pool: Engine, monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:  # fmt: skip
    """Nor when the queue would hand the new job to somebody else."""
    video = upload(ann, clips[0])
    job, does = ask(ann, video), getattr(local, step)

    async def asked_again_meanwhile(*given: Any) -> Any:
        await asyncio.to_thread(lambda: (ann.post(f"/v1/analysis/{job}/cancel"), ask(ann, video)))
        with connect(pool) as tx:
            tx.execute(
                text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE status = 'todo'")
            )
        return await does(*given)

    monkeypatch.setattr(local, step, asked_again_meanwhile)
    work()
    assert states(ann, job)[-2:] == AGAIN
    assert ann.get(f"/v1/videos/{video}/segments").json()["segments"] == []
    assert queued(pool) == ["todo"]


def test_what_is_done_cannot_be_cancelled(ann: TestClient, clips: list[bytes], work: Done) -> None:
    job = ask(ann, upload(ann, clips[0]))
    work()
    assert ann.post(f"/v1/analysis/{job}/cancel").json()["state"] == "DONE"


def test_a_video_that_is_deleted_is_not_analysed(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, pool: Engine
) -> None:
    video = upload(ann, clips[0])
    job = ask(ann, video)
    ann.delete(f"/v1/videos/{video}")
    work()
    assert local.pose.seen == 0
    assert analyses.find(pool, job).state == "CANCELLED"  # or whoever watches it would wait for ever
    assert ann.post("/v1/analysis", json={"video_id": video}).status_code == 404


def test_the_job_of_a_dead_worker_is_done_by_another(
    ann: TestClient, clips: list[bytes], pool: Engine, worker: Worker, work: Done
) -> None:
    job = ask(ann, upload(ann, clips[0]))
    with connect(pool) as tx:
        tx.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"))
        tx.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM procrastinate_workers)"
                " WHERE queue_name = 'analysis'"
            )
        )

    assert rescued(worker) == 1
    assert queued(pool) == ["todo"]
    work()
    assert states(ann, job) == WAY


def rescued(worker: Worker) -> int:
    """How many jobs a worker sees to that nobody works on."""

    async def rescue() -> int:
        async with worker.app.open_async():
            return await worker.rescue()

    return asyncio.run(rescue())


def test_a_job_whose_end_could_not_be_written_is_ended_afterwards(
    ann: TestClient, clips: list[bytes], work: Done, local: Local, worker: Worker, pool: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    video = upload(ann, clips[0])
    job, does = ask(ann, video), analyses.fail

    def away(*given: Any) -> bool:
        raise DanceError("DATABASE_UNAVAILABLE", "away")

    monkeypatch.setattr(analyses, "fail", away)
    local.pose.error = DanceError("NO_PERSON", "nobody is seen")
    work()
    assert queued(pool) == ["failed"]
    monkeypatch.setattr(analyses, "fail", does)
    local.pose.error = None
    assert ann.get(f"/v1/analysis/{job}").json()["state"] == "RECEIVED"
    assert rescued(worker) == 1
    kind, said = told(ann, job)[-1]
    assert (kind, said["reason"]) == ("failure", "INTERNAL")
    assert rescued(worker) == 0
    assert ask(ann, video) == job
    assert rescued(worker) == 0, "it waits"
    work()
    assert states(ann, job)[-1] == "DONE"


GONE = {
    "failed": "UPDATE procrastinate_jobs SET status = 'failed' WHERE queue_name = 'analysis'",
    "cancelled": "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE queue_name = 'analysis'",
    "removed": "DELETE FROM procrastinate_jobs WHERE queue_name = 'analysis'",
}


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
def test_a_job_that_the_queue_does_not_have_is_ended(
    ann: TestClient, clips: list[bytes], pool: Engine, worker: Worker, change: str
) -> None:
    job = ask(ann, upload(ann, clips[0]))
    with connect(pool) as tx:
        tx.execute(text(change))
    other = ask(ann, upload(ann, clips[1]))
    assert rescued(worker) == 1
    assert states(ann, job) == ["QUEUED", "FAILED"]
    assert states(ann, other) == ["QUEUED"]


def test_a_job_and_its_row_come_together_or_not_at_all(
    ann: TestClient, clips: list[bytes], pool: Engine, monkeypatch: pytest.MonkeyPatch, local: Local
) -> None:
    video = upload(ann, clips[0])
    monkeypatch.setattr(analyses, "update", lambda table: 1 / 0)
    assert ann.post("/v1/analysis", json={"video_id": video}).status_code == 500
    assert queued(pool) == []
    with pytest.raises(DanceError, match="NOT_FOUND"):
        analyses.find(pool, job_id(video, local.moves.library.versions))


def test_another_model_than_was_asked_for(ann: TestClient, clips: list[bytes], work: Done, local: Local) -> None:
    job = ask(ann, upload(ann, clips[0]))
    local.moves.rename("new")
    work()
    assert ann.get(f"/v1/analysis/{job}").json()["reason"] == "MODEL_REPLACED"


def test_a_short_clip_at_once_is_as_its_analysis(
    ann: TestClient, clips: list[bytes], work: Done, store: LocalObjects
) -> None:
    video = upload(ann, clips[0])
    ask(ann, video)
    work()
    before = store.keys()
    answer = ann.post("/v1/infer", files={"file": ("a.mp4", clips[0], "video/mp4")})
    stored = ann.get(f"/v1/videos/{video}/segments").json()["segments"]
    assert all(each["segment_id"] for each in stored)
    assert answer.json() == {"segments": [each | {"segment_id": None} for each in stored]}
    assert store.keys() == before


BAD = {
    "no video": (b"no video", 422, "NOT_A_VIDEO"),
    "too large": (b"x" * (settings().serve.infer_max_bytes + 1), 413, "TOO_LARGE"),
}


@pytest.mark.parametrize(("content", "status", "code"), BAD.values(), ids=BAD)
def test_clips_that_are_not_answered_at_once(
    ann: TestClient, content: bytes, status: int, code: str, store: LocalObjects
) -> None:
    answer = ann.post("/v1/infer", files={"file": ("a.mp4", content, "video/mp4")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert store.keys() == []


def test_a_long_clip_is_not_answered_at_once(clips: list[bytes], local: Local) -> None:
    local.pose.store.put(keys.source("inf_1"), clips[0])
    with pytest.raises(DanceError, match="TOO_LONG"):
        asyncio.run(local.pose.poses("inf_1", 3999))


def test_all_busy_says_when_to_come_again(ann: TestClient, clips: list[bytes], local: Local) -> None:
    local.pose.error = DanceError("OVERLOADED", "busy", {"retry_after_s": 5})
    answer = ann.post("/v1/infer", files={"file": ("a.mp4", clips[0], "video/mp4")})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_what_an_ingress_that_died_left_is_removed(store: LocalObjects) -> None:
    from cluster.ids import ulid

    store.put(keys.source(name := ulid("inf")), b"x")
    store.put(keys.source("vid_1"), b"x")
    forget_left_over(store, datetime.now(UTC))
    assert len(store.keys()) == 2
    forget_left_over(store, datetime.now(UTC) + LONGEST + timedelta(seconds=1))
    assert store.keys() == [keys.source("vid_1")]
    assert name.startswith("inf_")
