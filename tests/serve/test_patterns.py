"""Search by pattern over HTTP: what is found, by whom, page by page, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster.accounts import user_by_email
from cluster.index import write_clip
from dancecore.types import MS, BeatGrid
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.cluster.stored import clip, own
from tests.serve.conftest import Enter

JUNE = datetime(2026, 6, 10, tzinfo=UTC)
AT_120 = BeatGrid(120.0, np.arange(0, 60_000, 500) * MS, 0.9)
DANCES = {
    "near.mp4": [
        ("mv_floss", 0, 2000), ("mv_dab", 2000, 4000), ("mv_floss", 10_000, 12_000), ("mv_dab", 15_000, 16_000),
    ],
    "far.mp4": [("mv_floss", 0, 2000), ("mv_spin", 3000, 4000), ("mv_dab", 9000, 10_000)],
    "quiet.mp4": [("mv_floss", 0, 2000), ("mv_dab", 2000, 4000)],
    "others.mp4": [("mv_floss", 0, 2000), ("mv_dab", 2000, 4000)],
    "backwards.mp4": [("mv_dab", 0, 2000), ("mv_floss", 2000, 4000)],
}  # fmt: skip
"""All but quiet.mp4 have music of two beats a second; others.mp4 is nobody's, the others ann's, the oldest first."""


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


@pytest.fixture
def dances(pool: Engine, ann: TestClient) -> None:
    found = user_by_email(pool, "ann@example.org")
    assert found is not None
    for place, (name, spans) in enumerate(DANCES.items()):
        made = clip(name, *spans)
        write_clip(pool, made if name == "quiet.mp4" else replace(made, beats=AT_120))
        owner = None if name == "others.mp4" else found[0].user_id
        own(pool, name, owner=owner, created_at=JUNE + timedelta(days=place))


def ask(client: TestClient, q: str, **given: Any) -> dict[str, Any]:
    answer = client.get("/v1/search/patterns", params={"q": q, **given})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def spans(client: TestClient, q: str, **given: Any) -> dict[str, list[tuple[int, int]]]:
    return {
        item["filename"]: [(match["start_ms"], match["end_ms"]) for match in item["matches"]]
        for item in ask(client, q, **given)["items"]
    }


TWICE, ONCE, WHOLE = [(0, 4000), (10_000, 16_000)], [(0, 4000)], [(0, 10_000)]
FOUND = {
    "floss then dab": {"quiet.mp4": ONCE, "far.mp4": WHOLE, "near.mp4": TWICE},
    "flossing then the dab within 0 s": {"quiet.mp4": ONCE, "near.mp4": ONCE},
    "floss then dab within 6 counts": {"near.mp4": TWICE},
    "floss then dab within 2 counts": {"near.mp4": ONCE},
    "floss then dab, no spin between": {"quiet.mp4": ONCE, "near.mp4": TWICE},
    "floss then dab (mirrored)": {},
    "dab then floss": {"backwards.mp4": [(0, 4000)], "near.mp4": [(2000, 12_000)]},
    "moonwalk then dab": {},
}


def test_videos_with_a_pattern(ann: TestClient, dances: None) -> None:
    for q, want in FOUND.items():
        assert list(spans(ann, q).items()) == list(want.items()), q


def test_what_cannot_be_counted_is_told(ann: TestClient, dances: None) -> None:
    assert ask(ann, "two-step (mirrored)")["remarks"] == ["mv_two_step is its own mirror image"]
    said = ask(ann, "flosss then dab within 2 counts")
    assert (said["uncounted"], said["remarks"]) == (1, ["'flosss' was read as mv_floss"])
    assert said["items"][0]["matches"][0]["steps"] == [
        {"move_id": "mv_floss", "mirror": False, "start_ms": 0, "end_ms": 2000},
        {"move_id": "mv_dab", "mirror": False, "start_ms": 2000, "end_ms": 4000},
    ]


def test_everybody_sees_what_they_may(ann: TestClient, enter: Enter, dances: None) -> None:
    eve, me = enter("eve", "annotator"), ann.get("/v1/me").json()["user_id"]
    assert set(spans(eve, "floss then dab")) == {"quiet.mp4", "far.mp4", "near.mp4", "others.mp4"}
    assert spans(eve, "floss then dab", creator=me) == spans(ann, "floss then dab")
    assert spans(eve, "floss", creator="\0") == {}
    bob = enter("bob")
    assert spans(bob, "floss then dab") == {}
    assert bob.get("/v1/search/patterns", params={"q": "floss", "creator": me}).status_code == 403


def test_what_was_deleted_is_found_no_more(ann: TestClient, dances: None, pool: Engine) -> None:
    own(pool, "near.mp4", deleted_at=JUNE)
    assert set(spans(ann, "floss then dab")) == {"quiet.mp4", "far.mp4"}


@pytest.mark.parametrize("looked_at", [1, 1000])
def test_page_by_page(using: Services, ann: TestClient, dances: None, looked_at: int) -> None:
    serve = replace(using.settings.serve, pattern_videos=looked_at)
    using = replace(using, settings=using.settings.model_copy(update={"serve": serve}))
    ann = TestClient(create_app(using), headers=ann.headers)
    seen, cursor = list[str](), None
    for _ in range(20):
        page = ask(ann, "floss then dab", limit=1, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 1
        seen += [item["filename"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["quiet.mp4", "far.mp4", "near.mp4"]


REFUSED = {
    "no pattern": ({"q": "floss then"}, "INVALID_INPUT", 10),
    "no move": ({"q": "floss then zzzz"}, "UNKNOWN_MOVE", 11),
    "a nul": ({"q": "floss then \0"}, "UNKNOWN_MOVE", 11),
    "hostile": ({"q": "'; DROP TABLE videos; --"}, "UNKNOWN_MOVE", 0),
    "a cursor of another list": ({"q": "floss", "cursor": "WzFd"}, "INVALID_INPUT", None),
}


def test_what_is_no_pattern(ann: TestClient, dances: None) -> None:
    for name, (given, code, at) in REFUSED.items():
        answer = ann.get("/v1/search/patterns", params=given)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["details"].get("at")) == (422, code, at), name
