"""What a process of the service counts about itself, for Prometheus.

By ray.util.metrics, not by a registry of prometheus_client: several replicas answer at one port, and whoever scrapes it
would see the counts of the one that happened to answer. Ray's agent on each node gathers the counts of all its
processes, also of those that have no port; `GET /metrics` collects them from the agents. Outside Ray nothing counts.
Ray keeps of a histogram how many fell into each bucket, no more: its sums are of the buckets' middles.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ray.util.metrics import Counter, Histogram

REQUESTS = Counter("danceapp_requests", "Requests that were answered", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "danceapp_request_seconds", "From a request to the end of its answer",
    boundaries=[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30], tag_keys=("route",),
)  # fmt: skip
ERRORS = Counter("danceapp_errors", "Failures that were answered, by code", ("code",))
JOBS = Counter(
    "danceapp_jobs", "Analyses that workers saw end, with the code of those that failed", ("state", "reason")
)
STATE_SECONDS = Histogram(
    "danceapp_job_state_seconds", "How long analyses that ended were in each state",
    boundaries=[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600], tag_keys=("state",),
)  # fmt: skip
NAMED_SECONDS = Counter("danceapp_named_seconds", "Time of clips to which templates or the classifier gave a move")
DIFFERING_SECONDS = Counter("danceapp_differing_seconds", "Time of it to which they gave different moves")

NOWHERE = "unknown"
"""The route of requests that no route took: their paths are anybody's."""


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer to a request; `route`: the path with its parameters named."""
    REQUESTS.inc(tags={"method": method, "route": route, "status": str(status)})
    REQUEST_SECONDS.observe(max(seconds, 1e-6), tags={"route": route})


def count_job(state: str, reason: str | None, log: Sequence[dict[str, Any]]) -> None:
    """Count an analysis that ended; `log`: all its states with their times, as cluster.analyses has them."""
    JOBS.inc(tags={"state": state, "reason": reason or ""})
    began = max(
        place for place, entry in enumerate(log) if entry["state"] == "QUEUED"
    )  # the last time it was asked for
    for entry, after in pairwise(log[began:]):
        STATE_SECONDS.observe(max((after["ts_ms"] - entry["ts_ms"]) / 1000, 1e-6), tags={"state": entry["state"]})


def count_disagreement(named_ms: float, differing_ms: float) -> None:
    """Count how templates and the classifier differ on one clip."""
    if named_ms:
        NAMED_SECONDS.inc(named_ms / 1000)
    if differing_ms:
        DIFFERING_SECONDS.inc(differing_ms / 1000)
