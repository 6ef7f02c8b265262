"""What the service says of itself while it works: lines of JSON with ids, spans of one trace from upload to index."""

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from ray._common.formatters import JSONFormatter
from sqlalchemy import Engine, text

from cluster import tracing
from cluster.database import connect
from cluster.logs import Ids
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.errors import DanceError
from serve.worker import Worker
from tests.serve.conftest import Enter, Local, upload

Work = Callable[[], None]


@pytest.fixture
def work(pool: Engine, store: LocalObjects, local: Local) -> Work:
    """A function that does the jobs that are in the queue now."""

    def once() -> None:
        asyncio.run(Worker(pool, store, local, replace(settings().serve, job_backoff_s=0)).run(wait=False))

    return once


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """A function that gives the lines of our log, as the handler of a replica writes them."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JSONFormatter())
    handler.addFilter(Ids())
    ours = logging.getLogger("danceapp")
    before = ours.level
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    ours.removeHandler(handler)
    ours.setLevel(before)


def test_a_request_is_one_line_of_json(enter: Enter, lines: Callable[[], list[dict[str, Any]]]) -> None:
    enter("ann").get("/v1/me", headers={"X-Request-ID": "mine-1"})
    (line,) = lines()
    assert (line["request_id"], line["method"], line["path"], line["status"]) == ("mine-1", "GET", "/v1/me", 200)
    assert line["user"].startswith("usr_")
    assert line["ms"] >= 0


def test_the_lines_of_a_job_have_its_id_and_that_of_the_request_for_it(
    enter: Enter, clips: list[bytes], work: Work, local: Local, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    ann, asked = enter("ann"), {"X-Request-ID": "mine-2"}
    jobs = [
        ann.post("/v1/analysis", json={"video_id": upload(ann, clip)}, headers=asked).json()["job_id"]
        for clip in clips[:2]
    ]
    does, failing = local.poses, iter([None, DanceError("NO_PERSON", "nobody")])

    async def poses(*given: Any) -> Any:
        if error := next(failing):
            raise error
        return await does(*given)

    local.poses = poses  # type: ignore[method-assign]
    work()
    said = [(line["job_id"], line["request_id"], line["message"]) for line in lines() if "job_id" in line]
    assert said == [(jobs[0], "mine-2", "done"), (jobs[1], "mine-2", "failed: NO_PERSON: nobody")]


def test_lines_outside_have_no_ids(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("danceapp.worker").info("tending")
    (line,) = lines()
    assert not {"request_id", "job_id"} & set(line)


@dataclass
class Collector:
    """Takes spans by OTLP over HTTP, as an OpenTelemetry collector does."""

    spans: list[Span]
    services: set[str]
    flush: Callable[[], bool]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends its spans to."""
    found = Collector([], set(), lambda: False)

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in sent.resource_spans:
                found.services |= {each.value.string_value for each in resource.resource.attributes}
                found.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv(tracing.ENDPOINT, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(tracing, "_tracer", tracing._tracer)  # put back afterwards
    provider = tracing.start("test")
    assert provider is not None
    found.flush = provider.force_flush
    yield found
    provider.shutdown()
    server.shutdown()
    thread.join()
    server.server_close()


WAY = ["sign", "upload", "check", "request", "analyse", "poses", "features", "segments", "index"]


def test_a_clip_is_one_trace_from_upload_to_index(
    enter: Enter, clips: list[bytes], work: Work, collector: Collector, pool: Engine
) -> None:
    ann = enter("ann")
    job = ann.post("/v1/analysis", json={"video_id": upload(ann, clips[0])}).json()["job_id"]
    work()
    with connect(pool) as tx:
        begun = tx.scalar(text("SELECT trace FROM videos"))
    assert collector.flush()
    spans = {span.name: span for span in collector.spans}
    assert sorted(spans) == sorted(WAY)
    assert {span.trace_id.hex() for span in collector.spans} == {begun.split("-")[1]}
    parents = {
        name: next((n for n, s in spans.items() if s.span_id == spans[name].parent_span_id), None) for name in WAY
    }
    assert parents == {
        "sign": None, "upload": "sign", "check": "sign", "request": "sign", "analyse": "request",
        "poses": "analyse", "features": "analyse", "segments": "analyse", "index": "analyse",
    }  # fmt: skip
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in collector.spans)
    assert {each.key: each.value.string_value for each in spans["analyse"].attributes} == {"job_id": job}
    assert "danceapp-test" in collector.services


def test_a_trace_that_a_client_began_goes_on_and_errors_are_told(
    enter: Enter, clips: list[bytes], work: Work, collector: Collector, local: Local
) -> None:
    ann = enter("ann")
    ann.headers["traceparent"] = f"00-{'a' * 32}-{'b' * 16}-01"
    ann.post("/v1/analysis", json={"video_id": upload(ann, clips[0])})
    local.pose.error = DanceError("NO_PERSON", "nobody")
    work()
    assert collector.flush()
    assert {span.trace_id.hex() for span in collector.spans} == {"a" * 32}
    (failed,) = [span for span in collector.spans if span.name == "poses"]
    assert (failed.status.code, failed.events[0].name) == (failed.status.STATUS_CODE_ERROR, "exception")


def test_without_an_endpoint_nothing_is_traced(
    enter: Enter, clips: list[bytes], monkeypatch: pytest.MonkeyPatch, pool: Engine
) -> None:
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)
    assert tracing.start("test") is None
    ann: TestClient = enter("ann")
    ann.post("/v1/analysis", json={"video_id": upload(ann, clips[0])})
    with connect(pool) as tx:
        assert tx.scalar(text("SELECT trace FROM videos")) is None
        assert tx.scalar(text("SELECT args->>'trace' FROM procrastinate_jobs")) is None
    assert tracing.ENDPOINT not in os.environ
