"""Moves taught over HTTP: who may, what is refused, and that the next analysis knows them while earlier ones go on."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster.objects import LocalObjects
from cluster.settings import settings
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, upload

STRETCH = {"name": "Big Stretch", "start_ms": 500, "end_ms": 2500}


@pytest.fixture
def eve(enter: Enter) -> TestClient:
    return enter("eve", "annotator")


def work(pool: Engine, store: LocalObjects, local: Local) -> None:
    asyncio.run(Worker(pool, store, local, settings().serve).run(wait=False))


def analyse(client: TestClient, video: str) -> str:
    return str(client.post("/v1/analysis", json={"video_id": video}).json()["job_id"])


def job(client: TestClient, name: str) -> dict[str, Any]:
    said: dict[str, Any] = client.get(f"/v1/analysis/{name}").json()
    return said


def test_what_is_taught_is_known_by_the_next_analysis(
    eve: TestClient, enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    video, other = upload(eve, clips[0]), upload(eve, clips[1])
    first = analyse(eve, video)
    work(pool, store, local)
    waiting = analyse(eve, other)
    taught = eve.post("/v1/moves", json=STRETCH | {"video_id": video})
    assert (taught.status_code, taught.json()["move_id"]) == (201, "mv_local_big_stretch")
    again = eve.post("/v1/moves/mv_local_big_stretch/exemplars", json={k: v for k, v in STRETCH.items() if k != "name"}
                     | {"video_id": video})  # fmt: skip
    assert again.json() == taught.json()
    second = analyse(eve, video)
    assert job(eve, second)["versions"]["model"] != job(eve, first)["versions"]["model"]
    work(pool, store, local)
    assert [job(eve, name)["state"] for name in (waiting, second)] == ["DONE", "DONE"]
    found = eve.get(f"/v1/videos/{video}/segments").json()["segments"]
    assert "mv_local_big_stretch" in {each["move_id"] for each in found}
    assert eve.get("/v1/moves/mv_local_big_stretch").json()["family"] == "own moves"
    more = {"video_id": video, "start_ms": 0, "end_ms": 3000}
    assert len(eve.post("/v1/moves/mv_local_big_stretch/exemplars", json=more).json()["exemplars"]) == 2
    check_refusals(eve, enter, video, other)


REFUSED = {
    "a name that is taken": ({"name": "Dab"}, "INVALID_INPUT"),
    "no name": ({"name": "?"}, "INVALID_INPUT"),
    "beyond its end": ({"end_ms": 9000}, "INVALID_INPUT"),
    "backwards": ({"start_ms": 3000}, "INVALID_INPUT"),
    "too short": ({"end_ms": 700}, "INVALID_INPUT"),
    "no such video": ({"video_id": "vid_none"}, "NOT_FOUND"),
}


def check_refusals(eve: TestClient, enter: Enter, video: str, unseen: str) -> None:
    for name, (changes, code) in REFUSED.items():
        answer = eve.post("/v1/moves", json=STRETCH | {"name": "Another", "video_id": video} | changes)
        assert answer.json()["error"]["code"] == code, name
    span = {"video_id": video, "start_ms": 0, "end_ms": 2000}
    assert eve.post("/v1/moves/mv_dab/exemplars", json=span).json()["error"]["code"] == "INVALID_INPUT"
    assert eve.post("/v1/moves/mv_none/exemplars", json=span).status_code == 404
    assert enter("bob").post("/v1/moves", json=STRETCH | {"video_id": video}).status_code == 403


def test_a_video_that_was_not_analysed_teaches_nothing(eve: TestClient, clips: list[bytes]) -> None:
    answer = eve.post("/v1/moves", json=STRETCH | {"video_id": upload(eve, clips[0])})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
