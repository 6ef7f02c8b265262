"""How fast one core makes synthetic clips: drawing alone, and drawing with sound and encoding."""

import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cluster.settings import settings
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.synthetic.clip import frames, make_clip, staged
from dancecore.synthetic.dance import Knobs, draw_knobs
from tests.bench.report import Row

ROOT = Path(__file__).parent.parent.parent
SIZE, SEEDS, FRAMES, ROUNDS = (360, 640), (0, 1, 2, 3), 120, 5
REAL_TIME = 30
"""Frames/s of a phone's video."""

DRAW_TARGET, CLIP_TARGET = 2.0, 1.0
"""Times real time: a core that keeps up makes 30 test clips in about six minutes."""


def measure() -> list[Row]:
    """synthetic_draw and synthetic_clip: frames/s of 360 x 640 on one core, medians over dances."""
    taxonomy = load_taxonomy(ROOT / "taxonomy" / "tx-0.1")
    every = settings().synthetic
    numbers = replace(every, scene=replace(every.scene, sizes=(SIZE,)))
    dances = [draw_knobs(seed, numbers, taxonomy) for seed in SEEDS]
    stages = [staged(knobs, taxonomy) for knobs in dances]
    next(frames(dances[0], stages[0]))  # compiles
    drawn, whole = [], []
    for knobs, stage in islice(cycle(zip(dances, stages, strict=True)), ROUNDS):
        start = time.process_time()
        count = sum(1 for _ in islice(frames(knobs, stage), FRAMES))
        drawn.append(count / (time.process_time() - start))
        whole.append(_clip(knobs, len(stage.take)))
    return [_row("synthetic_draw", median(drawn), DRAW_TARGET), _row("synthetic_clip", median(whole), CLIP_TARGET)]


def _row(name: str, rate: float, target: float) -> Row:
    ratio = rate / REAL_TIME
    return Row(name, rate, "frames/s", f"real time: {REAL_TIME} frames/s", ratio, f">= {target}", ratio >= target)


def _clip(knobs: Knobs, count: int) -> float:
    """Frames/s of a whole clip, staging and sound included."""
    taxonomy = load_taxonomy(ROOT / "taxonomy" / "tx-0.1")
    with TemporaryDirectory() as folder:
        start = time.process_time()
        make_clip(knobs, taxonomy, Path(folder) / "clip.mp4")
        return count / (time.process_time() - start)
