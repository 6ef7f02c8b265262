"""One sample clip the whole way, against the truth that made it."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cluster.library import load_library
from cluster.settings import settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.learning import metrics
from dancecore.learning.metrics import Interval
from dancecore.pipeline import analyse, hear
from dancecore.types import MS

CLIP = min((Path(__file__).parents[1] / "data" / "clips").glob("*.mp4"), key=lambda path: path.stat().st_size)


def test_beats_that_cannot_be_trusted_are_not_heard() -> None:
    numbers = settings().analysis
    assert hear(CLIP, numbers) is not None
    doubting = replace(numbers, music=replace(numbers.music, min_confidence=1.0))
    assert hear(CLIP, doubting) is None


def test_the_way_of_one_clip() -> None:
    numbers = settings()
    model = pose.load("full", fetch(["full"]), numbers.pose, "cpu")
    found = analyse(CLIP, model, load_library(numbers).bank, numbers.analysis)
    truth = json.loads(CLIP.with_suffix(".json").read_text())
    assert len(found.pose) == len(found.features.time_ns) == -(-found.info.duration_ms * numbers.media.rate_hz // 1000)
    assert np.array_equal(found.pose.time_ns, found.features.time_ns)
    assert found.beats is not None
    assert found.beats.bpm == pytest.approx(truth["bpm"], rel=0.02)
    assert all(a.end_ns <= b.start_ns for a, b in pairwise(found.segments))
    wanted = [Interval(s["start_ms"] * MS, s["end_ms"] * MS, s["move_id"]) for s in truth["segments"]]
    labels = (metrics.frames(part, wanted[-1].end_ns) for part in (wanted, metrics.intervals(found.segments)))
    assert metrics.frame_accuracy(metrics.confusion(*labels)) > 0.6
