"""Whether a failure is one that the OpenAPI document tells of its route."""

from functools import cache
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.routing import compile_path

from serve.ingress.access import ACCESS
from serve.ingress.api import describe


@cache
def failures() -> dict[tuple[str, str], dict[int, set[str]]]:
    """The codes of every route's failures, by status."""
    document = describe()
    return {route: dict(_codes(document, *route)) for route in ACCESS}


def check(method: str, path: str, status: int, said: Any) -> None:
    """Raise AssertionError for a failure of a route, as `path` of the document, that is not told of."""
    code = said["error"]["code"]
    assert code in failures()[method, path].get(status, ()), f"{method} {path} tells of no {status} {code}"


class ToldClient(TestClient):
    """A client that holds every failure it meets to the document."""

    def request(self, method: str, url: Any, **given: Any) -> Response:  # type: ignore[override]
        answer = super().request(method, url, **given)
        asked = (path for of, path in ACCESS if of == method and compile_path(path)[0].fullmatch(answer.url.path))
        path = next(asked, None)
        if path is not None and answer.is_error:
            check(method, path, answer.status_code, answer.json())
        return answer


def _codes(document: dict[str, Any], method: str, path: str) -> Any:
    for status, response in document["paths"][path][method.lower()]["responses"].items():
        if "$ref" in response:
            content = document["components"]["responses"][response["$ref"].rpartition("/")[2]]["content"]
            yield int(status), set(content["application/json"]["examples"])
