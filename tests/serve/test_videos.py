"""Files in, videos made, listed, shown and deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update

from cluster import videos as stored_videos
from cluster.database import connect
from cluster.index import write_clip
from cluster.objects import LocalObjects
from cluster.tables import uploads
from dancecore.errors import DanceError
from dancecore.media import write_video
from dancecore.media.fingerprint import fingerprint
from dancecore.types import Image
from serve.ingress import videos as ingress
from serve.ingress.api import create_app
from serve.ingress.services import Services
from tests.cluster.stored import clip
from tests.dancecore.media.test_fingerprint import COPIES, dancer, smaller
from tests.serve.conftest import Enter, send, sha, upload

SIGN = {"filename": "party.mp4", "content_type": "video/mp4", "sha256": "a" * 64}
NEW = {"source": "user", "consent_version": "2026-06"}


def test_a_file_becomes_a_video(enter: Enter, clips: list[bytes], store: LocalObjects) -> None:
    ann = enter("ann")
    video = upload(ann, clips[0])
    shown = ann.get(f"/v1/videos/{video}").json()
    assert {name: shown[name] for name in ("filename", "source", "sha256", "consent_version", "width", "height")} == {
        "filename": "party.mp4", "source": "user", "sha256": sha(clips[0]), "consent_version": "2026-06",
        "width": 64, "height": 64,
    }  # fmt: skip
    assert (shown["duration_ms"], shown["fps"]) == (4000, 5.0)
    assert (shown["analysis"], shown["preview_url"]) == (None, None)
    assert store.keys() == [f"videos/{video}/source.mp4"]
    assert store.get(f"videos/{video}/source.mp4") == clips[0]


def test_the_same_file_is_the_same_video(enter: Enter, clips: list[bytes]) -> None:
    ann = enter("ann")
    first = upload(ann, clips[0])
    assert upload(ann, clips[0], "again.mp4") == first
    assert [each["video_id"] for each in ann.get("/v1/videos").json()["items"]] == [first]


def test_an_upload_is_one_video_however_often_it_is_made(enter: Enter, clips: list[bytes]) -> None:
    ann = enter("ann")
    new = NEW | {"upload_id": send(ann, clips[0])}
    assert ann.post("/v1/videos", json=new).json() == ann.post("/v1/videos", json=new).json()


def test_a_clip_of_somebody_else_is_refused(enter: Enter, clips: list[bytes]) -> None:
    ann, bob = enter("ann"), enter("bob")
    upload(ann, clips[0])
    answer = bob.post("/v1/videos", json=NEW | {"upload_id": send(bob, clips[0])})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ALREADY_EXISTS")


def test_a_clip_that_the_indexing_job_brought_becomes_its_senders(
    enter: Enter, clips: list[bytes], pool: Engine
) -> None:
    indexed = clip("a.mp4", ("mv_dab", 0, 1000))
    write_clip(pool, replace(indexed, info=replace(indexed.info, sha256=sha(clips[0]))))
    ann = enter("ann")
    video = upload(ann, clips[0])
    assert len(ann.get(f"/v1/videos/{video}/segments").json()["segments"]) == 1


SIGNINGS = {
    "a web page": ({"content_type": "text/html"}, 422),
    "no digest": ({"sha256": "x"}, 422),
    "no name": ({"filename": ""}, 422),
    "a name with a nul": ({"filename": "a\0b.mp4"}, 200),
}


NAMES = {"/etc/passwd": "passwd", "C:\\clips\\a.mp4": "a.mp4", "folder/": "folder", "//": "clip"}


@pytest.mark.parametrize(("given", "kept"), NAMES.items())
def test_a_name_has_no_folders(enter: Enter, pool: Engine, given: str, kept: str) -> None:
    enter("ann").post("/v1/uploads/sign", json=SIGN | {"filename": given})
    with connect(pool) as tx:
        assert tx.scalar(select(uploads.c.filename)) == kept


@pytest.mark.parametrize(("changes", "status"), SIGNINGS.values(), ids=SIGNINGS)
def test_what_is_signed(enter: Enter, changes: dict[str, str], status: int) -> None:
    assert enter("ann").post("/v1/uploads/sign", json=SIGN | changes).status_code == status


def post(client: TestClient, url: str, content: bytes, kind: str = "video/mp4", field: str = "file") -> int:
    return client.post(url, data={"Content-Type": kind}, files={field: ("a.mp4", content, kind)}).status_code


def test_a_signed_address_takes_what_was_signed(enter: Enter, api: TestClient, pool: Engine) -> None:
    url = enter("ann").post("/v1/uploads/sign", json=SIGN).json()["url"]
    assert post(api, url, b"x", kind="text/html") == 422
    assert post(api, url, b"x", field="other") == 422
    assert post(api, url, b"") == 422
    assert post(api, url[:-1], b"x") == 403
    assert post(api, url.replace("upl_", "upl_0"), b"x") == 404
    assert post(api, url, b"x") == 204
    with connect(pool) as tx:
        tx.execute(update(uploads).values(expires_at=datetime.now(UTC)))
    assert post(api, url, b"x") == 403


def test_a_file_over_the_limit_is_refused_unread(enter: Enter, api: TestClient, using: Services) -> None:
    url = enter("ann").post("/v1/uploads/sign", json=SIGN).json()["url"]
    size = {
        "Content-Length": str(using.settings.media.max_bytes + 2_000_000),
        "Content-Type": "multipart/form-data; boundary=x",
    }
    assert api.post(url, headers=size, content=iter([b"x"])).status_code == 413


REFUSED = {
    "another file than announced": (b"", "a" * 64, 422, "INVALID_INPUT"),
    "no video": (b"no video at all", None, 422, "NOT_A_VIDEO"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_become_no_video(enter: Enter, clips: list[bytes], case: str, store: LocalObjects) -> None:
    content, said, status, code = REFUSED[case]
    ann, content = enter("ann"), content or clips[0]
    signed = ann.post("/v1/uploads/sign", json=SIGN | {"sha256": said or sha(content)}).json()
    assert post(ann, signed["url"], content) == 204
    answer = ann.post("/v1/videos", json=NEW | {"upload_id": signed["upload_id"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert store.keys("videos/") == []


def test_a_video_of_a_file_that_never_came(enter: Enter) -> None:
    ann = enter("ann")
    signed = ann.post("/v1/uploads/sign", json=SIGN).json()
    assert ann.post("/v1/videos", json=NEW | {"upload_id": signed["upload_id"]}).status_code == 404


def test_a_copy_of_ones_own_video_is_told_and_nobody_elses(enter: Enter, tmp_path: Path) -> None:
    def filmed(seed: int, change: Callable[[Image], Image] = lambda image: image) -> bytes:
        write_video(tmp_path / "a.mp4", map(change, dancer(seed)), fps=15)
        return (tmp_path / "a.mp4").read_bytes()

    def made(client: TestClient, content: bytes) -> dict[str, str | None]:
        new = NEW | {"upload_id": send(client, content)}
        said: dict[str, str | None] = client.post("/v1/videos", json=new).json()
        assert client.post("/v1/videos", json=new).json() == said
        return said

    ann, bob = enter("ann"), enter("bob")
    first = made(ann, filmed(0))
    assert first["duplicate_of"] is None
    assert made(ann, filmed(1))["duplicate_of"] is None
    copies = [made(ann, filmed(0, change)) for change in COPIES.values()]
    assert {each["duplicate_of"] for each in copies} <= {first["video_id"], *(each["video_id"] for each in copies)}
    assert copies[0]["duplicate_of"] == first["video_id"]
    assert made(bob, filmed(0, lambda image: smaller(smaller(image))))["duplicate_of"] is None
    for each in (first, *copies[:-1]):
        ann.delete(f"/v1/videos/{each['video_id']}")
    assert made(ann, filmed(0, smaller)) == {
        "video_id": copies[0]["video_id"], "duplicate_of": copies[-1]["video_id"],
    }  # fmt: skip


def test_consent_is_needed_and_partners_are_the_administrators(enter: Enter, clips: list[bytes]) -> None:
    ann = enter("ann")
    sent = send(ann, clips[0])
    assert ann.post("/v1/videos", json={"upload_id": sent, "source": "user"}).status_code == 422
    assert ann.post("/v1/videos", json=NEW | {"upload_id": sent, "source": "partner"}).status_code == 403


def test_uploads_of_a_day_are_counted(enter: Enter, using: Services, pool: Engine) -> None:
    ann = enter("ann")
    ann.post("/v1/uploads/sign", json=SIGN)
    with connect(pool) as tx:
        one = dict(tx.execute(uploads.select()).mappings().one())
        many = [one | {"id": f"upl_{n}"} for n in range(using.settings.serve.videos_per_day - 1)]
        tx.execute(uploads.insert(), many)
    answer = ann.post("/v1/uploads/sign", json=SIGN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")


def test_a_list_in_pages(enter: Enter, clips: list[bytes]) -> None:
    ann, bob = enter("ann"), enter("bob")
    made = [upload(ann, content) for content in clips]
    first = ann.get("/v1/videos", params={"limit": 2}).json()
    rest = ann.get("/v1/videos", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["video_id"] for each in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert bob.get("/v1/videos").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIiwiYiJd", "////"], ids=["x", "a number", "no time", "slashes"])
def test_cursors_that_did_not_come_from_us(enter: Enter, cursor: str) -> None:
    assert enter("ann").get("/v1/videos", params={"cursor": cursor}).status_code == 422


def test_a_deleted_video_is_gone_until_its_owner_brings_it_back(enter: Enter, clips: list[bytes]) -> None:
    ann, bob = enter("ann"), enter("bob")
    video = upload(ann, clips[0])
    assert ann.delete(f"/v1/videos/{video}").status_code == 204
    assert ann.get(f"/v1/videos/{video}").status_code == 404
    assert ann.get("/v1/videos").json()["items"] == []
    assert bob.post("/v1/videos", json=NEW | {"upload_id": send(bob, clips[0])}).status_code == 409
    assert upload(ann, clips[0]) == video
    assert ann.get(f"/v1/videos/{video}").status_code == 200


def test_what_is_sent_while_a_video_is_made_is_no_part_of_it(
    enter: Enter, clips: list[bytes], store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of the video of somebody else, who has the same file."""
    ann, eve = enter("ann"), enter("eve")
    about = SIGN | {"sha256": sha(clips[0])}
    for client in (ann, eve):
        signed = client.post("/v1/uploads/sign", json=about).json()

        def post(content: bytes, signed: Any = signed, client: TestClient = client) -> None:
            client.post(signed["url"], data=signed["fields"], files={"file": ("a.mp4", content, "video/mp4")})

        def again(path: Path, post: Callable[[bytes], None] = post) -> Any:
            post(b"another file")
            return fingerprint(path)

        post(clips[0])
        monkeypatch.setattr(ingress, "fingerprint", again)
        client.post("/v1/videos", json=NEW | {"upload_id": signed["upload_id"]})
        (source,) = store.keys("videos/")
        assert store.get(source) == clips[0]


def test_bytes_are_counted_one_video_at_a_time(using: Services, enter: Enter, clips: list[bytes]) -> None:
    """Also where several are made at once: there is room for one."""
    little = replace(using.settings.serve, stored_bytes=max(map(len, clips)) + 10)
    app = create_app(replace(using, settings=using.settings.model_copy(update={"serve": little})))
    ann = TestClient(app, headers=enter("ann").headers)
    sent = [NEW | {"upload_id": send(ann, content)} for content in clips]
    with ThreadPoolExecutor() as threads:
        made = list(threads.map(lambda new: ann.post("/v1/videos", json=new).status_code, sent))
    assert sorted(made) == [201, 403, 403]


def test_of_a_video_that_is_refused_at_last_nothing_stays(
    enter: Enter, clips: list[bytes], store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = enter("ann")
    monkeypatch.setattr(stored_videos, "add", failing)
    assert ann.post("/v1/videos", json=NEW | {"upload_id": send(ann, clips[0])}).status_code == 403
    assert store.keys("videos/") == []


def failing(*given: Any) -> str:
    raise DanceError("QUOTA_EXCEEDED", "another video was made meanwhile")


def test_a_video_that_is_brought_back_while_it_is_purged_has_its_file(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = enter("ann")
    video = upload(ann, clips[0])
    ann.delete(f"/v1/videos/{video}")
    deleted, put = store.delete, store.put
    ready, begun = Event(), Event()

    def slow(key: str) -> None:
        if key.startswith("videos/"):
            begun.set()
            assert ready.wait(20)
        deleted(key)

    def told(key: str, data: Any) -> None:
        put(key, data)
        if key.startswith("videos/"):
            ready.set()

    monkeypatch.setattr(store, "delete", slow)
    with ThreadPoolExecutor() as threads:
        purged = threads.submit(stored_videos.purge, pool, store, datetime.now(UTC) + timedelta(seconds=1))
        assert begun.wait(20)
        monkeypatch.setattr(store, "put", told)
        assert upload(ann, clips[0]) == video
        assert purged.result() == 1
    assert ann.get(f"/v1/videos/{video}").status_code == 200
    assert store.get(f"videos/{video}/source.mp4") == clips[0]


def test_what_was_deleted_is_purged_in_time(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, tmp_path: Path
) -> None:
    ann = enter("ann")
    gone, kept = upload(ann, clips[0]), upload(ann, clips[1])
    ann.delete(f"/v1/videos/{gone}")
    now = datetime.now(UTC)
    assert stored_videos.purge(pool, store, now - timedelta(days=1)) == 0
    assert stored_videos.purge(pool, store, now + timedelta(seconds=1)) == 1
    assert store.keys() == [f"videos/{kept}/source.mp4"]
