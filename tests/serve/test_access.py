"""The table of who may do what, walked whole: every route as everybody, and with the ids of somebody else's things."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from cluster import sign_in
from cluster.accounts import user_by_email
from cluster.tables import ROLES
from serve.ingress.access import ACCESS
from tests.serve.conftest import Enter, send, upload

ROUTES = sorted(ACCESS, key=str)
NAMES = [" ".join(route) for route in ROUTES]


@pytest.fixture
def things(enter: Enter, pool: Engine, clips: list[bytes]) -> dict[str, str]:
    """The id of a thing of each kind, all of them olga's."""
    olga = enter("olga")
    found = user_by_email(pool, "olga@example.org")
    assert found is not None
    video = upload(olga, clips[0])
    job = olga.post("/v1/analysis", json={"video_id": video}).json()["job_id"]
    olga.post(f"/v1/analysis/{job}/cancel")  # its events end
    key = sign_in.list_api_keys(pool, found[0].user_id)[0].key_id
    return {"key_id": key, "video_id": video, "upload_id": send(olga, clips[1]), "job_id": job}


WANTING = {("GET", "/v1/videos/{video_id}/keypoints"), ("GET", "/v1/videos/{video_id}/preview")}
"""Routes that find nothing before an analysis is done, even for whoever may."""


def refused(answer_status: int) -> bool:
    return answer_status in (401, 403, 404)


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_who_has_not_signed_in_gets_nowhere(api: TestClient, route: tuple[str, str]) -> None:
    status = api.request(*route).status_code
    assert (status == 401) == (ACCESS[route].roles is not None)


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_every_role_and_what_is_olgas(enter: Enter, things: dict[str, str], route: tuple[str, str]) -> None:
    method, path = route
    rule = ACCESS[route]
    if rule.roles is None:
        pytest.skip("open to everybody")
    body = {rule.owns: things[rule.owns]} if rule.owns and method == "POST" else None
    for role in ROLES:
        status = enter(f"{role}_1", role).request(method, path.format(**things), json=body).status_code
        if role not in rule.roles:
            assert status == 403, role
        elif (rule.owns and role not in rule.others) or route in WANTING:
            assert status == 404, role
        else:
            assert not refused(status), role


def test_the_table_has_every_route_and_no_other(api: TestClient) -> None:
    app = api.app
    assert isinstance(app, FastAPI)
    documented = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert documented == set(ACCESS)
