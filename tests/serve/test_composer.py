"""The composer over HTTP: suggestions, plans, names; and what is told of what people do with them."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster.choreographies import INDEX, learn, mark_of
from cluster.experiment import variant_of
from cluster.settings import settings
from dancecore.composer.steps import Choreography, Heard
from serve.composer import Choreographer
from tests.serve.conftest import Enter

FLOSS, DAB = {"move_id": "mv_floss", "beats": 4}, {"move_id": "mv_dab", "beats": 4}


@pytest.fixture
def ann(enter: Enter) -> TestClient:
    return enter("ann")


def ask(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/composer/{path}", json=body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def danced(pool: Engine, *names: str, times: int = 5) -> None:
    """People who dance these moves one after another."""
    dances = [Choreography(f"{names[0]}{i}", tuple(Heard(name, 4.0) for name in names)) for i in range(times)]
    learn(pool, INDEX, [(mark_of(dance), dance) for dance in dances])


def test_what_people_dance_is_suggested_once_the_composer_has_heard_of_it(
    ann: TestClient, composer: Choreographer, pool: Engine
) -> None:
    after = {"prev": "twist", "bpm": 105}
    before = ann.get("/v1/composer/suggest", params=after).json()["items"]
    assert "seen" not in {reason["part"] for row in before for reason in row["reasons"]}, "nobody danced yet"
    danced(pool, "mv_twist", "mv_swim", "mv_twist", "mv_swim")
    assert composer.reload()
    assert not composer.reload()
    found = ann.get("/v1/composer/suggest", params=after).json()
    best = found["items"][0]
    assert best["move_id"] == "mv_swim"
    assert "seen 10 times after Twist" in {reason["reason"] for reason in best["reasons"]}
    assert best["score"] == pytest.approx(sum(reason["value"] for reason in best["reasons"]))
    assert found["next_cursor"] is None
    others = ann.get("/v1/composer/suggest", params=after | {"exclude": ["swim", "mv_clap"]}).json()["items"]
    assert not {"mv_swim", "mv_clap"} & {row["move_id"] for row in others}
    whole = ask(ann, "suggest", steps=[FLOSS, {"move_id": "twist", "beats": 4}], bpm=105, max_difficulty=2)
    assert whole["items"][0]["move_id"] == "mv_swim"


def test_what_somebody_enrolled_is_suggested_to_nobody(composer: Choreographer, pool: Engine) -> None:
    danced(pool, "mv_twist", "mv_local_secret")
    assert composer.reload()
    assert "mv_local_secret" not in composer.writers["plain"].names


def test_a_dance_is_planned_swapped_redone_and_continued(ann: TestClient) -> None:
    wishes = {"bpm": 110, "energy": [2, 5], "must": ["floss"], "never": ["mv_clap"], "seed": 4}
    made = ask(ann, "plan", bars=4, steps=[DAB], last="dab", **wishes)
    steps = [{name: step[name] for name in ("move_id", "beats", "mirror")} for step in made["steps"]]
    assert (steps[0]["move_id"], steps[-1]["move_id"]) == ("mv_dab", "mv_dab")
    assert sum(step["beats"] for step in steps) == 16
    assert "mv_floss" in {step["move_id"] for step in steps}
    assert made["steps"][1]["reasons"]
    swapped = ask(ann, "swap", steps=steps, order=1, bpm=110)["steps"]
    assert swapped[1]["move_id"] != steps[1]["move_id"]
    assert swapped[0]["move_id"] == "mv_dab"
    redone = ask(ann, "regenerate", steps=steps, keep=2, bpm=110, seed=9)["steps"]
    assert [step["move_id"] for step in redone[:2]] == [step["move_id"] for step in steps[:2]]
    longer = ask(ann, "plan", bars=6, steps=steps, bpm=110)["steps"]
    assert [step["move_id"] for step in longer[: len(steps)]] == [step["move_id"] for step in steps]
    assert sum(step["beats"] for step in longer) == 24
    kept = ask(ann, "plan", bars=2, locked=[{"start_beat": 4, **FLOSS, "mirror": True}])["steps"]
    assert {name: kept[-1][name] for name in FLOSS} == FLOSS
    assert kept[-1]["mirror"]


def test_names_are_enough_and_what_is_not_clear_is_asked(ann: TestClient) -> None:
    read = ask(ann, "parse", text="two-step x2, the dab (mirror), flos 4")
    assert [(step["move_id"], step["mirror"]) for step in read["steps"][1:]] == [
        ("mv_two_step", False), ("mv_dab", True), ("mv_floss", False),
    ]  # fmt: skip
    assert read["remarks"] == ["'flos' was read as Floss"]
    asked = ask(ann, "parse", text="dab, turn")
    assert asked["steps"] == []
    assert "Jump turn" in asked["questions"][0]["candidates"]


REFUSED = {
    "no such move": ("plan", {"bars": 2, "must": ["zzz"]}, "UNKNOWN_MOVE"),
    "several moves": ("suggest", {"steps": [{"move_id": "turn", "beats": 4}]}, "UNKNOWN_MOVE"),
    "no such style": ("plan", {"bars": 2, "style": "polka"}, "INVALID_INPUT"),
    "no room": ("plan", {"bars": 1, "must": ["floss", "dab", "swim"]}, "NO_PLAN"),
    "no such step": ("swap", {"steps": [FLOSS], "order": 3}, "INVALID_INPUT"),
    "no bars": ("plan", {"bars": 0}, "INVALID_INPUT"),
    "no text": ("parse", {"text": " , "}, "INVALID_INPUT"),
    "a field too many": ("plan", {"bars": 2, "colour": "red"}, "INVALID_INPUT"),
}


def test_what_cannot_be_is_refused(ann: TestClient) -> None:
    for case, (path, body, code) in REFUSED.items():
        answer = ann.post(f"/v1/composer/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), case


def test_what_is_done_with_suggestions_and_plans_is_told_by_variant(
    ann: TestClient, enter: Enter, pool: Engine
) -> None:
    shown = [ann.get("/v1/composer/suggest", params={"prev": "dab"}).json()["suggestion_id"] for _ in range(2)]
    said = ann.post("/v1/composer/events", json={"kind": "accepted", "about_id": shown[0], "beats": 4})
    assert said.status_code == 204
    made = ask(ann, "plan", bars=2)
    steps = [
        {"order_idx": i, "move_id": step["move_id"], "duration_beats": step["beats"], "mirror": step["mirror"]}
        for i, step in enumerate(made["steps"])
    ]
    new = {"title": "mine", "bpm": 110, "steps": steps, "plan_id": made["plan_id"]}
    kept = ann.post("/v1/compositions", json=new)
    changed = [{**steps[0], "mirror": not steps[0]["mirror"]}, *steps[1:]]
    where = f"/v1/compositions/{kept.json()['composition_id']}"
    answer = ann.put(where, json=new | {"steps": changed}, headers={"If-Match": kept.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    bob = enter("bob")
    assert bob.post("/v1/compositions", json=new).status_code == 404, "the plan is ann's"
    assert bob.post("/v1/composer/events", json={"kind": "accepted", "about_id": shown[1]}).status_code == 404
    assert bob.post("/v1/composer/events", json={"kind": "abandoned"}).status_code == 204
    told = {row["variant"]: row for row in enter("root", "admin").get("/v1/composer/experiment").json()["variants"]}
    numbers = settings().experiment
    hers = told[variant_of(ann.get("/v1/me").json()["user_id"], numbers)]
    assert (hers["suggestions"], hers["acceptance"], hers["edited"], hers["edit_distance"]) == (2, 0.5, 1, 1.0)
    assert hers["dances"] == 1
    assert 0 < hers["diversity"] <= 1
    assert hers["first_bar_s"] is not None
    assert sum(row["sessions"] for row in told.values()) == 2
    his = told[variant_of(bob.get("/v1/me").json()["user_id"], numbers)]
    assert his["abandonment"] == (0.5 if his is hers else 1.0)
