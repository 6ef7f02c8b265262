"""One contract for both stores: a folder, and a real S3 server that checks signatures."""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from cluster import keys
from cluster.objects import LocalObjects, Objects, S3Objects, objects
from cluster.settings import settings
from dancecore.errors import DanceError
from tests.weed import ACCESS, SECRET, weed


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """host:port of a SeaweedFS that refuses wrong signatures, with the bucket `dance`."""
    with weed() as server:
        yield server.address


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Objects]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = S3Objects(f"http://{s3_server}/dance")
    yield made
    for key in made.keys():  # noqa: SIM118  no dictionary
        made.delete(key)
    made.client._http.clear()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    made: Objects = LocalObjects(tmp_path / "objects") if request.param == "folder" else request.getfixturevalue("s3")
    return made


CONTENT = {"empty": b"", "text": b"a move", "every byte": bytes(range(256)), "12 MiB": os.urandom(12 * 2**20)}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
@pytest.mark.parametrize("from_file", [False, True], ids=["bytes", "file"])
def test_what_is_put_is_got(store: Objects, content: bytes, from_file: bool, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(content)
    store.put("videos/vid_1/source.mp4", tmp_path / "given" if from_file else content)
    assert store.get("videos/vid_1/source.mp4") == content
    assert store.exists("videos/vid_1/source.mp4")


def test_a_put_replaces(store: Objects) -> None:
    store.put("a/b", b"old and long")
    store.put("a/b", b"new")
    assert (store.get("a/b"), store.keys()) == (b"new", ["a/b"])


def test_a_file_has_the_bytes_and_the_store_keeps_them(store: Objects) -> None:
    store.put("uploads/upl_1", b"a clip")
    with store.file("uploads/upl_1") as path:
        assert (path.name, path.read_bytes()) == ("upl_1", b"a clip")
    assert store.get("uploads/upl_1") == b"a clip"
    with pytest.raises(DanceError, match="OBJECT_MISSING"), store.file("uploads/upl_2"):
        pass


POSTS = {
    "as signed": ({}, b"a clip", 204),
    "another type": ({"Content-Type": "text/html"}, b"a clip", 403),
    "another key": ({"key": "videos/vid_1/source.mp4"}, b"a clip", 403),
    "too large": ({}, b"x" * 101, 400),
    "empty": ({}, b"", 400),
}


@pytest.mark.parametrize(("changed", "content", "status"), POSTS.values(), ids=POSTS)
def test_a_signed_form_takes_what_was_signed(
    s3: S3Objects, changed: dict[str, str], content: bytes, status: int
) -> None:
    url, fields = s3.form("uploads/upl_1", "video/mp4", 100, datetime.now(UTC) + timedelta(minutes=5))
    answer = urllib3.PoolManager().request("POST", url, fields=fields | changed | {"file": ("a.mp4", content)})
    assert answer.status == status
    assert s3.exists("uploads/upl_1") == (status == 204)


def test_parts_are_joined(store: Objects) -> None:
    parts = {f"parts/upl_1/{n:05d}": os.urandom(5 * 2**20 if n < 3 else 7) for n in (1, 2, 3)}
    for key, content in parts.items():
        store.put(key, content)
    assert store.sizes("parts/upl_1/") == {key: len(content) for key, content in parts.items()}
    store.join("uploads/upl_1", list(parts))
    assert store.get("uploads/upl_1") == b"".join(parts.values())
    store.join("uploads/upl_2", ["parts/upl_1/00003"])
    assert store.get("uploads/upl_2") == parts["parts/upl_1/00003"]
    with pytest.raises(DanceError, match="OBJECT_MISSING"):
        store.join("uploads/upl_3", ["parts/upl_1/00009"])


def test_anybody_may_put_to_a_signed_address(s3: S3Objects) -> None:
    url = s3.address("parts/upl_1/00001", timedelta(minutes=5))
    pool = urllib3.PoolManager()
    assert pool.request("PUT", url, body=b"a part").status == 200
    assert s3.get("parts/upl_1/00001") == b"a part"
    assert pool.request("PUT", url.replace("00001", "00002"), body=b"a part").status == 403


def test_nothing_there(store: Objects) -> None:
    assert not store.exists("a/b")
    assert store.keys() == store.keys("a/") == []
    with pytest.raises(DanceError, match="OBJECT_MISSING"):
        store.get("a/b")
    store.delete("a/b")


def test_deleted(store: Objects) -> None:
    store.put("a/b", b"1")
    store.put("a/c", b"2")
    store.delete("a/b")
    assert not store.exists("a/b")
    assert store.keys() == ["a/c"]


def test_a_folder_is_no_object(store: Objects) -> None:
    store.put("a/b/c", b"1")
    assert not store.exists("a/b")
    with pytest.raises(DanceError, match="OBJECT_MISSING"):
        store.get("a/b")


def test_keys_by_prefix_sorted(store: Objects) -> None:
    want = ["videos/vid_1/pose/k.npz", "videos/vid_1/source.mp4", "videos/vid_10/source.mp4", "moves/m/t.npz"]
    for key in want:
        store.put(key, b"x")
    assert store.keys() == sorted(want)
    assert store.keys("videos/") == sorted(want[:3])
    assert store.keys("videos/vid_1/") == sorted(want[:2])
    assert store.keys("videos/vid_1") == sorted(want[:3])
    assert store.keys("videos/vid_2") == store.keys("nothing/") == []


BAD = {
    "up": "../secret", "up inside": "a/../../secret", "absolute": "/etc/passwd", "nul": "a\0b", "empty": "",
    "empty part": "a//b", "folder": "a/", "dot": "a/./b", "hidden": ".ssh/id", "backslash": "a\\b", "space": "a b",
    "newline": "a\n", "unicode": "é", "long part": "a" * 201, "long": "/".join(["a" * 100] * 11), "query": "a?b#c",
    "escape": "a%2e%2e",
}  # fmt: skip


@pytest.mark.parametrize("key", BAD.values(), ids=BAD)
def test_keys_that_are_refused(store: Objects, key: str) -> None:
    for call in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.exists(key)):
        with pytest.raises(DanceError, match="INVALID_INPUT"):
            call()
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        store.delete(key)


@pytest.mark.parametrize("prefix", ["../", "/", "a//", "a/../", ".hidden", "\0"])
def test_prefixes_that_are_refused(store: Objects, prefix: str) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        store.keys(prefix)


@given(st.text("ab./\\\0-~ é", max_size=12))
def test_a_key_that_passes_stays_in_its_folder(key: str) -> None:
    with contextlib.suppress(DanceError):
        folder = Path("/store")
        assert os.path.normpath(folder / keys.checked(key)) == f"/store/{key}"


def test_the_builders_keep_the_settled_keys() -> None:
    assert keys.source("vid_1") == "videos/vid_1/source.mp4"
    assert keys.preview("vid_1") == "videos/vid_1/preview.gif"
    assert keys.keypoints("vid_1", "full-1") == "videos/vid_1/pose/keypoints_vfull-1.npz"
    assert keys.features("vid_1", "1") == "videos/vid_1/features/features_v1.npz"
    assert keys.segments("vid_1", "mv-0.1.3") == "videos/vid_1/segments/segments_mv-0.1.3.json"
    assert keys.template("mv_dab", "t1") == "moves/mv_dab/templates/t1.npz"
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        keys.source("../..")


def test_readers_see_old_or_new_never_half(store: Objects) -> None:
    old, new = b"o" * 3_000_000, b"n" * 3_000_000
    store.put("a/b", old)
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(store.get("a/b"))

    reader = threading.Thread(target=read)
    reader.start()
    for content in (new, old) * 3:
        store.put("a/b", content)
    stop.set()
    reader.join()
    assert seen <= {old, new}


def test_a_source_file_that_is_missing_is_no_failure_of_the_store(store: Objects, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.put("a/b", tmp_path / "nowhere")
    assert store.keys() == []


FULL_DISK = """
import resource, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from cluster.objects import LocalObjects
from dancecore.errors import DanceError
store = LocalObjects(Path(sys.argv[1]))
store.put("a/b", b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # the system itself stops the write half way
try:
    store.put("a/b", b"x" * 1_000_000)
except DanceError as error:
    print(error.code, store.get("a/b"), store.keys(), len(list(Path(sys.argv[1]).rglob("*"))))
"""


def test_a_full_disk_leaves_the_old_and_nothing_half_written(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout == "STORAGE_FULL b'old' ['a/b'] 2\n"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file is in the way")
    with pytest.raises(DanceError, match="OBJECTS_UNAVAILABLE"):
        LocalObjects(tmp_path / "objects").put("a/b", b"x")


def test_a_killed_put_leaves_no_object(tmp_path: Path) -> None:
    code = "import os, sys\nfrom pathlib import Path\nfrom cluster.objects import LocalObjects\n"
    code += "os.fsync = lambda _: os.kill(os.getpid(), 9)\nLocalObjects(Path(sys.argv[1])).put('a/b', b'x' * 1000)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    store = LocalObjects(tmp_path)
    assert (store.keys(), store.exists("a/b")) == ([], False)
    store.put("a/b", b"again")
    assert store.keys() == ["a/b"]


def test_wrong_credentials(s3: S3Objects, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
        with pytest.raises(DanceError, match="OBJECTS_UNAVAILABLE") as caught:
            S3Objects(f"http://{s3_server}/dance").put("a/b", b"x")
    assert "wrong-secret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not s3.exists("a/b")


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(DanceError, match="AWS_ACCESS_KEY_ID"):
        S3Objects("http://127.0.0.1:1/dance")


def test_no_such_bucket(s3: S3Objects, s3_server: str) -> None:
    with pytest.raises(DanceError, match="OBJECTS_UNAVAILABLE"):
        S3Objects(f"http://{s3_server}/nobucket").keys()


def test_a_store_that_goes_away_and_comes_back(s3: S3Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers, then a proxy in between cuts the connection, then nobody listens, then it answers again."""
    with Proxy(s3.endpoint) as proxy:
        behind = S3Objects(f"http://127.0.0.1:{proxy.port}/dance")
        behind.put("a/b", b"1")
        proxy.down = True
        started = time.monotonic()
        for call in (lambda: behind.get("a/b"), lambda: behind.put("a/b", b"2"), behind.keys):
            with pytest.raises(DanceError, match="OBJECTS_UNAVAILABLE") as caught:
                call()
            assert len(str(caught.value).splitlines()) == 1
        assert time.monotonic() - started < 30
        proxy.down = False
        assert behind.get("a/b") == b"1"
        behind.client._http.clear()


class Proxy:
    """A TCP proxy that, while `down`, cuts every connection."""

    def __init__(self, target: str) -> None:
        host, _, port = target.partition(":")
        self.target, self.down = (host, int(port)), False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "Proxy":
        self.threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.down = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self._pump, args=(client,)))
                self.threads[-1].start()

    def _pump(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server, contextlib.suppress(OSError):
            while not self.down:
                for each in select.select([client, server], [], [], 0.05)[0]:
                    if self.down or not (data := each.recv(65536)):
                        return
                    (server if each is client else client).sendall(data)


BAD_URLS = ["ftp://host/b", "http://host", "http:///b", "https://host/a/b", "host/b"]


@pytest.mark.parametrize("url", BAD_URLS)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT"):
        S3Objects(url)


def test_credentials_in_the_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(DanceError, match="INVALID_INPUT") as caught:
        S3Objects("http://user:hunter2@host/b")
    assert "hunter2" not in str(caught.value)


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3: S3Objects) -> None:
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path))
    assert isinstance(objects(), LocalObjects)
    monkeypatch.setenv("DANCEAPP_OBJECTS__URL", f"http://{s3.endpoint}/dance")
    settings.cache_clear()
    try:
        assert isinstance(objects(), S3Objects)
    finally:
        settings.cache_clear()
