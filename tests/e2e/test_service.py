"""The whole service in one command, from the outside: Ray Serve, Postgres, queue, BlazePose, one port.

A clip is uploaded, analysed and answered; the batch job finds the same in it; and whatever process is killed meanwhile,
every analysis comes to its end.
"""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from cluster import embedded
from cluster.weights import weights_dir

pytestmark = pytest.mark.slow

CLIPS = sorted((Path(__file__).parent.parent / "data/clips").glob("*.mp4"))
START_S = 600
"""A crowded machine takes minutes to load what an idle one loads in fifteen seconds."""


class Service:
    """`danceapp serve` in a home of its own, and a client that has signed in."""

    def __init__(self, home: Path) -> None:
        (home / "weights").symlink_to(weights_dir().resolve())
        self.env = {name: value for name, value in os.environ.items() if name != "DANCEAPP_DATABASE_URL"}
        self.env |= {"DANCEAPP_HOME": str(home), "DANCEAPP_SERVE__JOB_BACKOFF_S": "1"}
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
                if self.client.get("/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(1)
        raise AssertionError(Path(self.log.name).read_text())

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

    def upload(self, clip: Path) -> str:
        content = clip.read_bytes()
        about = {"filename": clip.name, "content_type": "video/mp4", "sha256": hashlib.sha256(content).hexdigest()}
        signed = self.post("/v1/uploads/sign", about)
        files = {"file": (clip.name, content, "video/mp4")}
        assert httpx.post(signed["url"], data=signed["fields"], files=files).status_code == 204
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


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="danceapp-e2e-") as folder:
        home = Path(folder)
        made = Service(home)
        try:
            made.wait()
            made.sign_in()
            yield made
        finally:
            made.process.send_signal(signal.SIGTERM)
            made.process.wait(120)
            made.client.close()
            made.log.close()
            embedded.stop(home / "postgres")


def test_from_upload_to_moves_and_the_same_as_the_batch_job(service: Service, tmp_path: Path) -> None:
    video = service.upload(CLIPS[0])
    events = list(service.watch(service.analyse(video)))
    assert [event.get("state") for event in events[:3]] == ["QUEUED", "RECEIVED", "DECODED"]
    found = service.get(f"/v1/videos/{video}/segments")["segments"]
    assert events[-1]["segments"] == found
    assert found
    with CLIPS[0].open("rb") as file:
        assert service.client.post("/v1/infer", files={"file": file}).json()["segments"] == [
            each | {"segment_id": None}
            for each in found  # none of a clip that is not kept
        ]
    assert batch(service, tmp_path, CLIPS[0], video) == found


def batch(service: Service, home: Path, clip: Path, video: str) -> Any:
    """What `danceapp index`, in a home of its own, finds in a clip."""
    (home / "weights").symlink_to(weights_dir().resolve())
    env = service.env | {"DANCEAPP_HOME": str(home)}
    try:
        subprocess.run([sys.executable, "-m", "jobs.cli", "index", str(clip)], env=env, check=True)
    finally:
        embedded.stop(home / "postgres")
    (path,) = (home / "objects" / "videos" / video / "segments").glob("segments_*.json")
    return json.loads(path.read_text())["segments"]


def test_a_dance_is_planned_kept_shared_and_taken_away(service: Service) -> None:
    made = service.post("/v1/composer/plan", {"bars": 4, "bpm": 112})
    steps = [
        {"order_idx": i, "move_id": step["move_id"], "duration_beats": step["beats"], "mirror": step["mirror"]}
        for i, step in enumerate(made["steps"])
    ]
    new = {"title": "mine", "bpm": 112, "steps": steps, "plan_id": made["plan_id"]}
    where = f"/v1/compositions/{service.post('/v1/compositions', new)['composition_id']}"
    assert len(service.get(f"{where}/preview")["frames"]) > 100
    shared = httpx.get(service.post(f"{where}/share", {})["url"]).json()
    assert [step["move_id"] for step in shared["steps"]] == [step["move_id"] for step in steps]
    asked = service.post(f"{where}/export", {"formats": ["json", "pdf", "mp4"]})
    until = time.monotonic() + START_S
    while asked["state"] not in ("DONE", "FAILED") and time.monotonic() < until:
        time.sleep(1)
        asked = service.get(f"/v1/exports/{asked['export_id']}")
    assert (asked["state"], asked["done"]) == ("DONE", 3), asked
    assert httpx.get(asked["url_json"]).json()["bars"] == 4
    assert httpx.get(asked["url_pdf"]).content.startswith(b"%PDF")
    assert len(httpx.get(asked["url_mp4"]).content) > 10_000


@pytest.mark.parametrize("victim", ["PoseEstimator", "QueueWorker"])
def test_whatever_is_killed_the_analysis_ends(service: Service, victim: str) -> None:
    clip = CLIPS[1 + ["PoseEstimator", "QueueWorker"].index(victim)]
    job = service.analyse(service.upload(clip))
    events = service.watch(job)
    assert next(event["state"] for event in events if event["state"] == "RECEIVED")
    service.kill(victim)
    assert list(events)[-1]["segments"]
    states = [each["state"] for each in service.get(f"/v1/analysis/{job}")["timeline"]]
    assert states.count("DONE") == 1
    assert states[-1] == "DONE"


def test_what_the_service_tells_of_itself(service: Service) -> None:
    """Counts of all its processes at one port, and lines of JSON with the ids of request and job."""
    service.client.headers["X-Request-ID"] = "e2e-1"
    job = service.analyse(service.upload(CLIPS[3]))
    del service.client.headers["X-Request-ID"]
    assert list(service.watch(job))[-1]["segments"]
    command = [sys.executable, "-m", "jobs.cli", "users", "role", "ann", "admin"]
    subprocess.run(command, env=service.env, check=True, capture_output=True)
    done = re.compile(r'^ray_danceapp_jobs_total{[^}]*state="DONE"} [1-9]', re.MULTILINE)
    until = time.monotonic() + START_S
    while not done.search(page := service.client.get("/metrics").text):
        assert time.monotonic() < until, page
        time.sleep(2)
    assert re.search(r'^ray_danceapp_requests_total{[^}]*route="/v1/analysis",status="202"', page, re.MULTILINE)
    assert re.search(r"^ray_danceapp_named_seconds_total{", page, re.MULTILINE)
    logs = [path.read_text().splitlines() for path in service.logs().glob("replica_danceapp_*.log")]
    lines = [json.loads(line) for log in logs for line in log]
    assert "done" in {line["message"] for line in lines if line.get("job_id") == job}
    asked = {line["message"] for line in lines if line.get("request_id") == "e2e-1"}
    assert asked >= {"done", "POST /v1/videos 201", "POST /v1/analysis 202"}
