"""Compositions over HTTP: kept, changed by those who know their state, shared, copied, exported, compared."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import analyses, composition_jobs, keys
from cluster.choreographies import INDEX, graph_version, learned
from cluster.library import pose_version
from cluster.objects import LocalObjects
from cluster.settings import settings
from cluster.steps import pack_poses
from dancecore.composer.composition import from_json
from dancecore.composer.dancing import at_rate, danced
from dancecore.composer.exports.making import FORMATS
from dancecore.composer.steps import START, Step
from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.types import SECOND, PoseTrack
from serve.composer import FileMaker
from serve.composition_worker import CompositionWorker
from tests.cluster.stored import clip
from tests.serve.conftest import Enter, Local, sha, upload

Done = Callable[[], None]
STEPS = [
    {"order_idx": 1, "move_id": "mv_swim", "duration_beats": 4, "mirror": True, "notes": "slow"},
    {"order_idx": 0, "move_id": "mv_floss", "duration_beats": 4},
]
DANCE = {"title": "Été \N{SPARKLES}", "bpm": 112, "steps": STEPS}


class LocalExporter:
    """serve.composing.Exporting in this process."""

    def __init__(self, maker: FileMaker) -> None:
        self.maker = maker

    async def export(self, key: str, name: str, written: str, how: dict[str, Any]) -> None:
        self.maker.export(key, name, written, how)

    async def compare(self, written: str, video: str, mirror: bool) -> dict[str, Any]:
        return self.maker.compare(written, video, mirror)


@pytest.fixture
def work(pool: Engine, store: LocalObjects, local: Local) -> Done:
    """A function that does the jobs that are in the queue now."""
    numbers = settings().model_copy(update={"serve": replace(settings().serve, job_backoff_s=0)})
    exporter = LocalExporter(FileMaker(store, settings(), local.moves.library.taxonomy))

    def once() -> None:
        asyncio.run(CompositionWorker(pool, store, local, exporter, numbers).run(wait=False))

    return once


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


def keep(client: TestClient, **changed: Any) -> str:
    answer = client.post("/v1/compositions", json=DANCE | changed)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["composition_id"])


def test_a_dance_is_kept_listed_and_deleted(ann: TestClient) -> None:
    name = keep(ann)
    shown = ann.get(f"/v1/compositions/{name}").json()
    assert (shown["title"], shown["bpm"], shown["bars"], shown["moveset_version"]) == (DANCE["title"], 112, 2, "tx-0.1")
    assert [(s["order_idx"], s["move_id"], s["mirror"], s["notes"]) for s in shown["steps"]] == [
        (0, "mv_floss", False, ""), (1, "mv_swim", True, "slow"),
    ]  # fmt: skip
    other = keep(ann, title="second")
    first = ann.get("/v1/compositions", params={"limit": 1}).json()
    assert [(row["composition_id"], row["beats"], row["steps"]) for row in first["items"]] == [(other, 8, 2)]
    rest = ann.get("/v1/compositions", params={"cursor": first["next_cursor"]}).json()
    assert ([row["composition_id"] for row in rest["items"]], rest["next_cursor"]) == ([name], None)
    assert ann.delete(f"/v1/compositions/{name}").status_code == 204
    assert ann.get(f"/v1/compositions/{name}").status_code == 404


REFUSED = {
    "no step": {"steps": []},
    "a step twice": {"steps": [STEPS[0], STEPS[0]]},
    "a step left out": {"steps": [STEPS[0]]},
    "no time": {"steps": [STEPS[1] | {"duration_beats": 0}]},
    "no tempo": {"bpm": 0},
    "no title": {"title": " "},
    "NUL": {"title": "a\0"},
}


def test_what_cannot_be_is_refused(ann: TestClient) -> None:
    for case, changed in REFUSED.items():
        answer = ann.post("/v1/compositions", json=DANCE | changed)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "INVALID_INPUT"), case
    unknown = ann.post("/v1/compositions", json=DANCE | {"steps": [STEPS[1] | {"move_id": "mv_zzz"}]})
    assert (unknown.status_code, unknown.json()["error"]["details"]) == (404, {"moves": ["mv_zzz"]})
    assert ann.get("/v1/compositions").json()["items"] == []


def test_nobody_overwrites_what_they_never_saw(ann: TestClient) -> None:
    where = f"/v1/compositions/{keep(ann)}"
    read = ann.get(where)
    tag = read.headers["ETag"]
    assert ann.get(where, headers={"If-None-Match": tag}).status_code == 304
    longer = DANCE | {"title": "longer"}
    assert ann.put(where, json=longer).status_code == 428
    changed = ann.put(where, json=longer, headers={"If-Match": f'"other", {tag}'})
    assert (changed.status_code, changed.json()["title"]) == (200, "longer")
    assert changed.headers["ETag"] == ann.get(where).headers["ETag"] != tag
    late = ann.put(where, json=DANCE, headers={"If-Match": tag})
    assert (late.status_code, late.json()["error"]["code"]) == (412, "CHANGED_MEANWHILE")
    assert ann.delete(where, headers={"If-Match": tag}).status_code == 412
    assert ann.get(where).json()["title"] == "longer"
    again = ann.put(where, json=longer, headers={"If-Match": changed.headers["ETag"]})
    assert again.headers["ETag"] != changed.headers["ETag"]  # for it was changed later
    assert ann.delete(where, headers={"If-Match": again.headers["ETag"]}).status_code == 204


def test_a_link_shows_a_dance_to_anybody_until_it_is_taken_back(ann: TestClient, api: TestClient, enter: Enter) -> None:
    name = keep(ann)
    where = f"/v1/compositions/{name}/share"
    assert ann.get(where).status_code == 404
    link = ann.post(where).json()
    assert len(link["token"]) == 43
    assert ann.post(where).json() == ann.get(where).json() == link
    seen = api.get(link["url"])
    assert (seen.status_code, seen.json()["title"]) == (200, DANCE["title"])
    assert not {"composition_id", "user_id"} & set(seen.json())
    assert api.get(f"{link['url']}/preview").json()["schema"] == "preview.v1"
    bob = enter("bob")
    copy = bob.post(f"/v1/shared/{link['token']}/remix").json()
    assert (copy["remix_of"], copy["steps"]) == (name, seen.json()["steps"])
    assert bob.get(f"/v1/compositions/{copy['composition_id']}").status_code == 200
    assert bob.post(f"/v1/compositions/{name}/remix").status_code == 404
    assert ann.delete(where).status_code == 204
    assert api.get(link["url"]).status_code == 404
    assert ann.post(where).json()["token"] != link["token"]


def test_frames_are_those_of_the_dance(ann: TestClient) -> None:
    answer = ann.get(f"/v1/compositions/{keep(ann)}/preview")
    said = answer.json()
    assert answer.headers["ETag"]
    assert [step["move_id"] for step in said["steps"]] == ["mv_floss", "mv_swim"]
    assert len(said["frames"]) == round(8 * 60 / 112 * said["fps"])
    assert {len(frame) for frame in said["frames"]} == {99}


def test_files_are_made_and_their_addresses_run_out(
    ann: TestClient, api: TestClient, work: Done, pool: Engine, store: LocalObjects
) -> None:
    name = keep(ann)
    formats = ["json", "csv", "preview.json", "vtt", "pdf"]
    asked = ann.post(f"/v1/compositions/{name}/export", json={"formats": formats, "credits": "Ann"})
    assert asked.status_code == 202, asked.text
    assert (asked.json()["state"], asked.json()["url_pdf"]) == ("QUEUED", None)
    work()
    where = f"/v1/exports/{asked.json()['export_id']}"
    done = ann.get(where).json()
    assert (done["state"], done["done"], done["url_mp4"]) == ("DONE", 5, None)
    made = api.get(done["url_json"])
    assert made.headers["content-type"] == "application/json"
    assert [step.move_id for step in from_json(made.text).steps] == ["mv_floss", "mv_swim"]
    assert api.get(done["url_pdf"]).content.startswith(b"%PDF")
    assert api.get(done["url_preview"]).json()["schema"] == "preview.v1"
    assert api.get(done["url_pdf"].replace("/pdf?", "/csv?")).status_code == 403, "signed for another file"
    later = re.sub(r"until=(\d+)", lambda found: f"until={int(found[1]) + 60}", done["url_csv"])
    assert api.get(later).status_code == 403, "signed for another time"
    strange = {"until": 2**32, "signature": "\N{SNOWMAN}"}
    assert api.get(f"{where}/files/csv", params=strange).status_code == 403, "signed by nobody"
    export_id = asked.json()["export_id"]
    job = composition_jobs.find(pool, export_id)
    past = datetime.now(UTC) - timedelta(minutes=1)
    signed = {"until": int(past.timestamp()), "signature": composition_jobs.sign(job, "csv", past)}
    assert "over" in api.get(f"{where}/files/csv", params=signed).json()["error"]["message"]
    composition_jobs.forget_expired(pool, store, datetime.now(UTC) + timedelta(hours=23))
    assert len(store.keys(keys.of_export(name, export_id))) == 5
    composition_jobs.forget_expired(pool, store, datetime.now(UTC) + timedelta(hours=25))
    assert (store.keys(keys.of_export(name, export_id)), ann.get(where).status_code) == ([], 404)


def test_an_export_goes_on_where_it_was_and_only_whole_bars_are_exported(
    ann: TestClient, work: Done, store: LocalObjects
) -> None:
    name = keep(ann)
    export = ann.post(f"/v1/compositions/{name}/export", json={"formats": ["csv", "vtt"]}).json()["export_id"]
    store.put(keys.export(name, export, "csv"), b"made before")
    work()
    shown = ann.get(f"/v1/exports/{export}").json()
    assert shown["state"] == "DONE"
    assert ann.get(shown["url_csv"]).content == b"made before"
    ragged = keep(ann, steps=[STEPS[1] | {"duration_beats": 2}])
    refused = ann.post(f"/v1/compositions/{ragged}/export", json={})
    assert "whole bars" in refused.json()["error"]["message"]
    assert ann.post(f"/v1/compositions/{name}/export", json={"formats": ["docx"]}).status_code == 422
    endless = keep(ann, bpm=30, steps=[STEPS[1] | {"duration_beats": 200}])
    too_long = ann.post(f"/v1/compositions/{endless}/export", json={})
    assert (too_long.status_code, too_long.json()["error"]["code"]) == (422, "TOO_LONG")
    assert set(FORMATS) == set(ann.post(f"/v1/compositions/{name}/export", json={}).json()["formats"])
    assert ann.delete(f"/v1/compositions/{name}").status_code == 204
    assert store.keys(keys.of_composition(name)) == []
    work()  # what is queued of a dance that is gone ends quietly


def filmed(local: Local, late_s: float) -> PoseTrack:
    """A dancer as BlazePose would see them who does the dance of DANCE, `late_s` after the clip begins."""
    numbers = settings()
    steps = (Step("mv_floss", 4), Step("mv_swim", 4, True))
    dance = danced(steps, local.moves.library.taxonomy, 112.0, numbers.media.rate_hz, numbers.composer)
    world = joints(at_rate(dance.motion, 112.0, 20.0))
    world = np.concatenate([np.repeat(world[:1], round(20 * late_s), axis=0), world])
    seen = (world - world[:, [23, 24]].mean(axis=1, keepdims=True)) * [1.0, -1.0, -1.0]
    time_ns = np.arange(len(world), dtype=np.int64) * SECOND // 20
    xy = (200 + 100 * seen[..., :2]).astype(np.float32)
    return PoseTrack(time_ns, xy, seen.astype(np.float32), np.ones(world.shape[:2], np.float32),
                     np.zeros(len(world), np.bool_), 640, 640)  # fmt: skip


def test_a_take_is_compared_with_its_dance(
    ann: TestClient, enter: Enter, work: Done, clips: list[bytes], store: LocalObjects, local: Local
) -> None:
    name, video = keep(ann), upload(ann, clips[0])
    poses = pack_poses([filmed(local, 0.5)], settings().pose)
    store.put(keys.keypoints(video, pose_version(settings())), poses)
    where = f"/v1/compositions/{name}/compare"
    asked = ann.post(where, json={"video_id": video})
    assert (asked.status_code, asked.json()["result"]) == (202, None)
    work()
    found = ann.get(f"/v1/comparisons/{asked.json()['comparison_id']}").json()
    assert (found["state"], found["reason"]) == ("DONE", None)
    result = found["result"]
    assert result["offset_ms"] == pytest.approx(500, abs=50)
    assert (len(result["counts"]), result["timing"], result["shape"]) == (8, 1, 1)
    bob = enter("bob")
    theirs = bob.post(f"/v1/compositions/{keep(bob)}/compare", json={"video_id": video})
    assert theirs.status_code == 404, "the video is ann's"


def test_what_is_analysed_is_learned_and_what_is_deleted_forgotten(
    ann: TestClient, work: Done, clips: list[bytes], pool: Engine, local: Local
) -> None:
    video = upload(ann, clips[0])
    job = ann.post("/v1/analysis", json={"video_id": video}).json()["job_id"]
    found = clip("party.mp4", ("mv_floss", 0, 1000), ("mv_dab", 1000, 2000), versions=local.moves.versions())
    queued_as = analyses.find(pool, job).queued_as
    assert queued_as is not None
    assert analyses.finish(pool, job, queued_as, replace(found, info=replace(found.info, sha256=sha(clips[0]))))
    work()
    assert learned(pool, INDEX).pairs == {(START, "mv_floss"): 1, ("mv_floss", "mv_dab"): 1}
    version = graph_version(pool, INDEX)
    work()
    assert graph_version(pool, INDEX) == version, "there was nothing to learn"
    assert ann.delete(f"/v1/videos/{video}").status_code == 204
    work()
    assert learned(pool, INDEX).moves == {}
    assert graph_version(pool, INDEX) == version + 1
    upload(ann, clips[0])
    work()
    assert learned(pool, INDEX).moves, "its owner brought it back"


def test_a_take_without_a_dancer_fails_with_a_reason(
    ann: TestClient, work: Done, clips: list[bytes], local: Local
) -> None:
    local.pose.error = DanceError("NO_PERSON", "nobody was found")
    name, video = keep(ann), upload(ann, clips[1])
    asked = ann.post(f"/v1/compositions/{name}/compare", json={"video_id": video}).json()
    work()
    found = ann.get(f"/v1/comparisons/{asked['comparison_id']}").json()
    assert (found["state"], found["reason"], found["detail"]) == ("FAILED", "NO_PERSON", "nobody was found")


def test_the_same_request_under_one_key_is_one_dance(ann: TestClient) -> None:
    key = {"Idempotency-Key": "k1"}
    one, again = (ann.post("/v1/compositions", json=DANCE, headers=key) for _ in range(2))
    assert one.json() == again.json()
    assert len(ann.get("/v1/compositions").json()["items"]) == 1
    assert json.loads(again.content)["composition_id"]


def test_work_whose_end_could_not_be_written_is_ended_afterwards(
    ann: TestClient, work: Done, clips: list[bytes], local: Local, pool: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits, and what ended, stays as it is."""
    name, video = keep(ann), upload(ann, clips[0])
    does = composition_jobs.advance

    def away(pool: Engine, job: str, **changed: Any) -> None:
        if changed["state"] == "FAILED":
            raise DanceError("DATABASE_UNAVAILABLE", "away")
        does(pool, job, **changed)

    def ask() -> str:
        asked = ann.post(f"/v1/compositions/{name}/compare", json={"video_id": video})
        return f"/v1/comparisons/{asked.json()['comparison_id']}"

    local.pose.error = DanceError("NO_PERSON", "nobody is seen")
    failed = ask()
    work()
    monkeypatch.setattr(composition_jobs, "advance", away)
    lost = ask()
    work()
    waits = ask()
    composition_jobs.fail_given_up(pool)
    ends = [(said["state"], said["reason"]) for said in (ann.get(each).json() for each in (failed, lost, waits))]
    assert ends == [("FAILED", "NO_PERSON"), ("FAILED", "INTERNAL"), ("QUEUED", None)]
