"""Search by similarity over HTTP: of a segment, and of a performance that is sent along."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster.accounts import user_by_email
from cluster.database import connect
from cluster.ids import segment_id, video_id
from cluster.index import Embeddings, write_clip
from cluster.objects import LocalObjects
from cluster.settings import settings
from cluster.tables import EMBEDDING_SIZE, segments
from dancecore.types import Float
from serve.worker import Worker
from tests.cluster.stored import V1, clip, own, sha
from tests.serve.conftest import Enter, Local, upload


def towards(degrees: float) -> Float:
    """A direction that far from the first axis."""
    vector = np.zeros(EMBEDDING_SIZE, np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


DIRECTIONS = {"asked.mp4": 0, "near.mp4": 10, "far.mp4": 60, "others.mp4": 5, "newer.mp4": 1, "gone.mp4": 2}
"""All but others.mp4 are ann's; newer.mp4 was seen by another encoder; gone.mp4 is deleted."""


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


@pytest.fixture
def asked(pool: Engine, ann: TestClient) -> str:
    """The segment that is asked about."""
    found = user_by_email(pool, "ann@example.org")
    assert found is not None
    for name, degrees in DIRECTIONS.items():
        embeddings = Embeddings("enc-2" if name == "newer.mp4" else "enc-1", towards(degrees)[None])
        write_clip(pool, replace(clip(name, ("mv_dab", 0, 1000)), embeddings=embeddings))
        own(pool, name, owner=None if name == "others.mp4" else found[0].user_id)
    own(pool, "gone.mp4", deleted_at="2026-06-30T00:00:00Z")
    return segment_id(video_id(sha("asked.mp4")), V1, 0, 1000)


def names(client: TestClient, segment: str, **given: Any) -> list[str]:
    answer = client.get(f"/v1/segments/{segment}/similar", params=given)
    assert answer.status_code == 200, answer.text
    return [each["filename"] for each in answer.json()["items"]]


def test_segments_like_one(ann: TestClient, enter: Enter, asked: str) -> None:
    assert names(ann, asked) == ["near.mp4", "far.mp4"]
    assert names(ann, asked, limit=1) == ["near.mp4"]
    eve, me = enter("eve", "annotator"), ann.get("/v1/me").json()["user_id"]
    assert names(eve, asked) == ["others.mp4", "near.mp4", "far.mp4"]
    assert names(eve, asked, creator=me) == names(ann, asked)
    first = ann.get(f"/v1/segments/{asked}/similar").json()["items"][0]
    assert first["similarity"] == pytest.approx(np.cos(np.radians(10)), abs=1e-6)
    assert (first["move_id"], first["start_ms"], first["like"]) == ("mv_dab", 0, None)


def test_what_is_somebody_elses_is_not_there(ann: TestClient, enter: Enter, asked: str) -> None:
    bob = enter("bob")
    assert bob.get(f"/v1/segments/{asked}/similar").status_code == 404
    others = segment_id(video_id(sha("others.mp4")), V1, 0, 1000)
    gone = segment_id(video_id(sha("gone.mp4")), V1, 0, 1000)
    for segment in (others, gone, "seg_none"):
        assert ann.get(f"/v1/segments/{segment}/similar").status_code == 404


def test_a_performance_is_most_like_its_own_analysis(
    ann: TestClient, enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    video = upload(ann, clips[0])
    ann.post("/v1/analysis", json={"video_id": video})
    asyncio.run(Worker(pool, store, local, settings().serve).run(wait=False))
    stored = ann.get(f"/v1/videos/{video}/segments").json()["segments"]
    with connect(pool) as tx:
        assert set(tx.scalars(segments.select().with_only_columns(segments.c.id))) == {s["segment_id"] for s in stored}
    found = send(ann, clips[0])
    assert {each["segment_id"] for each in found} == {each["segment_id"] for each in stored}
    for each in found:
        if each["similarity"] > 1 - 1e-6:
            assert each["like"]["move_id"] == each["move_id"]
    assert found[0]["similarity"] == pytest.approx(1, abs=1e-6)
    assert send(enter("bob"), clips[0]) == []
    assert send(enter("eve", "annotator"), clips[0]) == found
    assert store.keys("videos/inf_") == []
    ann.get(f"/v1/segments/{stored[0]['segment_id']}/similar").raise_for_status()


def send(client: TestClient, content: bytes) -> list[dict[str, Any]]:
    answer = client.post("/v1/search/similar", files={"file": ("a.mp4", content, "video/mp4")})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_performances_that_cannot_be_looked_at(ann: TestClient) -> None:
    for content, code in ((b"no video", "NOT_A_VIDEO"), (b"x" * (settings().serve.infer_max_bytes + 1), "TOO_LARGE")):
        answer = ann.post("/v1/search/similar", files={"file": ("a.mp4", content, "video/mp4")})
        assert answer.json()["error"]["code"] == code


def test_without_a_classifier_nothing_is_alike(ann: TestClient, local: Local, clips: list[bytes]) -> None:
    plain = replace(local.moves.library, bundle=None)
    local.moves.kept[plain.versions] = plain, None
    answer = ann.post("/v1/search/similar", files={"file": ("a.mp4", clips[0], "video/mp4")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
