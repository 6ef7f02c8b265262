"""What a trained classifier says of every frame of a dance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dancecore.models.bundle import Bundle
from dancecore.models.frames import INPUT_FROM, INPUT_SIGN, inputs, mirrored_labels
from dancecore.models.judge import log_softmax
from dancecore.models.session import run, session_of
from dancecore.types import Features, Float, IntT, Reading, check_shape, check_times

BATCH = 16
"""Windows that are classified together: more need more memory and are no quicker."""


@dataclass(frozen=True, slots=True)
class FrameScores:
    """time_ns (T,) int64; logp (T, C) float32 log-probabilities of the `readings`, the last one (OTHER, False);
    boundary (T,) float32 probability that a segment begins within a frame of this one."""

    time_ns: IntT
    logp: Float
    boundary: Float
    readings: tuple[Reading, ...]

    def __post_init__(self) -> None:
        check_times("time_ns", self.time_ns)
        check_shape("logp", self.logp, (len(self.time_ns), len(self.readings)), np.float32)
        check_shape("boundary", self.boundary, (len(self.time_ns),), np.float32)


Logits = Callable[[Float], tuple[Float, Float]]
"""Inputs (B, T, D) of B windows to logits (B, T, C) and boundary logits (B, T)."""


Says = Callable[[Features], FrameScores]
"""What a classifier is to those who ask it."""


class Classifier:
    """A bundle that is ready to run."""

    def __init__(self, bundle: Bundle, provider: str = "cpu") -> None:
        """`provider`: "cpu", "cuda" or "auto". Raises DanceError("PROVIDER_MISSING")."""
        self.bundle = bundle
        self.session = session_of(bundle.network, provider)

    def __call__(self, features: Features) -> FrameScores:
        """The scores of every frame. Long clips are classified in overlapping windows, whose middles count most."""
        bundle = self.bundle
        seen = inputs(features)
        if bundle.mirrored:
            logits, begins = both_sides(seen, mirrored_labels(bundle.labels), self._logits)
        else:
            logits, begins = self._logits(seen)
        logp = log_softmax(logits / bundle.temperature).astype(np.float32)
        boundary = (1 / (1 + np.exp(-begins))).astype(np.float32)
        return FrameScores(features.time_ns, logp, boundary, bundle.labels)

    def _logits(self, seen: Float) -> tuple[Float, Float]:
        return in_windows(seen, self.bundle.window, self.bundle.hop, self._run)

    def _run(self, windows: Float) -> tuple[Float, Float]:
        return run(self.session, windows, np.ones(windows.shape[:2], np.float32))


def classify(features: Features, bundle: Bundle) -> FrameScores:
    """The scores of one clip; for many, keep a `Classifier`."""
    return Classifier(bundle)(features)


def both_sides(
    seen: Float, mirrored: IntT, logits_of: Callable[[Float], tuple[Float, Float]]
) -> tuple[Float, Float]:  # fmt: skip
    """Means of the logits (T, C) and of the boundary's (T,) of inputs (T, D) as they are and as seen in a mirror."""
    straight, begins = logits_of(seen)
    other, other_begins = logits_of(seen[:, INPUT_FROM] * INPUT_SIGN)
    return np.asarray((straight + other[:, mirrored]) / 2), np.asarray((begins + other_begins) / 2)


def in_windows(seen: Float, window: int, hop: int, run: Logits) -> tuple[Float, Float]:
    """logits (T, C) and boundary logits (T,) of inputs (T, D): means over windows that begin every `hop` frames, the
    last one at the end, each weighted by how far a frame is from the window's edge."""
    frames = len(seen)
    length = min(window, frames)
    starts = np.unique(np.append(np.arange(0, max(1, frames - length + 1), hop), frames - length))
    at = starts[:, None] + np.arange(length)
    weight = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)).astype(np.float32)
    parts = [run(np.ascontiguousarray(seen[at[k : k + BATCH]])) for k in range(0, len(at), BATCH)]
    logits, begins = (np.concatenate(each) for each in zip(*parts, strict=True))
    total = np.zeros((frames, logits.shape[2] + 1), np.float32)
    shares = np.zeros((frames, 1), np.float32)
    for row, says in zip(at, np.concatenate([logits, begins[..., None]], axis=2), strict=True):
        total[row] += weight[:, None] * says
        shares[row, 0] += weight
    mean = np.asarray(total / shares, np.float32)
    return mean[:, :-1], mean[:, -1]
