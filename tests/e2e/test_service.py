"""The whole service in one command, from the outside: Ray Serve, Postgres, queue, BlazePose, one port.

A clip is uploaded, analysed and answered; the batch job finds the same in it; and whatever process is killed meanwhile,
every analysis comes to its end.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from cluster import embedded
from cluster.weights import weights_dir
from tests.service import ENDS, START_S, Service, serving
from tests.weed import ACCESS, BUCKET, SECRET, Weed, weed

pytestmark = pytest.mark.slow

CLIPS = sorted((Path(__file__).parent.parent / "data/clips").glob("*.mp4"))
FREE = b"\0\0\0\x08free"
"""A box that says nothing: with it a clip is another file of the same content."""


@pytest.fixture(scope="module")
def store() -> Iterator[Weed]:
    """The S3 server in which the service keeps its objects."""
    with weed() as made:
        yield made


@pytest.fixture(scope="module")
def service(store: Weed) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="danceapp-e2e-") as folder:
        keys = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        url = f"http://{store.address}/{BUCKET}"
        with serving(Path(folder), DANCEAPP_OBJECTS__URL=url, DANCEAPP_SERVE__JOB_BACKOFF_S="1", **keys) as made:
            yield made


def test_from_upload_to_moves_and_the_same_as_the_batch_job(service: Service, tmp_path: Path) -> None:
    video = service.upload(CLIPS[0])
    events = list(service.watch(service.analyse(video)))
    assert [event.get("state") for event in events[:3]] == ["QUEUED", "RECEIVED", "DECODED"]
    found = service.get(f"/v1/videos/{video}/segments")["segments"]
    assert events[-1]["segments"] == found
    assert found
    plain = [{name: value for name, value in each.items() if name != "segment_id"} for each in found]
    with CLIPS[0].open("rb") as file:
        at_once = service.client.post("/v1/infer", files={"file": file}).json()["segments"]
    assert at_once == [each | {"segment_id": None} for each in plain]  # the clip is not kept
    assert batch(service, tmp_path, CLIPS[0], video) == plain


def batch(service: Service, home: Path, clip: Path, video: str) -> Any:
    """What `danceapp index`, in a home of its own, finds in a clip."""
    (home / "weights").symlink_to(weights_dir().resolve())
    env = {name: value for name, value in service.env.items() if not name.startswith("DANCEAPP_")}
    env["DANCEAPP_HOME"] = str(home)
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


def test_what_the_service_tells_of_itself(service: Service) -> None:
    """Counts of all its processes at one port, and lines of JSON with the ids of request and job."""
    service.client.headers["X-Request-ID"] = "e2e-1"
    job = service.analyse(service.upload(CLIPS[0], FREE))
    del service.client.headers["X-Request-ID"]
    assert list(service.watch(job))[-1]["segments"]
    command = [sys.executable, "-m", "jobs.cli", "users", "role", "ann", "admin"]
    subprocess.run(command, env=service.env, check=True, capture_output=True)
    counted = [  # each process tells its own at its own time
        re.compile(r'^ray_danceapp_jobs_total{[^}]*state="DONE"} [1-9]', re.MULTILINE),
        re.compile(r'^ray_danceapp_requests_total{[^}]*route="/v1/analysis",status="202"', re.MULTILINE),
        re.compile(r"^ray_danceapp_named_seconds_total{", re.MULTILINE),
    ]
    until = time.monotonic() + START_S
    while not all(each.search(page := service.client.get("/metrics").text) for each in counted):
        assert time.monotonic() < until, page
        time.sleep(2)
    logs = [path.read_text().splitlines() for path in service.logs().glob("replica_danceapp_*.log")]
    lines = [json.loads(line) for log in logs for line in log]
    assert "done" in {line["message"] for line in lines if line.get("job_id") == job}
    asked = {line["message"] for line in lines if line.get("request_id") == "e2e-1"}
    assert asked >= {"done", "POST /v1/videos 201", "POST /v1/analysis 202"}
    for given in ("e2e-2", "an id that is none"):
        ids = service.client.get("/v1/health", headers={"X-Request-ID": given}).headers.get_list("x-request-id")
        assert len(ids) == 1
        assert (ids == [given]) == (given == "e2e-2")


def test_without_an_ingress_clients_are_told_to_come_again(service: Service) -> None:
    service.kill("Ingress")
    away = []
    while not away or not away[-1].is_success:
        with suppress(httpx.TransportError):
            away.append(service.client.get("/v1/health"))
        time.sleep(0.2)
    failed = [answer for answer in away if not answer.is_success]
    assert failed
    for answer in failed:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "OVERLOADED")
        assert int(answer.headers["Retry-After"]) > 0


def test_sign_ins_are_counted_by_the_address_that_sends_them(service: Service) -> None:
    def left(address: str, claimed: str) -> int:
        """How many sign-ins an address has left in this minute, whatever it claims to forward for."""
        told = {"X-Forwarded-For": claimed}
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address), headers=told) as client:
            wrong = {"email": "eve@example.org", "password": "a guess of mine"}
            answer = client.post(f"{service.client.base_url}/v1/auth/login", json=wrong)
        return int(answer.headers["RateLimit-Remaining"])

    time.sleep(max(0.0, time.time() % 60 - 50))  # the minute must not turn meanwhile
    eve = [left("127.0.0.2", f"192.0.2.{i}") for i in range(3)]
    assert eve == [eve[0], eve[0] - 1, eve[0] - 2]
    assert left("127.0.0.3", "127.0.0.2") == eve[0]


def restart(service: Service, store: Weed) -> None:
    """The object store is gone for longer than one request is tried again."""
    store.kill()
    time.sleep(3)
    store.start()


VICTIMS: dict[str, Callable[[Service, Weed], None]] = {
    "a replica that looks at clips": lambda service, store: service.kill("PoseEstimator"),
    "the queue's worker": lambda service, store: service.kill("QueueWorker"),
    "the ingress": lambda service, store: service.kill("Ingress"),
    "the database": lambda service, store: service.kill_postgres(),
    "the object store": restart,
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_whatever_is_killed_the_analysis_ends_once(service: Service, store: Weed, victim: str) -> None:
    """Kill -9 in the middle of a job: it is DONE, or FAILED with a reason, and nothing comes after that."""
    video = service.upload(CLIPS[1 + list(VICTIMS).index(victim)])
    job = service.analyse(video)
    service.reached(job, "RECEIVED")
    VICTIMS[victim](service, store)
    ended = service.reached(job, *ENDS)
    states = [each["state"] for each in ended["timeline"]]
    assert [state for state in states if state in ENDS] == states[-1:]
    assert states[-1] == "DONE" or ended["reason"], states
    service.wait()  # all is well again
    if states[-1] == "DONE":
        assert service.get(f"/v1/videos/{video}/segments")["segments"]
        assert service.analyse(video) == job
        assert service.get(f"/v1/analysis/{job}")["timeline"] == ended["timeline"]
