"""The studio is served where it was built, and hides nothing of the API."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from serve.ingress import studio
from serve.ingress.api import create_app
from serve.ingress.services import Services


def test_a_built_studio_is_where_one_comes_first(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>Studio</title>")
    (tmp_path / "studio.js").write_text("1")
    app = FastAPI()
    studio.install(app, tmp_path)
    browser = TestClient(app)
    first = browser.get("/")
    assert (str(first.url), first.text) == ("http://testserver/studio/", "<title>Studio</title>")
    assert browser.get("/studio/studio.js").headers["content-type"].startswith("text/javascript")


def test_without_one_one_comes_to_the_page_of_the_api(using: Services, tmp_path: Path) -> None:
    app = FastAPI()
    studio.install(app, tmp_path / "not built")
    assert TestClient(app, follow_redirects=False).get("/").headers["location"] == "/v1/docs"
    api = TestClient(create_app(using))
    assert api.get("/v1/nothing").json()["error"]["code"] == "NOT_FOUND"
    assert api.get("/v1/auth/login").json()["error"]["code"] == "METHOD_NOT_ALLOWED"
