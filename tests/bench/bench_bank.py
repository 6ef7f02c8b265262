"""How fast one core compares segments with the bank, beside aeon's DTW on the same data, and names a clip of 30 s."""

import time
from statistics import median

import numpy as np
from aeon.distances import dtw_distance

from cluster.library import load_library
from cluster.settings import settings
from dancecore.features.columns import confidence
from dancecore.matching.bank import Bank
from dancecore.matching.references import FV1, Reference
from dancecore.matching.score import distances
from dancecore.models.classify import Classifier
from dancecore.pipeline import identify
from dancecore.types import SECOND, BeatGrid, Features, Float
from tests.bench.report import Row

MOVES, EXEMPLARS, SEGMENTS, COLUMNS, ROUNDS = 50, 3, 8, 128, 5
SHORTEST, LONGEST = 24, 90
"""Frames of an exemplar or a segment."""
TARGET, SECONDS = 10.0, 0.3


def measure() -> list[Row]:
    """dtw_bank: pairs/s, each a segment at one of three tempi and an exemplar or its mirror image, over aeon's.
    identify_30s: everything after pose, beats and features of a clip of 30 s, in processor seconds."""
    return [dtw_bank(), identify_30s()]


def dtw_bank() -> Row:
    """Exemplars as whole sequences, with weights of their own; each frame of a segment has confidences of joints."""
    rng, matching = np.random.default_rng(0), settings().matching
    exemplars = [_smooth(rng, int(rng.integers(SHORTEST, LONGEST + 1))) for _ in range(MOVES * EXEMPLARS)]
    weights = rng.uniform(0.2, 1, (MOVES, COLUMNS)).astype(np.float32)
    bank = Bank.of(
        [
            Reference(f"move{k // EXEMPLARS}", False, True, 0.0, values, weights[k // EXEMPLARS])
            for k, values in enumerate(exemplars)
        ],
        FV1,
    )
    segments = [_smooth(rng, int(rng.integers(SHORTEST, LONGEST + 1))) for _ in range(SEGMENTS)]
    masks = [rng.uniform(0, 1, (len(values), 33)).astype(np.float32) for values in segments]
    series = [(values, confidence(mask)) for values, mask in zip(segments, masks, strict=True)]
    pairs = SEGMENTS * MOVES * EXEMPLARS * 2 * len(matching.tempi)
    theirs = [np.ascontiguousarray(values.T, np.float64) for values in exemplars]

    def ours() -> float:
        start = time.process_time()
        distances(series, None, bank, matching)
        return pairs / (time.process_time() - start)

    def aeon() -> float:
        start = time.process_time()
        for values in segments:
            query = np.ascontiguousarray(values.T, np.float64)
            for exemplar in theirs:
                dtw_distance(query, exemplar, window=matching.band)
        return len(segments) * len(theirs) / (time.process_time() - start)

    ours(), aeon()  # compiled
    both = [(ours(), aeon()) for _ in range(ROUNDS)]
    ratio = median(a / b for a, b in both)
    peer = f"aeon dtw_distance: {median(b for _, b in both):,.0f} pairs/s"
    return Row("dtw_bank", median(a for a, _ in both), "pairs/s", peer, ratio, f">= {TARGET:g}", ratio >= TARGET)


def identify_30s() -> Row:
    """A smooth random dance of 30 s against templates and classifier, its tempo known; beside it, with none known."""
    numbers = settings()
    library, frames = load_library(numbers), 30 * numbers.media.rate_hz
    classifier = Classifier(library.bundle) if library.bundle else None
    rng = np.random.default_rng(1)
    time_ns = np.arange(frames, dtype=np.int64) * (SECOND // numbers.media.rate_hz)
    features = Features(time_ns, _smooth(rng, frames), np.ones((frames, 33), np.float32))
    beats = BeatGrid(110.0, np.arange(0, 30 * SECOND, 60 * SECOND // 110), 1.0)

    def used(grid: BeatGrid | None) -> float:
        start = time.process_time()
        identify(features, grid, library.bank, numbers.analysis, classifier)
        return time.process_time() - start

    used(beats), used(None)
    known, unknown = (median(used(grid) for _ in range(ROUNDS)) for grid in (beats, None))
    peer = f"without known tempo: {unknown:.3f} s"
    return Row("identify_30s", known, "s", peer, known / SECONDS, f"<= {SECONDS} s", known <= SECONDS)


def _smooth(rng: np.random.Generator, frames: int) -> Float:
    """(frames, COLUMNS): random, with spread of about one, and slow as dances are at 20 Hz."""
    steps = rng.normal(size=(frames + 8, COLUMNS)).cumsum(axis=0)
    return ((steps[8:] - steps[:-8]) / np.sqrt(8)).astype(np.float32)
