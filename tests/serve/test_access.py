"""The table of who may do what, walked whole: every route as everybody, and with the ids of somebody else's things."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from cluster import sign_in
from cluster.accounts import Role, user_by_email
from cluster.database import connect
from cluster.tables import ROLES, segments
from serve.ingress.access import ACCESS
from tests.serve.conftest import Enter, send, upload

SEGMENT = {
    "id": "seg_1", "start_ms": 0, "end_ms": 900, "move": "mv_dab", "confidence": 0.9, "mirror": False,
    "embedding": [1.0] * 128, "embedding_version": "enc-1",
    **dict.fromkeys(("pose_version", "feature_version", "model_version", "taxonomy_version"), "1"),
}  # fmt: skip


@pytest.fixture
def things(enter: Enter, pool: Engine, clips: list[bytes]) -> dict[str, str]:
    """The id of a thing of each kind, all of them olga's."""
    olga = enter("olga")
    found = user_by_email(pool, "olga@example.org")
    assert found is not None
    video = upload(olga, clips[0])
    job = olga.post("/v1/analysis", json={"video_id": video}).json()["job_id"]
    olga.post(f"/v1/analysis/{job}/cancel")  # its events end
    with connect(pool) as tx:
        tx.execute(insert(segments).values(SEGMENT | {"video": video}))
    key = sign_in.list_api_keys(pool, found[0].user_id)[0].key_id
    steps = [{"order_idx": 0, "move_id": "mv_dab", "duration_beats": 4}]
    dance = olga.post("/v1/compositions", json={"title": "d", "bpm": 112, "steps": steps}).json()["composition_id"]
    where = f"/v1/compositions/{dance}"
    mine = {
        "key_id": key, "video_id": video, "upload_id": send(olga, clips[1]), "job_id": job, "composition_id": dance,
        "token": olga.post(f"{where}/share").json()["token"],
        "export_id": olga.post(f"{where}/export", json={}).json()["export_id"],
        "comparison_id": olga.post(f"{where}/compare", json={"video_id": video}).json()["comparison_id"],
        "about_id": olga.get("/v1/composer/suggest").json()["suggestion_id"],
    }  # fmt: skip
    mine["webhook_id"] = olga.post("/v1/webhooks", json={"url": "https://example.org/hook"}).json()["webhook_id"]
    mine["segment_id"] = SEGMENT["id"]
    return mine | {"move_id": "mv_dab", "exemplar_id": "ex_1", "number": "1", "semver": "tx-0.1"}


WANTING = {
    ("GET", "/v1/videos/{video_id}/keypoints"), ("GET", "/v1/videos/{video_id}/preview"),
    ("GET", "/v1/moves/{move_id}/exemplars/{exemplar_id}"),
}  # fmt: skip
"""Routes that find nothing here, even for whoever may: no analysis is done, no exemplar is stored."""


def test_who_has_not_signed_in_gets_nowhere(api: TestClient) -> None:
    statuses = {route: api.request(*route).status_code for route in ACCESS}
    assert {route for route, status in statuses.items() if status == 401} == {
        route for route, rule in ACCESS.items() if rule.roles is not None
    }


@pytest.mark.parametrize("role", ROLES)
def test_every_route_with_what_is_olgas(enter: Enter, things: dict[str, str], role: Role) -> None:
    """What may be changed is changed last: a video that is deleted is found by nobody."""
    client = enter("somebody", role)
    for method, path in sorted(ACCESS, key=lambda route: (route[0] == "DELETE", -len(route[1]), route)):
        rule = ACCESS[method, path]
        if rule.roles is None:
            continue
        body = {rule.owns: things[rule.owns]} if rule.owns and method == "POST" else None
        status = client.request(method, path.format(**things), json=body).status_code
        if role not in rule.roles:
            wanted = status == 403
        elif (rule.owns and role not in rule.others) or (method, path) in WANTING:
            wanted = status == 404
        else:
            wanted = status not in (401, 403, 404)
        assert wanted, f"{method} {path}: {status}"


def test_the_table_has_every_route_and_no_other(api: TestClient) -> None:
    app = api.app
    assert isinstance(app, FastAPI)
    documented = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert documented == set(ACCESS)
