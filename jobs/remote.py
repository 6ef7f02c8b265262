"""A DanceApp service over HTTP, asked the same as the index of this machine: `danceapp --server URL ...`."""

import mimetypes
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from cluster.ids import segment_id, video_id
from cluster.move_index import ClipSegments, MoveUse, StoredSegment
from cluster.moves import CatalogueMove
from dancecore.errors import CODES, DanceError
from dancecore.media import sha256_of
from dancecore.types import OTHER, Versions

ATTEMPTS = 5
"""Of one request, while the service says when to come again, or hangs up. Every request may be sent twice."""
LONGEST_WAIT_S = 60
"""Before another attempt, however long the service says: the limits of rate are of minutes."""
POLL_S = 1.0
"""Between two looks at a job, whose states are seconds apart."""
TIMEOUT_S = 60
"""Of a connection without a byte: an upload of 200 MB is probed before it is answered."""


class Service:
    """The service at `url`. `token`: an API key or an access token.

    Every method raises DanceError as the service does, and SERVER_UNREACHABLE.
    """

    def __init__(self, url: str, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}
        try:
            self.http = httpx.Client(base_url=url, timeout=TIMEOUT_S)
        except (httpx.InvalidURL, ValueError) as error:
            raise DanceError("INVALID_INPUT", f"{url!r} is no address of a service: {error}") from error

    def index(self, family: str | None, since: datetime | None) -> list[MoveUse]:
        """The move index, most used first."""
        rows = self._pages("/v1/moves", family=family, since=since and since.isoformat())
        return [MoveUse(**row | {"first_seen": datetime.fromisoformat(row["first_seen"])}) for row in rows]

    def search(self, text: str, family: str | None, difficulty: str | None) -> list[tuple[CatalogueMove, float]]:
        """Moves that are called like this, the most alike first, with their likeness 0..1."""
        found = self._get("/v1/search/moves", q=text, family=family, difficulty=difficulty)["items"]
        return [(_move(each["move"]), each["likeness"]) for each in found]

    def names(self) -> dict[str, str]:
        """The name of every move, by its id."""
        versions = [each["semver"] for each in self._get("/v1/taxonomy/versions")["items"]]
        moves = (move for semver in versions for move in self._pages(f"/v1/taxonomy/{semver}/moves"))
        return {move["move_id"]: move["name"] for move in moves}

    def clip(self, name: str) -> ClipSegments:
        """The segments of one of your clips, by its id or file name. Raises DanceError: NOT_FOUND, INVALID_INPUT."""
        video = self._get(f"/v1/videos/{name if name.startswith('vid_') else self._named(name)}")
        about, names = video["analysis"] or {}, self.names()
        found = self._get(f"/v1/videos/{video['video_id']}/segments")["segments"]
        return ClipSegments(
            video["video_id"], video["filename"], video["duration_ms"], about.get("state"), about.get("reason"),
            tuple(_segment(video["video_id"], each, names) for each in found),
        )  # fmt: skip

    def bring(self, path: Path, consent: str) -> dict[str, Any]:
        """Bring a clip in, unless it is there, and ask for its analysis: {job_id, status}."""
        sha256 = sha256_of(path)
        if not self._has(video_id(sha256)):
            kind = mimetypes.guess_type(path.name)[0] or "video/mp4"
            form = self._post("/v1/uploads/sign", filename=path.name, content_type=kind, sha256=sha256)
            with path.open("rb") as file:
                files = {"file": (path.name, file, kind)}
                self._ask("POST", form["url"], data=form["fields"], files=files, signed=True)
            self._post("/v1/videos", upload_id=form["upload_id"], source="user", consent_version=consent)
        return self._post("/v1/analysis", video_id=video_id(sha256))

    def ended(self, job: str) -> dict[str, Any]:
        """A job, once it has ended."""
        while (found := self._get(f"/v1/analysis/{job}"))["state"] not in ("DONE", "FAILED", "CANCELLED"):
            time.sleep(POLL_S)
        return found

    def _has(self, video: str) -> bool:
        try:
            self._get(f"/v1/videos/{video}")
        except DanceError as error:
            if error.code != "NOT_FOUND":
                raise
            return False
        return True

    def _named(self, name: str) -> str:
        ids = [video["video_id"] for video in self._pages("/v1/videos") if video["filename"] == name]
        if not ids:
            raise DanceError("NOT_FOUND", f"no clip {name!r} is stored; `danceapp index` stores clips")
        if len(ids) > 1:
            said = f"{len(ids)} clips are named {name!r}: say which by its id, {', '.join(ids)}"
            raise DanceError("INVALID_INPUT", said, {"ids": ids})
        return str(ids[0])

    def _pages(self, path: str, **given: Any) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = self._get(path, **given, cursor=cursor, limit=200)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _get(self, path: str, **given: Any) -> dict[str, Any]:
        asked = {name: value for name, value in given.items() if value is not None}
        return _said(self._ask("GET", path, params=asked))

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return _said(self._ask("POST", path, json=body))

    def _ask(self, method: str, path: str, *, signed: bool = False, **content: Any) -> httpx.Response:
        """An answer that is no failure. `signed`: the address itself says who may."""
        headers = {} if signed else self.headers
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self.http.request(method, path, headers=headers, **content)
            except httpx.HTTPError as error:
                if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError)) and attempt < ATTEMPTS:
                    continue  # who answered it went away, and others are there
                message = f"the service at {self.http.base_url} does not answer: {error}"
                raise DanceError("SERVER_UNREACHABLE", message) from error
            wait = answer.headers.get("Retry-After", "")
            if answer.is_success or attempt == ATTEMPTS or not wait.isdigit():
                break
            time.sleep(min(int(wait), LONGEST_WAIT_S))
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: httpx.Response) -> DanceError:
        try:
            said = answer.json()["error"]
            code, message, details = said["code"], said["message"], said["details"]
        except (ValueError, KeyError, TypeError):
            return DanceError("SERVER_UNREACHABLE", f"{answer.url} answers {answer.status_code}, but not as DanceApp")
        return DanceError(code if code in CODES else "INTERNAL", message, details)


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        said: dict[str, Any] = answer.json()
    except ValueError as error:
        raise DanceError("SERVER_UNREACHABLE", f"{answer.url} answers, but not as DanceApp") from error
    return said


def _move(said: dict[str, Any]) -> CatalogueMove:
    return CatalogueMove(**said | {"aliases": tuple(said["aliases"])})


def _segment(video: str, said: dict[str, Any], names: dict[str, str]) -> StoredSegment:
    versions, start_ms, end_ms = Versions(**said["versions"]), said["start_ms"], said["end_ms"]
    return StoredSegment(
        segment_id(video, versions, start_ms, end_ms), start_ms, end_ms, said["move_id"],
        names.get(said["move_id"], OTHER), said["confidence"], said["mirror"],
        tuple((each["move_id"], each["confidence"]) for each in said["alternatives"]), versions,
    )  # fmt: skip
