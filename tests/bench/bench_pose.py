"""How fast one core follows a dancer: our pose against MediaPipe Tasks, on the same frames in the same run."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cluster.settings import settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.media import frames
from dancecore.types import FrameBatch
from tests.bench.report import Row
from tests.mediapipe_oracle import landmarker, require_mediapipe

ROOT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("DANCEAPP_TEST_DATA", ROOT / "../shared/data")).resolve()
SAMPLES = sorted((ROOT / "tests/data/clips").glob("*.mp4"))[:2]
CLIPS = [p for p in (DATA / "video/solo/left_right_step.webm", DATA / "video/solo/pose_squats.mp4") if p.exists()]
"""Real people at 720p; the synthetic samples stand in where the real data is absent."""
SECONDS, ROUNDS, TARGET = 6, 5, 1.3
"""Of each clip; a round times each side once; the ratio asked for."""


def measure() -> list[Row]:
    """pose_vs_mediapipe: frames/s of the full model, tracking one dancer on one core, over MediaPipe's VIDEO mode."""
    rate = settings().media.rate_hz
    clips = [_first(clip, rate, SECONDS * rate) for clip in CLIPS or SAMPLES]
    ours, theirs = [], []
    with _one_core(), landmarker("full", "VIDEO") as mediapipe:
        estimate, follow = _estimator(), _mediapipe(mediapipe, rate)
        for _ in range(ROUNDS):
            for clip in clips:
                ours.append(_frames_per_second(estimate, clip))
                theirs.append(_frames_per_second(follow, clip))
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    names = ", ".join(clip.name for clip in CLIPS or SAMPLES)
    peer = f"MediaPipe Tasks {require_mediapipe().__version__} VIDEO: {median(theirs):.1f} frames/s on {names}"
    return [Row("pose_vs_mediapipe", median(ours), "frames/s", peer, ratio, f">= {TARGET}", ratio >= TARGET)]


def _first(clip: Path, rate_hz: int, limit: int) -> FrameBatch:
    """The first frames of a clip at the analysis rate, decoded before anything is timed."""
    images: list[np.ndarray] = []
    for batch in frames(clip, rate_hz):
        images.extend(batch.images)
        if len(images) >= limit:
            break
    n = min(limit, len(images))
    return FrameBatch(np.stack(images[:n]), np.arange(n, dtype=np.int64) * (10**9 // rate_hz))


@contextmanager
def _one_core() -> Iterator[None]:
    """This thread, and every thread started from it, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _frames_per_second(work: Callable[[FrameBatch], None], clip: FrameBatch) -> float:
    start = time.perf_counter()
    work(clip)
    return len(clip.time_ns) / (time.perf_counter() - start)


def _estimator() -> Callable[[FrameBatch], None]:
    numbers = replace(settings().pose, max_dancers=1)
    model = pose.load("full", fetch(["full"]), numbers, "cpu")

    def work(clip: FrameBatch) -> None:
        (track,) = pose.estimate(iter([clip]), model, numbers)
        assert track.present.mean() > 0.9

    return work


def _mediapipe(model: Any, rate_hz: int) -> Callable[[FrameBatch], None]:
    mediapipe = require_mediapipe()
    stamps = count(0, 1000 // rate_hz)

    def work(clip: FrameBatch) -> None:
        found = 0
        for image in clip.images:
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
            found += bool(model.detect_for_video(picture, next(stamps)).pose_landmarks)
        assert found > 0.9 * len(clip.images)

    return work
