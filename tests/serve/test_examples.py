"""serve/API.md has an example of every call, and every one of them works."""

import re
import shlex
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient
from httpx2 import Response

from serve.ingress.access import ACCESS
from serve.ingress.api import create_app
from serve.ingress.examples import ELSEWHERE, FILE
from tests.conftest import ROOT
from tests.serve.conftest import sha
from tests.serve.live import Live

GIVEN = ("refresh_token", "upload_id", "suggestion_id", "plan_id")
PART = re.compile(r"## (\S+) (\S+)\n.*?```sh\n(.*?)```", re.DOTALL)
EXAMPLES = {(method, path): said for method, path, said in PART.findall((ROOT / "serve/API.md").read_text())}

NOT_HERE = {
    ("GET", "/v1/auth/oidc"): "a provider to sign in at",
    ("GET", "/v1/auth/oidc/callback"): "likewise",
    ("PUT", "/v1/me/password"): "a password that was set before, or another code",
    ("PUT", "/v1/uploads/{upload_id}/parts/{number}/content"): "an address that was signed for this part",
    ("GET", "/v1/exports/{export_id}/files/{name}"): "an address that was signed for this file",
    ("POST", "/v1/moves/{move_id}/exemplars"): "a move that was taught before",
}
"""Calls that want what this test has not got; tests of their own make them."""


def test_every_call_has_an_example() -> None:
    assert set(EXAMPLES) == set(ACCESS)


def test_every_example_works(live: Live, clips: list[bytes]) -> None:
    """From top to bottom, as a reader would, with the ids of what is here; what is deleted is deleted last."""
    client = TestClient(create_app(live.using))
    names = Names(client, live, clips[2])
    failed = []
    for method, path in sorted(EXAMPLES.keys() - NOT_HERE.keys(), key=late):
        answer = run(client, names.put_into(EXAMPLES[method, path]), clips[2])
        if not answer.is_success:
            failed.append(f"{method} {path}: {answer.status_code} {answer.text}")
        elif answer.content and answer.headers["content-type"] == "application/json":
            names.learn(answer.json())
    assert failed == []


def late(call: tuple[str, str]) -> tuple[bool, int]:
    """In the order of the page; what is deleted is deleted last, and what is in it before."""
    method, path = call
    return method == "DELETE", -len(path) if method == "DELETE" else list(EXAMPLES).index(call)


class Names:
    """What the page calls things, and what they are called here."""

    def __init__(self, client: TestClient, live: Live, clip: bytes) -> None:
        shapes = client.get("/v1/openapi.json").json()["components"]["schemas"]
        examples = [shape["examples"][0] for shape in shapes.values() if "examples" in shape]
        self.shown = {name: value for example in examples for name, value in example.items()} | ELSEWHERE
        self.code = shapes["Login"]["examples"][0]["code"]
        self.live = live
        self.here = {str(self.shown[name]): value for name, value in live.ids.items() if name in self.shown}
        self.here |= {"$api": "", "$key": live.token, str(self.shown["sha256"]): sha(clip)}

    def learn(self, said: dict[str, Any]) -> None:
        """Tokens and addresses are good once: the ones that were given last."""
        self.here |= {self.shown[name]: said[name] for name in GIVEN if name in said}
        if "fields" in said:
            self.here[self.shown["signature"]] = parse_qs(urlsplit(said["url"]).query)["signature"][0]
        if code := self.live.codes.get("ann@example.org"):
            self.here[self.code] = code

    def put_into(self, command: str) -> str:
        """A command of the page as it is given here."""
        for shown, here in sorted(self.here.items(), key=lambda pair: -len(pair[0])):
            command = command.replace(shown, here)
        return command


def run(client: TestClient, command: str, clip: bytes) -> Response:
    """What curl would be answered."""
    words = shlex.split(command.replace("\\\n", " "))
    given: dict[str, list[str]] = {"-X": [], "-H": [], "-d": [], "-F": []}
    (address,) = [word for at, word in enumerate(words[1:]) if word not in given and words[at] not in given]
    for option, value in pairwise(words):
        if option in given:
            given[option].append(value)
    headers = dict(header.split(": ", 1) for header in given["-H"])
    files = {form.partition("=")[0]: (FILE, clip, "video/mp4") for form in given["-F"]}
    return client.request(
        given["-X"][0], address, headers=headers, content="".join(given["-d"]) or None, files=files or None
    )
