"""The move index, moves, the taxonomy, search: over an index of a few dances."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster.accounts import user_by_email
from cluster.choreographies import INDEX, learn
from cluster.index import write_clip
from cluster.objects import LocalObjects
from dancecore.composer.steps import Choreography, Heard
from tests.cluster.stored import V1, clip, own
from tests.serve.conftest import Enter

JUNE = datetime(2026, 6, 10, tzinfo=UTC)


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


@pytest.fixture
def dances(pool: Engine, ann: TestClient) -> dict[str, str]:
    """Clips of ann and of nobody, by name; the moves are those of the real taxonomy."""
    found = user_by_email(pool, "ann@example.org")
    assert found is not None
    made = {
        "a.mp4": clip("a.mp4", ("mv_floss", 0, 1000), ("mv_dab", 1000, 2000), ("mv_floss", 2000, 3000)),
        "b.mp4": clip("b.mp4", ("mv_floss", 500, 1000), ("mv_spin", 2000, 3000)),
        "c.mp4": clip("c.mp4", ("mv_floss", 0, 2000), ("other", 2000, 3000)),
    }
    ids = {name: write_clip(pool, each).video_id for name, each in made.items()}
    own(pool, "a.mp4", owner=found[0].user_id, created_at=JUNE)
    own(pool, "b.mp4", owner=found[0].user_id)
    return ids


INDEXES = {
    "all": ({}, [("mv_floss", 4), ("mv_dab", 1), ("mv_spin", 1)]),
    "family": ({"family": "turns"}, [("mv_spin", 1)]),
    "difficulty": ({"difficulty": "5"}, []),
    "difficulties": ({"difficulty": "1..3"}, [("mv_floss", 4), ("mv_dab", 1)]),
    "a day": ({"since": "2026-07-01"}, [("mv_floss", 2), ("mv_spin", 1)]),
    "since": ({"since": "2026-07-01T00:00:00Z"}, [("mv_floss", 2), ("mv_spin", 1)]),
}


@pytest.mark.parametrize(("given", "want"), INDEXES.values(), ids=INDEXES)
def test_the_index(ann: TestClient, dances: object, given: dict[str, str], want: list[tuple[str, int]]) -> None:
    page = ann.get("/v1/moves", params=given).json()
    assert [(row["move_id"], row["uses"]) for row in page["items"]] == want
    assert [row["rank"] for row in page["items"]] == list(range(1, len(want) + 1))


def test_the_index_in_pages(ann: TestClient, dances: object) -> None:
    whole, seen, cursor = ann.get("/v1/moves").json()["items"], [], None
    while True:
        page = ann.get("/v1/moves", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


def test_ones_own_moves_and_nobody_elses(ann: TestClient, enter: Enter, dances: object) -> None:
    me = ann.get("/v1/me").json()["user_id"]
    assert [row["uses"] for row in ann.get("/v1/moves", params={"creator": me}).json()["items"]] == [3, 1, 1]
    assert enter("bob").get("/v1/moves", params={"creator": me}).status_code == 403
    assert enter("eve", "annotator").get("/v1/moves", params={"creator": me}).status_code == 200


def test_no_move_is_listed_twice_because_another_was_danced_meanwhile(
    ann: TestClient, dances: object, pool: Engine
) -> None:
    first = ann.get("/v1/moves", params={"limit": 1}).json()
    assert [row["move_id"] for row in first["items"]] == ["mv_floss"]
    write_clip(pool, clip("d.mp4", *(("mv_dab", 1000 * n, 1000 * n + 900) for n in range(5))))
    rest = ann.get("/v1/moves", params={"cursor": first["next_cursor"]}).json()["items"]
    assert [row["move_id"] for row in rest] == ["mv_spin"]  # the dab is above the floss now


def cursor(said: str) -> dict[str, str]:
    return {"cursor": base64.urlsafe_b64encode(said.encode()).decode()}


BAD = [
    {"difficulty": "6"}, {"difficulty": "x"}, {"difficulty": "3..1"}, {"since": "yesterday"}, {"limit": "0"},
    {"cursor": "x"}, {"since": "9999-12-31T00:00:00Z"}, {"since": "0001-01-01T00:00:00+14:00"}, cursor('["a"]'),
    cursor("[1,2]"), cursor('[1e999,1,"2026-01-01T00:00:00Z","a"]'), cursor('[1,1,"2026-01-01T00:00:00","a"]'),
    cursor('[1,1,"2026-01-01T00:00:00Z",5]'),
]  # fmt: skip


@pytest.mark.parametrize("given", BAD, ids=str)
def test_questions_that_cannot_be_answered(ann: TestClient, given: dict[str, str]) -> None:
    assert ann.get("/v1/moves", params=given).status_code == 422


def test_a_move_with_all_that_belongs_to_it(ann: TestClient, dances: object, store: LocalObjects) -> None:
    store.put("moves/mv_dab/exemplars/ex_1.mp4", b"a dab")
    store.put("moves/mv_dab/exemplars/ex_2.npz", b"poses")
    said = ann.get("/v1/moves/mv_dab").json()
    assert (said["name"], said["difficulty"], said["taxonomy"]) == ("Dab", 1, "tx-0.1")
    assert said["transitions"]["after"] == ["mv_floss", "mv_whip", "mv_nae_nae", "mv_woah"]
    assert said["transitions"]["before"]
    assert said["usage"] == [{"month": "2026-06-01T00:00:00Z", "uses": 1, "clips": 1}]
    assert ann.get(said["exemplars"][0]).content == b"a dab"
    assert len(said["exemplars"]) == 1


def test_what_people_dance_before_and_after(ann: TestClient, pool: Engine) -> None:
    heard = [Heard(move, 4.0, False) for move in ("mv_floss", "mv_dab", "mv_spin", "mv_dab", "mv_floss")]
    learn(pool, INDEX, [("m", Choreography("d1", tuple(heard))), ("m", Choreography("d2", tuple(heard[:2])))])
    learn(pool, "others", [("m", Choreography("d3", (heard[2], heard[1])))])
    said = ann.get("/v1/moves/mv_dab").json()["danced"]
    assert said["before"] == [
        {"move_id": "mv_floss", "count": 2, "dances": 2}, {"move_id": "mv_spin", "count": 1, "dances": 1},
    ]  # fmt: skip
    assert [each["move_id"] for each in said["after"]] == ["mv_floss", "mv_spin"]
    assert ann.get("/v1/moves/mv_whip").json()["danced"] == {"before": [], "after": []}


def test_a_move_in_motion(ann: TestClient) -> None:
    address = ann.get("/v1/moves/mv_dab").json()["animation"]
    said = ann.get(address, params={"bpm": 120}).json()
    assert (said["schema"], said["fps"], said["bpm"]) == ("preview.v1", 20, 120)
    frames = np.array(said["frames"]).reshape(-1, 33, 3)
    assert len(frames) == said["steps"][0]["beats"] * 10
    assert frames[:, :, 1].min() > -100  # nobody sinks into the floor
    mirrored = ann.get(address, params={"bpm": 120, "mirror": True}).json()
    nose = said["joints"].index("nose")
    other = np.array(mirrored["frames"]).reshape(-1, 33, 3)
    np.testing.assert_allclose(other[:, nose], frames[:, nose] * [-1, 1, 1], atol=2)
    assert ann.get(address, params={"bpm": 1}).status_code == 422
    assert ann.get("/v1/moves/mv_none/animation").status_code == 404


def test_the_catalogue_is_filtered(ann: TestClient, enter: Enter, dances: object) -> None:
    def found(client: TestClient, **given: object) -> list[dict[str, Any]]:
        answer = client.get("/v1/taxonomy/tx-0.1/moves", params={"limit": 200, **given})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    every, me = found(ann), ann.get("/v1/me").json()["user_id"]
    assert found(ann, family="turns") == [each for each in every if each["family"] == "turns"]
    assert found(ann, difficulty=2) == [each for each in every if each["difficulty"] == 2]
    slow = [each for each in every if each["metadata"]["bpm"][0] <= 132.5 <= each["metadata"]["bpm"][1]]
    assert found(ann, tempo=132.5) == slow
    assert 0 < len(slow) < len(every)
    assert [each["move_id"] for each in found(ann, creator=me)] == ["mv_dab", "mv_floss", "mv_spin"]
    assert [each["move_id"] for each in found(ann, creator=me, family="turns")] == ["mv_spin"]
    params = {"q": "spin", "creator": me}
    assert [each["move"]["move_id"] for each in ann.get("/v1/search/moves", params=params).json()["items"]] == [
        "mv_spin"
    ]
    assert enter("bob").get("/v1/taxonomy/tx-0.1/moves", params={"creator": me}).status_code == 403


def test_a_tempo_that_is_none_is_no_fault(ann: TestClient, enter: Enter) -> None:
    root = enter("root", "admin")
    for bpm in ("fast", [], [100], {"a": 1}, None):
        root.post("/v1/taxonomy/tx-0.1/moves", json=WORM | {"metadata": {"bpm": bpm}}).raise_for_status()
        answer = ann.get("/v1/search/moves", params={"q": "worm", "tempo": 100})
        assert "mv_worm" not in {each["move"]["move_id"] for each in answer.json()["items"]}
    root.post("/v1/taxonomy/tx-0.1/moves", json=WORM | {"metadata": {"bpm": [90, 110]}}).raise_for_status()
    answer = ann.get("/v1/search/moves", params={"q": "worm", "tempo": 100})
    assert "mv_worm" in {each["move"]["move_id"] for each in answer.json()["items"]}


@pytest.mark.parametrize(
    "path", ["/v1/moves/mv_none", "/v1/moves/mv_dab/exemplars/none", "/v1/taxonomy/tx-9/moves"], ids=str
)
def test_what_is_not_there(ann: TestClient, path: str) -> None:
    assert ann.get(path).status_code == 404


def test_a_version_of_the_taxonomy(ann: TestClient) -> None:
    (version,) = ann.get("/v1/taxonomy/versions").json()["items"]
    assert (version["semver"], version["moves"] > 50) == ("tx-0.1", True)
    first = ann.get("/v1/taxonomy/tx-0.1/moves", params={"limit": 50}).json()
    rest = ann.get("/v1/taxonomy/tx-0.1/moves", params={"limit": 200, "cursor": first["next_cursor"]}).json()
    ids = [move["move_id"] for move in first["items"] + rest["items"]]
    assert ids == sorted(set(ids))
    assert len(ids) == version["moves"]


WORM = {"move_id": "mv_worm", "name": "Worm", "family": "floor-near", "difficulty": 4, "aliases": ["the worm"]}


def test_an_administrator_makes_and_changes_a_move(enter: Enter) -> None:
    admin = enter("root", "admin")
    assert admin.post("/v1/taxonomy/tx-0.1/moves", json=WORM).status_code == 201
    assert admin.post("/v1/taxonomy/tx-0.1/moves", json=WORM | {"difficulty": 5}).json()["difficulty"] == 5
    assert admin.get("/v1/moves/mv_worm").json()["aliases"] == ["the worm"]


TAKEN = {
    "a move of the files": ({"move_id": "mv_dab"}, "tx-0.1", 409),
    "a name of another": ({"name": "Dab"}, "tx-0.1", 409),
    "no such version": ({}, "tx-9", 404),
    "not an id of moves": ({"move_id": "worm"}, "tx-0.1", 422),
    "a name with a nul": ({"name": "a\0"}, "tx-0.1", 422),
    "a nul inside": ({"metadata": {"a": ["\0"]}}, "tx-0.1", 422),
}


@pytest.mark.parametrize(("changes", "semver", "status"), TAKEN.values(), ids=TAKEN)
def test_moves_that_cannot_be_made(enter: Enter, changes: dict[str, object], semver: str, status: int) -> None:
    answer = enter("root", "admin").post(f"/v1/taxonomy/{semver}/moves", json=WORM | changes)
    assert answer.status_code == status


def test_metadata_is_what_json_and_the_database_hold(enter: Enter) -> None:
    admin = enter("root", "admin")
    for wrong in (b"1e999", b'"\\ud800"', b'{"\\ud800": 1}'):
        body = json.dumps(WORM).encode()[:-1] + b', "metadata": {"a": ' + wrong + b"}}"
        answer = admin.post("/v1/taxonomy/tx-0.1/moves", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text


def test_moves_are_searched_without_a_name_and_in_pages(ann: TestClient) -> None:
    def pages(**given: Any) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while cursor.get("cursor", "") is not None:
            page = ann.get("/v1/search/moves", params={"limit": 7, **given, **cursor}).json()
            yield from page["items"]
            cursor = {"cursor": page["next_cursor"]}

    every = ann.get("/v1/taxonomy/tx-0.1/moves", params={"limit": 200}).json()["items"]
    hard = [each for each in every if each["difficulty"] >= 3]
    assert [each["move"] for each in pages(difficulty="3..5")] == hard
    assert len(hard) > 7
    whole = ann.get("/v1/search/moves", params={"q": "step", "limit": 50}).json()["items"]
    assert list(pages(q="step")) == whole


SEARCHES = {
    "exact": ({"q": "moonwalk"}, "mv_moonwalk"),
    "a letter too many": ({"q": "mooonwalk"}, "mv_moonwalk"),
    "a letter too few": ({"q": "flos"}, "mv_floss"),
    "an alias": ({"q": "the dab"}, "mv_dab"),
    "in capitals": ({"q": "RUNNING MAN"}, "mv_running_man"),
    "of another family": ({"q": "moonwalk", "family": "turns"}, None),
    "nothing like it": ({"q": "quadratic"}, None),
    "hostile": ({"q": "' OR 1=1 --"}, None),
}


@pytest.mark.parametrize(
    ("path", "said"),
    [("/v1/search/videos?move_id=mv_dab", '[1,"2026-01-01T00:00:00Z",5]'),
     ("/v1/search/videos?move_id=mv_dab", '[2147483648,"2026-01-01T00:00:00Z","a"]'),
     ("/v1/videos", '["2026-01-01",""]'),
     ("/v1/search/patterns?q=dab", '["2026-01-01T00:00:00Z",5]'), ("/v1/compositions", '["x","y"]'),
     ("/v1/search/moves?q=dab", "[true]"),
     ("/v1/search/moves?q=dab", "[-1]"), ("/v1/search/moves?q=dab", "[1e30]"), ("/v1/taxonomy/tx-0.1/moves", "[[]]")],
)  # fmt: skip
def test_cursors_of_no_list(ann: TestClient, path: str, said: str) -> None:
    assert ann.get(path, params={**parse_qs(urlsplit(path).query), **cursor(said)}).status_code == 422


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/compositions"])
@pytest.mark.parametrize("id", [r"\u0000", r"\ud800"], ids=["a nul", "half a character"])
def test_ids_that_no_database_holds(ann: TestClient, path: str, id: str) -> None:
    assert ann.get(path, params=cursor(f'["2026-01-01T00:00:00Z","{id}"]')).status_code == 200


@pytest.mark.parametrize(("given", "want"), SEARCHES.values(), ids=SEARCHES)
def test_moves_by_name(ann: TestClient, given: dict[str, str], want: str | None) -> None:
    found = [each["move"]["move_id"] for each in ann.get("/v1/search/moves", params=given).json()["items"]]
    assert found[0] == want if want else found == []


def test_videos_by_move(ann: TestClient, enter: Enter, dances: dict[str, str]) -> None:
    def found(client: TestClient, **given: str) -> list[str]:
        page = client.get("/v1/search/videos", params={"move_id": "mv_floss", **given}).json()
        return [each["filename"] for each in page["items"]]

    assert found(ann) == ["a.mp4", "b.mp4"]
    assert found(ann, sort="recency") == ["b.mp4", "a.mp4"]
    assert found(enter("bob")) == []
    eve = enter("eve", "annotator")
    assert found(eve) == ["a.mp4", "c.mp4", "b.mp4"]
    me = ann.get("/v1/me").json()["user_id"]
    assert found(eve, creator=me) == found(ann)


def test_videos_by_move_in_pages(enter: Enter, dances: object) -> None:
    eve, seen, cursor = enter("eve", "annotator"), [], None
    for _ in range(3):
        given = {"move_id": "mv_floss", "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = eve.get("/v1/search/videos", params=given).json()
        seen += [each["filename"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (["a.mp4", "c.mp4", "b.mp4"], None)


def test_the_segments_of_a_video(ann: TestClient, dances: dict[str, str]) -> None:
    said = ann.get(f"/v1/videos/{dances['a.mp4']}/segments").json()["segments"]
    assert [(each["start_ms"], each["end_ms"], each["move_id"]) for each in said] == [
        (0, 1000, "mv_floss"), (1000, 2000, "mv_dab"), (2000, 3000, "mv_floss"),
    ]  # fmt: skip
    assert said[0]["versions"]["model"] == V1.model
    assert said[0]["alternatives"] == [{"move_id": "mv_dab", "confidence": 0.1}]


ANNOTATION = {"start_ms": 0, "end_ms": 1000, "move_id": "mv_dab"}


def test_an_annotation_is_made_and_reviewed(ann: TestClient, enter: Enter, dances: dict[str, str]) -> None:
    eve, video = enter("eve", "annotator"), dances["a.mp4"]
    made = ann.post("/v1/annotations", json=ANNOTATION | {"video_id": video}).json()
    assert made["status"] == "PENDING"
    said = {"annotation_id": made["annotation_id"], "action": "approve"}
    assert ann.post("/v1/annotations/review", json=said).status_code == 403
    reviewed = eve.post("/v1/annotations/review", json=said).json()
    assert (reviewed["status"], reviewed["reviewed_by"]) == ("VERIFIED", eve.get("/v1/me").json()["user_id"])
    rejected = eve.post("/v1/annotations/review", json=said | {"action": "reject", "reason": "it is a floss"}).json()
    assert (rejected["status"], rejected["review_reason"]) == ("REJECTED", "it is a floss")
    assert ann.get(f"/v1/videos/{video}/annotations").json()["items"] == [rejected]


def test_annotations_in_pages(ann: TestClient, dances: dict[str, str]) -> None:
    video, seen, more = dances["a.mp4"], [], None
    for start in (500, 0, 500, 1500):
        said = ANNOTATION | {"video_id": video, "start_ms": start, "end_ms": 2000}
        ann.post("/v1/annotations", json=said).raise_for_status()
    for _ in range(4):
        given = {"limit": 1, **({"cursor": more} if more else {})}
        page = ann.get(f"/v1/videos/{video}/annotations", params=given).json()
        seen += page["items"]
        more = page["next_cursor"]
    assert ([each["start_ms"] for each in seen], more) == ([0, 500, 500, 1500], None)
    assert seen == ann.get(f"/v1/videos/{video}/annotations").json()["items"]


def test_ones_own_annotation_is_for_somebody_else(enter: Enter, dances: dict[str, str]) -> None:
    for role, status in (("annotator", 403), ("admin", 200)):
        who = enter(f"{role}_1", role)
        made = who.post("/v1/annotations", json=ANNOTATION | {"video_id": dances["c.mp4"]}).json()
        said = {"annotation_id": made["annotation_id"], "action": "approve"}
        assert who.post("/v1/annotations/review", json=said).status_code == status


WRONG = {
    "after the end": ({"end_ms": 60_001}, 422),
    "empty": ({"end_ms": 0}, 422),
    "before the beginning": ({"start_ms": -1}, 422),
    "beyond what is counted": ({"end_ms": 2**40}, 422),
    "no such move": ({"move_id": "mv_none"}, 404),
    "no such video": ({"video_id": "vid_none"}, 404),
}


@pytest.mark.parametrize(("changes", "status"), WRONG.values(), ids=WRONG)
def test_annotations_that_cannot_be(
    ann: TestClient, dances: dict[str, str], changes: dict[str, object], status: int
) -> None:
    answer = ann.post("/v1/annotations", json=ANNOTATION | {"video_id": dances["a.mp4"]} | changes)
    assert answer.status_code == status


def test_a_review_of_nothing(enter: Enter) -> None:
    said = {"annotation_id": "ann_none", "action": "approve"}
    assert enter("eve", "annotator").post("/v1/annotations/review", json=said).status_code == 404
