"""Whether keypoints made without a picture can stand in for those that BlazePose finds in rendered clips.

`python -m tests.bench domains` wants the folder of a rendered set with poses in DANCEAPP_RENDERED, as
`danceapp synthesise` makes one; without it there is nothing to measure.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cluster.settings import settings
from dancecore.features import extract, window_statistics
from dancecore.learning.datasets.entries import Label
from dancecore.learning.datasets.folder import read_folder
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pose import clean
from dancecore.synthetic.dance import draw_knobs
from dancecore.synthetic.keypoints import make_keypoints
from dancecore.types import MS, Float, PoseTrack, Span
from tests.bench.report import Row

TAXONOMY = Path(__file__).parent.parent.parent / "taxonomy" / "tx-0.1"
FIRST_SEED, FOLDS, SHORTEST_MS, TARGET = 700_000, 4, 1000, 0.05
"""Keypoint-only clips have other seeds than any rendered set; shorter pieces of a move, at a clip's ends and cuts, tell
little of it; the loss of macro-F1 that is allowed."""


@dataclass(frozen=True)
class Segments:
    """Segments of one domain: statistics (N, 640), moves (N,), the fold (N,) of who dances."""

    values: Float
    moves: np.ndarray
    fold: np.ndarray


def measure() -> list[Row]:
    """domains_*: macro-F1 of a classifier trained on one domain and tested on the other. The loss is what one trained
    on the domain of the test scores more; beside it, what each scores at home. Nobody dances in both training and
    test."""
    folder = os.environ.get("DANCEAPP_RENDERED")
    if folder is None:
        print("domains: DANCEAPP_RENDERED names no rendered set with poses; left out", file=sys.stderr)
        return []
    rendered, made = rendered_segments(Path(folder))
    keypoints = keypoint_segments(made)
    at_home = {"rendered": macro_f1(rendered, rendered), "keypoints": macro_f1(keypoints, keypoints)}
    return [
        _row("keypoints", "rendered", macro_f1(keypoints, rendered), at_home),
        _row("rendered", "keypoints", macro_f1(rendered, keypoints), at_home),
    ]


def _row(train: str, test: str, across: float, at_home: dict[str, float]) -> Row:
    loss = at_home[test] - across
    peer = f"{test} on {test}: {at_home[test]:.3f}, {train} on {train}: {at_home[train]:.3f}"
    return Row(f"domains_to_{test}", across, "macro-F1", peer, loss, f"<= {TARGET}", loss <= TARGET)


def rendered_segments(folder: Path) -> tuple[Segments, int]:
    """Of the clips of a rendered set, whose poses are as they were found, and how many they are."""
    entries, numbers = read_folder(folder), settings().pose
    return _segments((entry.creator, entry.labels, clean(entry.track(), numbers)) for entry in entries), len(entries)


def keypoint_segments(clips: int) -> Segments:
    """Of so many clips that are made here as keypoints alone."""
    return _segments(_made(clips))


def _made(clips: int) -> Iterator[tuple[str, tuple[Label, ...], PoseTrack]]:
    numbers, taxonomy = settings(), load_taxonomy(TAXONOMY)
    for seed in range(FIRST_SEED, FIRST_SEED + clips):
        knobs = draw_knobs(seed, numbers.synthetic, taxonomy)
        made = make_keypoints(knobs, taxonomy, numbers.observe, numbers.media.rate_hz, f"syn_{seed}")
        labels = tuple(Label(each.start_ms, each.end_ms, each.move_id, each.mirror) for each in made.truth.segments)
        yield knobs.dancers[0].creator, labels, clean(made.tracks[0], numbers.pose)


def _segments(clips: Iterable[tuple[str, tuple[Label, ...], PoseTrack]]) -> Segments:
    numbers = settings().features
    values, moves, fold = [], [], []
    for creator, labels, track in clips:
        features = extract(track, numbers)
        for label in labels:
            if label.end_ms - label.start_ms >= SHORTEST_MS:
                span = Span(label.start_ms * MS, label.end_ms * MS)
                values.append(window_statistics(features, span, numbers.peak_prominence).ravel())
                moves.append(label.move_id)
                fold.append(crc32(creator.encode()) % FOLDS)
    return Segments(np.stack(values), np.array(moves), np.array(fold))


def macro_f1(train: Segments, test: Segments) -> float:
    """Of segments of everybody, each told by a classifier that was trained on others."""
    told = np.empty_like(test.moves)
    for fold in range(FOLDS):
        others, own = train.fold != fold, test.fold == fold
        told[own] = _classifier().fit(train.values[others], train.moves[others]).predict(test.values[own])
    return float(f1_score(test.moves, told, average="macro"))


def _classifier() -> Any:
    """Linear and strongly regularised: there are twenty segments of a move and 640 numbers of each."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000))
