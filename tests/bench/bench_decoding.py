"""How fast one core decodes a clip of 45 s, beside the same recursion written in plain numpy."""

import time
from statistics import median

import numpy as np

from cluster.settings import settings
from dancecore.decoding.semi_markov import durations, viterbi
from dancecore.types import SECOND, Float64
from tests.bench.report import Row

FRAMES, CLASSES, ROUNDS, TARGET_MS = 900, 51, 15, 3.0


def measure() -> list[Row]:
    """viterbi: milliseconds of processor time for 900 frames and 51 classes; the ratio is numpy's over ours."""
    numbers, rng = settings(), np.random.default_rng(0)
    scores, boundary = rng.normal(size=(FRAMES, CLASSES)), rng.normal(size=FRAMES) - 3
    table = durations(SECOND // numbers.media.rate_hz, CLASSES, numbers.decoding, 110.0)
    found = viterbi(scores, boundary, table)  # compiled
    assert np.isclose(sum(part.score for part in found), in_numpy(scores, boundary, table))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        viterbi(scores, boundary, table)
        middle = time.process_time()
        in_numpy(scores, boundary, table)
        ours.append(middle - start)
        theirs.append(time.process_time() - middle)
    value, ratio = 1000 * median(ours), median(b / a for a, b in zip(ours, theirs, strict=True))
    peer = f"plain numpy: {1000 * median(theirs):.1f} ms"
    return [Row("viterbi", value, "ms", peer, ratio, f"< {TARGET_MS:g} ms", value < TARGET_MS)]


def in_numpy(scores: Float64, boundary: Float64, log_duration: Float64) -> float:
    """The score of the best segmentation."""
    longest = len(log_duration) - 1
    sums = np.vstack([np.zeros(CLASSES), scores.cumsum(axis=0)])
    before, best = np.empty_like(sums), 0.0
    for end in range(FRAMES + 1):
        if end:
            n = min(longest, end)
            best = (before[end - n : end] + log_duration[n:0:-1] + sums[end]).max()
        before[end] = best + (boundary[end] if 0 < end < FRAMES else 0) - sums[end]
    return float(best)
