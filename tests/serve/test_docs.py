"""The page of the API: all there, for anybody, and from nowhere else."""

import re

from fastapi.testclient import TestClient


def test_the_page_and_all_it_loads_are_ours(api: TestClient) -> None:
    page = api.get("/v1/docs")
    named = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
    urls = [url for pair in named for url in pair if url]
    assert len(urls) == 4
    for url in urls:
        assert url.startswith("/v1/")
        assert api.get(url).status_code == 200, url
    assert "://" not in page.text
    assert '"validatorUrl": null' in page.text


def test_a_browser_is_told_to_ask_nobody_else(api: TestClient) -> None:
    policy = api.get("/v1/docs").headers["Content-Security-Policy"]
    told = dict(part.split(maxsplit=1) for part in policy.split("; "))
    assert told["default-src"] == "'none'"
    allowed = {source for sources in told.values() for source in sources.split()}
    assert allowed == {"'none'", "'self'", "'unsafe-inline'", "data:"}


def test_the_files_are_of_a_swagger_ui_that_reads_our_document(api: TestClient) -> None:
    """Those before 5 know nothing of OpenAPI 3.1."""
    found = re.search(r'PACKAGE_VERSION:"(\d+)\.', api.get("/v1/docs/files/swagger-ui-bundle.js").text)
    assert found
    assert int(found[1]) >= 5
    assert api.get("/v1/openapi.json").json()["openapi"].startswith("3.1")
    assert api.get("/v1/docs/files/nothing.js").status_code == 404
