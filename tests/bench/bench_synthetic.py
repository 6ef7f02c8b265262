"""Rendered clips: how fast one core makes them, drawing alone and with sound and encoding, and whether BlazePose finds
who dances in them, all knobs on."""

import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from cluster.settings import settings
from cluster.weights import fetch
from dancecore.errors import DanceError
from dancecore.media import frames as decoded
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.pose import PoseModel, estimate, load
from dancecore.synthetic.clip import frames, make_clip, staged
from dancecore.synthetic.dance import Knobs, draw_knobs
from tests.bench.report import Row

TAXONOMY = Path(__file__).parent.parent.parent / "taxonomy" / "tx-0.1"
SIZE, SEEDS, FRAMES, ROUNDS = (640, 360), range(810_000, 810_008), 120, 2
RENDER_TARGET, ENCODED_TARGET = 40, 25

FOUND_SEEDS, FOUND_TARGET = range(820_000, 820_012), 0.97


def measure() -> list[Row]:
    """render, render_encoded: frames/s of 640 x 360 on one core, medians over dances; found: share of analysed frames
    in which BlazePose finds anybody, in clips of every size."""
    taxonomy, every = load_taxonomy(TAXONOMY), settings().synthetic
    numbers = replace(every, scene=replace(every.scene, sizes=(SIZE,)))
    dances = [draw_knobs(seed, numbers, taxonomy) for seed in SEEDS]
    stages = [staged(knobs, taxonomy) for knobs in dances]
    drawn, whole = [], []
    for turn in range(ROUNDS):
        for knobs, stage in zip(dances, stages, strict=True):
            start = time.process_time()
            count = sum(1 for _ in islice(frames(knobs, stage), FRAMES))
            spent = time.process_time() - start
            if turn:  # the first time compiles and paints textures
                drawn.append(count / spent)
                whole.append(_clip(knobs, taxonomy, len(stage.take)))
    clips = f"{len(SEEDS)} dances, all knobs on"
    return [
        _speed("render", drawn, RENDER_TARGET, clips),
        _speed("render_encoded", whole, ENCODED_TARGET, clips),
        _found([draw_knobs(seed, every, taxonomy) for seed in FOUND_SEEDS], taxonomy),
    ]


def _speed(name: str, rates: list[float], target: float, clips: str) -> Row:
    rate = median(rates)
    peer = f"{clips}; slowest {min(rates):.0f}"
    return Row(name, rate, "frames/s", peer, rate / target, f">= 1 ({target} frames/s)", rate >= target)


def _clip(knobs: Knobs, taxonomy: Taxonomy, count: int) -> float:
    """Frames/s of a whole clip, bodies, clothes and sound included."""
    with TemporaryDirectory() as folder:
        start = time.process_time()
        make_clip(knobs, taxonomy, Path(folder) / "clip.mp4")
        return count / (time.process_time() - start)


def _found(dances: list[Knobs], taxonomy: Taxonomy) -> Row:
    numbers = settings()
    model = load(numbers.pose.variant, fetch([numbers.pose.variant]), numbers.pose, "cpu")
    shares = [_share(knobs, taxonomy, model) for knobs in dances]
    share = float(np.mean(shares))
    peer = f"{len(dances)} clips; least {min(shares):.2f}"
    return Row("found", share, "share", peer, share, f">= {FOUND_TARGET}", share >= FOUND_TARGET)


def _share(knobs: Knobs, taxonomy: Taxonomy, model: PoseModel) -> float:
    """Of the frames of one clip, those with a pose."""
    numbers = settings()
    with TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        make_clip(knobs, taxonomy, clip)
        try:
            tracks = estimate(decoded(clip, numbers.media.rate_hz), model, numbers.pose)
        except DanceError:  # NO_PERSON
            return 0.0
    return float(np.mean(np.any([track.present for track in tracks], axis=0)))
