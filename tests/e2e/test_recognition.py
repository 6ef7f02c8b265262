"""Moves are found and named, with their sides, in rendered dances nobody has seen before: new seeds, so new bodies,
cameras and orders."""

import json
import os
import secrets
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from cluster.library import TAXONOMY, load_library
from cluster.settings import settings
from cluster.weights import weights_dir
from dancecore.learning import metrics
from dancecore.learning.evaluation import Judge
from dancecore.learning.metrics import Confusion, Counts, Interval
from dancecore.models.classify import Classifier
from dancecore.moves.sides import without_sides
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pipeline import analyse
from dancecore.pose import load
from dancecore.synthetic.conditions import CONDITIONS
from dancecore.synthetic.settings import SyntheticSettings
from dancecore.types import MS, OTHER

CLIPS = 30
TOLERANCE_NS = 200 * MS


def truth(clip: Path, judge: Judge) -> list[Interval]:
    told = json.loads(clip.with_suffix(".json").read_text())["segments"]
    return metrics.joined(judge.interval(s["start_ms"] * MS, s["end_ms"] * MS, s["move_id"], s["mirror"]) for s in told)


def table(confusion: Confusion) -> str:
    """One line for each true label: its F1 and what its frames were taken for."""
    scores, lines = metrics.class_f1(confusion), []
    for label, row in zip(confusion.labels, confusion.counts, strict=True):
        taken = sorted(zip(row, confusion.labels, strict=True), reverse=True, key=lambda pair: pair[0])
        words = ", ".join(f"{name} {count}" for count, name in taken if count)
        lines.append(f"{label!s:22} F1 {scores[label]:.2f}   {words}")
    return "\n".join(lines)


def render(seed: int, numbers: SyntheticSettings, out: Path) -> Path:
    import torch

    from dancecore.synthetic.clip import make_clip
    from dancecore.synthetic.dance import draw_knobs

    torch.set_num_threads(1)  # a process a core
    taxonomy, path = load_taxonomy(TAXONOMY), out / f"syn_{seed}.mp4"
    make_clip(draw_knobs(seed, numbers, taxonomy), taxonomy, path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least_f1", "least_segment_f1"),
    [
        ("full-view", 0.80, 0.60),
        ("usual", 0.50, 0.55),
    ],  # the second: people behind furniture, cut off, from behind
)
def test_moves_of_unseen_dancers_are_named(
    kind: str, least_f1: float, least_segment_f1: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("anny", reason="the synthetic dancer needs the extra `synthetic`")
    seeds = [secrets.randbelow(10**6) + 10**6 for _ in range(CLIPS)]
    numbers = CONDITIONS[kind](settings().synthetic)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        clips = list(pool.map(partial(render, numbers=numbers, out=tmp_path), seeds))
    analysis = settings().analysis
    model, library = load(analysis.pose.variant, weights_dir(), analysis.pose), load_library(settings())
    judge = Judge(True, without_sides(library.taxonomy.moves.values()))
    classifier = Classifier(library.bundle) if library.bundle else None
    true, found, overlaps, counts, cuts = [], [], [], Counts(0, 0, 0), Counts(0, 0, 0)
    for clip in clips:
        result = analyse(clip, model, library.bank, analysis, classifier)
        wanted = truth(clip, judge)
        given = [judge.interval(s.start_ns, s.end_ns, s.move_id, s.mirror) for s in result.segments]
        true += metrics.frames(wanted, wanted[-1].end_ns)
        found += metrics.frames(given, wanted[-1].end_ns)
        counts += metrics.segment_counts(wanted, given, overlap=0.5)
        cuts += metrics.boundary_counts(metrics.boundaries(wanted), metrics.boundaries(given), TOLERANCE_NS)
        if any(part.label != OTHER for part in wanted):
            overlaps.append(metrics.mean_segment_iou(wanted, given))
    confusion = metrics.confusion(true, found)
    macro_f1 = metrics.macro_f1(confusion)
    with capsys.disabled():
        print(f"\n{kind}, seeds {seeds}\n{table(confusion)}")
        print(f"frame accuracy {metrics.frame_accuracy(confusion):.3f}   macro-F1 {macro_f1:.3f}", end="   ")
        print(f"segment F1@50 {counts.f1:.3f}   segment IoU {np.mean(overlaps):.3f}", end="   ")
        print(f"boundary F1 at 200 ms {cuts.f1:.3f}")
    assert macro_f1 >= least_f1
    assert counts.f1 >= least_segment_f1
