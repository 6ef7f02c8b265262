"""`danceapp serve` in a home of its own, for tests and benchmarks that ask it from the outside."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil

from cluster import embedded
from cluster.weights import weights_dir

START_S = 600
"""A crowded machine takes minutes to load what an idle one loads in fifteen seconds."""
ENDS = ("DONE", "FAILED", "CANCELLED")


class Service:
    """`danceapp serve`, and a client that has signed in. `changes`: to its environment."""

    def __init__(self, home: Path, changes: Mapping[str, str]) -> None:
        (home / "weights").symlink_to(weights_dir().resolve())
        self.home = home
        self.env = {name: value for name, value in os.environ.items() if name != "DANCEAPP_DATABASE_URL"}
        self.env |= {"DANCEAPP_HOME": str(home), **changes}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "jobs.cli", "serve", "--port", str(port)]
        self.log = (home / "serve.log").open("w")
        self.process = psutil.Popen(command, env=self.env, stdout=self.log, stderr=subprocess.STDOUT)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300)

    def wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                ready = "serving at" in Path(self.log.name).read_text()  # all of it: it answers before
                if ready and self.client.get("/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(1)
        raise AssertionError(Path(self.log.name).read_text())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        self.client.close()
        self.log.close()
        embedded.stop(self.home / "postgres")

    def sign_in(self) -> None:
        who = {"email": "ann@example.org", "password": "correct horse battery"}
        self.post("/v1/auth/register", who | {"handle": "ann"})
        self.client.headers["Authorization"] = f"Bearer {self.post('/v1/auth/login', who)['access_token']}"
        key = self.post("/v1/api-keys", {"name": "e2e"})["key"]  # an access token ends before a crowded machine is done
        self.client.headers["Authorization"] = f"Bearer {key}"

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def get(self, path: str) -> dict[str, Any]:
        answer = self.client.get(path)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def upload(self, clip: Path, after: bytes = b"") -> str:
        """Bring a clip in, with something after its end; its id."""
        content = clip.read_bytes() + after
        about = {"filename": clip.name, "content_type": "video/mp4", "sha256": hashlib.sha256(content).hexdigest()}
        signed = self.post("/v1/uploads/sign", about)
        files = {"file": (clip.name, content, "video/mp4")}
        assert httpx.post(signed["url"], data=signed["fields"], files=files, timeout=300).status_code == 204
        new = {"upload_id": signed["upload_id"], "source": "user", "consent_version": "2026-06"}
        return str(self.post("/v1/videos", new)["video_id"])

    def analyse(self, video: str) -> str:
        return str(self.post("/v1/analysis", {"video_id": video})["job_id"])

    def watch(self, job: str) -> Iterator[dict[str, Any]]:
        """What a job's events say, until it ends."""
        with self.client.stream("GET", f"/v1/analysis/{job}/events") as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def reached(self, job: str, *wanted: str) -> dict[str, Any]:
        """A job once it went through one of these states; while the service is away it is asked again."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                answer = self.client.get(f"/v1/analysis/{job}")
                if answer.is_success and {each["state"] for each in answer.json()["timeline"]} & set(wanted):
                    found: dict[str, Any] = answer.json()
                    return found
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"{job} never was {' or '.join(wanted)}")

    def logs(self) -> Path:
        """Where its replicas log: Ray's processes name the folder of their session."""
        words = " ".join(word for each in self.process.children(recursive=True) for word in each.cmdline())
        found = re.search(r"/\S*/session_\d[\w-]+", words)
        assert found
        return Path(found[0]) / "logs/serve"

    def kill(self, name: str) -> None:
        """Kill the replicas of a deployment as a crash would."""
        found = [
            each for each in self.process.children(recursive=True) if f"danceapp:{name}" in " ".join(each.cmdline())
        ]
        assert found, name
        for each in found:
            each.send_signal(signal.SIGKILL)

    def kill_postgres(self) -> None:
        """Kill the embedded server with all its processes; who needs it next starts it again."""
        server = psutil.Process(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]))
        for each in (server, *server.children(recursive=True)):
            each.send_signal(signal.SIGKILL)


@contextmanager
def serving(home: Path, **changes: str) -> Iterator[Service]:
    """A service that answers, and a user who has signed in."""
    made = Service(home, changes)
    try:
        made.wait()
        made.sign_in()
        yield made
    finally:
        made.stop()
