"""Whether segments of people nobody trained on are found by segments of others who dance the same.

`python -m tests.bench embedding` wants the folder of a rendered set with poses in DANCEAPP_RENDERED, as
`danceapp synthesise` makes one; without it there is nothing to measure.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster.library import TAXONOMY, shipped
from cluster.settings import settings
from dancecore.features import extract
from dancecore.features.lifted import embed as embed_lifted
from dancecore.features.lifted import extract_lifted
from dancecore.learning.datasets.entries import Entry
from dancecore.learning.datasets.folder import read_folder
from dancecore.models.classify import Classifier
from dancecore.models.embed import embed
from dancecore.pose import clean
from dancecore.types import MS, OTHER, SECOND, Float, Span
from tests.bench.report import Row

TARGET, NEAREST, LEAST_FRAMES = 0.7, 10, 4
"""Of recall; how many of the nearest are looked at; pieces at a cut with fewer frames are no segment."""


@dataclass
class Side:
    """Segments of some people: the move (N,) of each and vectors (N, D) by kind; seconds of clips, and seconds used."""

    moves: np.ndarray
    vectors: dict[str, Float]
    length_s: float
    used_s: float


def measure() -> list[Row]:
    """recall_at_10: of how many of its move, ten at most, a segment of the people of the test split finds among the ten
    nearest segments of the people of the training split; the mean over segments. True boundaries."""
    folder = os.environ.get("DANCEAPP_RENDERED")
    if folder is None:
        print("embedding: DANCEAPP_RENDERED names no rendered set with poses; left out", file=sys.stderr)
        return []
    bundle = shipped(TAXONOMY)
    assert bundle
    entries, classifier = read_folder(Path(folder)), Classifier(bundle)
    gallery, queries = (side_of([e for e in entries if e.split == split], classifier) for split in ("train", "test"))
    recall = {kind: recall_at(queries, gallery, kind) for kind in queries.vectors}
    ours = recall["moves"]
    cost = 1000 * 30 * (gallery.used_s + queries.used_s) / (gallery.length_s + queries.length_s)
    peer = f"lifted {recall['lifted']:.3f}, mean features {recall['mean']:.3f}; {cost:.1f} ms for 30 s"
    return [Row("recall_at_10", ours, "share", peer, ours, f">= {TARGET}", ours >= TARGET)]


def side_of(entries: list[Entry], classifier: Classifier) -> Side:
    """The segments of some clips, `used_s` for vectors of what the classifier said."""
    rows = [row for entry in entries for row in _segments(entry, classifier)]
    kinds = {kind: np.stack([vectors[kind] for _, vectors, _ in rows]) for kind in rows[0][1]}
    length_s = sum(entry.duration_ms for entry in entries) * MS / SECOND
    return Side(np.array([move for move, _, _ in rows]), kinds, length_s, sum(used for _, _, used in rows))


def recall_at(queries: Side, gallery: Side, kind: str) -> float:
    """See `measure`; moves that nobody else dances are left out."""
    alike = queries.vectors[kind] @ gallery.vectors[kind].T
    same = queries.moves[:, None] == gallery.moves
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEAREST]
    found, there = np.take_along_axis(same, nearest, axis=1).sum(axis=1), same.sum(axis=1)
    asked = there > 0
    return float((found[asked] / np.minimum(there[asked], NEAREST)).mean())


def _segments(entry: Entry, classifier: Classifier) -> Iterator[tuple[str, dict[str, Float], float]]:
    """The move of each segment, its vectors, and the seconds that the one in use took."""
    numbers = settings()
    track = clean(entry.track(), numbers.pose)
    features, lifted = extract(track, numbers.features), extract_lifted(track, numbers.features)
    said = classifier(features)
    for label in entry.labels:
        span = Span(label.start_ms * MS, label.end_ms * MS)
        lo, hi = np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])
        if label.move_id == OTHER or hi - lo < LEAST_FRAMES:
            continue
        began = time.process_time()
        (vector,) = embed(said, [span])
        used, mean = time.process_time() - began, features.values[lo:hi].mean(axis=0)
        long = max(float(np.linalg.norm(mean)), 1e-9)
        kinds = {"moves": vector, "lifted": embed_lifted(lifted, span), "mean": mean / long}
        yield label.move_id, kinds, used
