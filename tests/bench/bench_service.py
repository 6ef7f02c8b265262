"""The service: requests a second of the move index through Serve, and what a short clip costs over bare analysis."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx2 as httpx
import numpy as np

from cluster.library import load_library
from cluster.settings import settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.models.classify import Classifier
from dancecore.pipeline import analyse
from tests.bench.report import Row
from tests.service import Service, serving

CLIPS = sorted((Path(__file__).parent.parent / "data/clips").glob("*.mp4"))
CLIENTS, SECONDS = 6, 20.0
"""At once, for so long: more only wait for one another on two cores."""
ROUNDS = 5
"""Each side of a comparison is measured this often, in turns."""


def measure() -> list[Row]:
    """ingress and infer_overhead; both say how busy the machine was before."""
    busy = f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores before"
    with tempfile.TemporaryDirectory(prefix="danceapp-bench-") as home:
        rates = {f"DANCEAPP_SERVE__{name}_PER_MINUTE": "10000000" for name in ("CALLS", "SIGN_INS")}
        with serving(Path(home), RAY_worker_niceness="0", **rates) as service:
            for job in [service.analyse(service.upload(clip)) for clip in CLIPS]:
                service.reached(job, "DONE")
            return [*ingress(service, busy), infer_overhead(service, busy)]


def ingress(service: Service, busy: str) -> list[Row]:
    """Answers to GET /v1/moves a second, and the time within which 95 of 100 come."""
    took: list[float] = []
    until = time.monotonic() + SECONDS

    def ask() -> None:
        with httpx.Client(base_url=service.client.base_url, headers=service.client.headers) as client:
            while time.monotonic() < until:
                took.append(_seconds(lambda: client.get("/v1/moves").raise_for_status()))

    service.client.get("/v1/moves").raise_for_status()
    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate, p95 = len(took) / SECONDS, 1000 * float(np.percentile(took, 95))
    return [
        Row("ingress", rate, "requests/s", busy, rate / 150, "at least 150 requests/s", rate >= 150),
        Row("ingress_p95", p95, "ms", f"{CLIENTS} clients at once", p95 / 50, "at most 50 ms", p95 <= 50),
    ]


def infer_overhead(service: Service, busy: str) -> Row:
    """POST /v1/infer over the same analysis of the same clip in this process."""
    clip, numbers = CLIPS[0], settings()
    library, variant = load_library(numbers), numbers.pose.variant
    model = pose.load(variant, fetch([variant]), numbers.pose, "cpu")
    classifier = Classifier(library.bundle) if library.bundle else None
    content = clip.read_bytes()

    def bare() -> None:
        analyse(clip, model, library.bank, numbers.analysis, classifier)

    def served() -> None:
        service.client.post("/v1/infer", files={"file": (clip.name, content, "video/mp4")}).raise_for_status()

    for work in (bare, served):
        work()
    pairs = [(_seconds(served), _seconds(bare)) for _ in range(ROUNDS)]
    ratio = median(ours / theirs for ours, theirs in pairs)
    return Row(
        "infer_overhead",
        median(s for s, _ in pairs),
        "s",
        f"bare analysis; {busy}",
        ratio,
        "at most 1.10",
        ratio <= 1.10,
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
