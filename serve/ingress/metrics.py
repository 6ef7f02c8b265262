"""The page that Prometheus reads: the counts of every process, from Ray's agents, and the queue, from the database."""

import logging
import re
from collections.abc import Iterable, Iterator

import httpx2
import ray
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry
from sqlalchemy import Engine

from cluster import analyses, queue
from serve.ingress.routing import Route
from serve.ingress.services import Using

log = logging.getLogger("danceapp.metrics")
router = APIRouter(prefix="/metrics", tags=["service"], route_class=Route)

GPU = ("ray_node_gpus_utilization", "ray_node_gram_used", "ray_node_gram_available")
"""What Ray says of GPUs, where there are any: percent busy, MB of memory."""

OURS = re.compile(rf"(# (HELP|TYPE) )?(ray_danceapp_|{'|'.join(GPU)})")
NOISE = ("SessionName", "Version", "Component", "otel_scope_name", "otel_scope_version", "otel_scope_schema_url")
"""Labels that are the same everywhere."""

AGENT_S = 3.0
"""Seconds for an agent to answer: it does in milliseconds, and Prometheus waits ten."""


@router.get("", response_class=PlainTextResponse)
def metrics(using: Using) -> PlainTextResponse:
    """Metrics in the text format of Prometheus, which sends an administrator's key as its credentials."""
    registry = CollectorRegistry()
    registry.register(Everything(using.pool))
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class Everything(Collector):
    """All metrics of this moment."""

    def __init__(self, pool: Engine) -> None:
        self.pool = pool

    def collect(self) -> Iterator[Metric]:
        pages = [_page(*agent) for agent in _agents()]
        yield from merged(page for page in pages if page is not None)
        yield GaugeMetricFamily("danceapp_nodes_silent", "Nodes whose Ray agent does not answer", pages.count(None))
        yield from _queue(self.pool)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask anybody."""
        return []


def merged(pages: Iterable[str]) -> list[Metric]:
    """What concerns us of the pages of several agents, as one."""
    found: dict[str, Metric] = {}
    for page in pages:
        ours = "".join(f"{line}\n" for line in page.splitlines() if OURS.match(line))
        for family in text_string_to_metric_families(ours):
            kept = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            kept.samples += [
                sample._replace(labels={name: said for name, said in sample.labels.items() if name not in NOISE})
                for sample in family.samples
            ]
    return list(found.values())


def _queue(pool: Engine) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("danceapp_queue_waiting", "Jobs that wait, by task", labels=["task"])
    running = GaugeMetricFamily("danceapp_queue_running", "Jobs that are being done", labels=["task"])
    lag = GaugeMetricFamily("danceapp_queue_lag_seconds", "How long the first of them has waited", labels=["task"])
    for task, row in queue.depths(pool).items():
        for family, value in ((waiting, row.waiting), (running, row.running), (lag, row.lag_s)):
            family.add_metric([task], value)
    states = GaugeMetricFamily("danceapp_jobs_in_state", "Analyses under way, by state", labels=["state"])
    for state, count in analyses.under_way(pool).items():
        states.add_metric([state], count)
    return iter((waiting, running, lag, states))


def _agents() -> list[tuple[str, int]]:
    if not ray.is_initialized():
        return []
    return [(node["NodeManagerAddress"], node["MetricsExportPort"]) for node in ray.nodes() if node["Alive"]]


def _page(host: str, port: int) -> str | None:
    try:
        answer = httpx2.get(httpx2.URL(scheme="http", host=host, port=port, path="/metrics"), timeout=AGENT_S)
        return answer.raise_for_status().text
    except httpx2.HTTPError as error:
        log.warning("the Ray agent at %s:%s tells no metrics: %s", host, port, error)
        return None
