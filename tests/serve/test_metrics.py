"""Metrics: what Ray's agents and the database tell, as one page; the dashboard asks for nothing else."""

import asyncio
import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from cluster.database import connect
from cluster.objects import LocalObjects
from cluster.queue import TASKS
from cluster.settings import CONFIGS, settings
from dancecore.errors import DanceError
from serve.ingress import metrics
from serve.metrics import count_job
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, upload

Sample = tuple[str, tuple[tuple[str, str], ...]]
TOLD_S = 60
"""Ray's agents tell every ten seconds."""


def samples(page: str) -> dict[Sample, float]:
    """The values of a page by name and labels; those of several processes are added up."""
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = {name: said for name, said in sample.labels.items() if name not in ("WorkerId", "NodeAddress")}
            key = sample.name, tuple(sorted(labels.items()))
            found[key] = found.get(key, 0) + sample.value
    return found


def asked(dashboard: dict[str, Any]) -> set[str]:
    """Names of metrics in the queries of a dashboard."""
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return {name for query in queries for name in re.findall(r"\b(?:ray_)?(?:danceapp|node)_\w+", query)}


DASHBOARD = json.loads((CONFIGS / "grafana.json").read_text())


def test_the_queue_as_it_is_now(enter: Enter, clips: list[bytes], pool: Engine) -> None:
    ann, root = enter("ann"), enter("root", "admin")
    for clip in clips[:2]:
        ann.post("/v1/analysis", json={"video_id": upload(ann, clip)})
    with connect(pool) as tx:
        tx.execute(text("UPDATE procrastinate_events SET at = at - interval '90 seconds'"))
        tx.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id = 1"))
    answer = root.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer.text)
    of_task = (("task", "analyse"),)
    assert found["danceapp_queue_waiting", of_task] == 2
    assert found["danceapp_queue_running", of_task] == 0
    assert 90 <= found["danceapp_queue_lag_seconds", of_task] < 100
    assert found["danceapp_jobs_in_state", (("state", "QUEUED"),)] == 2


def test_an_empty_queue_is_told_as_empty(enter: Enter) -> None:
    found = samples(enter("root", "admin").get("/metrics").text)
    for task in TASKS:
        assert found["danceapp_queue_lag_seconds", (("task", task),)] == 0


PAGE = """# HELP ray_danceapp_errors_total Failures
# TYPE ray_danceapp_errors_total counter
ray_danceapp_errors_total{WorkerId="%s",Version="2.60.0",code="NOT_FOUND"} 2.0
# TYPE ray_object_store_memory gauge
ray_object_store_memory 5.0
# TYPE ray_node_gpus_utilization gauge
ray_node_gpus_utilization{GpuIndex="0",ip="%s"} 40.0
"""


def test_pages_of_several_nodes_become_one() -> None:
    errors, gpus = metrics.merged([PAGE % ("a", "1"), PAGE % ("b", "2")])
    assert [(each.labels, each.value) for each in errors.samples] == [
        ({"WorkerId": "a", "code": "NOT_FOUND"}, 2.0), ({"WorkerId": "b", "code": "NOT_FOUND"}, 2.0)
    ]  # fmt: skip
    assert (gpus.name, len(gpus.samples)) == ("ray_node_gpus_utilization", 2)


def test_an_agent_that_does_not_answer_is_told_of(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_agents", lambda: [("127.0.0.1", 1)])
    assert samples(enter("root", "admin").get("/metrics").text)["danceapp_nodes_silent", ()] == 1


@pytest.mark.usefixtures("ray_here")
def test_everything_is_counted_and_the_dashboard_asks_for_what_there_is(
    enter: Enter, clips: list[bytes], pool: Engine, store: LocalObjects, local: Local
) -> None:
    """Through Ray's agent: requests, failures, an analysis that is done and one that fails."""
    ann, root = enter("ann"), enter("root", "admin")
    before = samples(root.get("/metrics").text)
    work = Worker(pool, store, local, replace(settings().serve, job_backoff_s=0))
    for clip, error in zip(clips, (None, DanceError("NO_PERSON", "nobody")), strict=False):
        local.pose.error = error
        ann.post("/v1/analysis", json={"video_id": upload(ann, clip)})
        asyncio.run(work.run(wait=False))
    ann.post("/v1/analysis", json={"video_id": upload(ann, clips[2])})
    assert ann.get("/v1/videos/vid_0").status_code == ann.get("/v1/nowhere").status_code == 404
    count_job("FAILED", "TOO_LONG", [{"state": "QUEUED", "ts_ms": 0}, {"state": "FAILED", "ts_ms": 4000}])
    seen = until_told(root, ("ray_danceapp_jobs_total", (("reason", "TOO_LONG"), ("state", "FAILED"))), before)
    found = {key: value - before.get(key, 0) for key, value in seen.items()}
    shown = (("method", "GET"), ("route", "/v1/videos/{video_id}"), ("status", "404"))
    assert found["ray_danceapp_requests_total", shown] == 1
    assert found["ray_danceapp_requests_total", (("method", "GET"), ("route", "unknown"), ("status", "404"))] == 1
    assert found["ray_danceapp_errors_total", (("code", "NOT_FOUND"),)] == 2
    assert found["ray_danceapp_jobs_total", (("reason", ""), ("state", "DONE"))] == 1
    assert found["ray_danceapp_jobs_total", (("reason", "NO_PERSON"), ("state", "FAILED"))] == 1
    assert found["ray_danceapp_job_state_seconds_count", (("state", "QUEUED"),)] == 3
    assert found["ray_danceapp_job_state_seconds_sum", (("state", "QUEUED"),)] > 3
    assert found["ray_danceapp_job_state_seconds_count", (("state", "INDEXED"),)] == 1
    assert 0 <= found["ray_danceapp_differing_seconds_total", ()] <= found["ray_danceapp_named_seconds_total", ()]
    names = {name for name, _ in seen} | set(metrics.GPU)  # no GPU here
    assert asked(DASHBOARD) - names == set()
    assert len(asked(DASHBOARD)) > 10


def until_told(root: TestClient, key: Sample, before: dict[Sample, float]) -> dict[Sample, float]:
    """The metrics once this one has grown: what was counted before it, in this process, is told with it."""
    until = time.monotonic() + TOLD_S
    while time.monotonic() < until:
        found = samples(root.get("/metrics").text)
        if found.get(key, 0) > before.get(key, 0):
            return found
        time.sleep(1)
    raise AssertionError(f"{key} was not told in {TOLD_S} s")
