"""Windows of labelled clips as a network is trained on them: cut anywhere, at other tempi, in mirrors, with noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dancecore.models.frames import INPUT_FROM, INPUT_ORDER, INPUT_SIGN, INPUTS, SKIPPED, Example, unseen
from dancecore.settings import TrainSettings
from dancecore.types import Float, IntT

BEGINS = 1
"""Frames on either side of a segment's first one that count as its beginning: labels are no sharper."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows of L frames, shorter ones padded: inputs (B, L, INPUTS), labels (B, L) int64 with SKIPPED where a frame
    does not count, boundary and valid (B, L) float32 of 0 and 1."""

    inputs: Float
    labels: IntT
    boundary: Float
    valid: Float


def batches(
    examples: Sequence[Example], mirrored: IntT, settings: TrainSettings, rng: np.random.Generator
) -> Iterator[Batch]:
    """Augmented windows of these clips in random order, `settings.batch` at a time; the last batch may be smaller.

    `mirrored` (C,): see `mirrored_labels`. A clip of T frames gives a window for every `hop` of its frames.
    """
    count = [max(1, round(len(each.labels) / settings.hop)) for each in examples]
    order = rng.permutation(np.repeat(np.arange(len(examples)), count))
    for first in range(0, len(order), settings.batch):
        chosen = order[first : first + settings.batch]
        yield stack([augmented(examples[i], mirrored, settings, rng) for i in chosen], settings.window)


def augmented(example: Example, mirrored: IntT, settings: TrainSettings, rng: np.random.Generator) -> Example:
    """A window of up to `window` frames, danced up to a share `tempo` faster or slower, in a mirror or not, with noise,
    and at times with a stretch in which nobody is seen."""
    ratio = float(np.exp(rng.uniform(-1, 1) * np.log1p(settings.tempo)))
    span = min(round(settings.window * ratio), len(example.labels))
    start = int(rng.integers(len(example.labels) - span + 1))
    values, labels = at_tempo(example, start, span, ratio)
    if rng.uniform() < settings.mirror:
        values = values[:, INPUT_FROM] * INPUT_SIGN
        labels = np.where(labels == SKIPPED, SKIPPED, mirrored[labels])
    hidden = unseen(values)
    if rng.uniform() < settings.blank:
        first, end = np.sort(rng.integers(len(labels) + 1, size=2))
        hidden[first:end] = True
    values = values + settings.jitter * rng.standard_normal(values.shape, np.float32)
    values[hidden] = 0  # as nobody is to the network when it runs
    return Example(values, forgotten(labels, hidden, settings.memory, len(mirrored) - 1))


def forgotten(labels: IntT, hidden: NDArray[np.bool_], memory: int, unknown: int) -> IntT:
    """The labels (T,), `unknown` where nobody was seen for more than `memory` frames before and after."""
    seen = np.flatnonzero(~hidden)
    away = np.abs(np.arange(len(labels))[:, None] - seen).min(axis=1, initial=memory + 1)
    return np.where(away > memory, unknown, labels)


def at_tempo(example: Example, start: int, span: int, ratio: float) -> tuple[Float, IntT]:
    """Inputs and labels of `span` frames from `start` on, as they would be danced `ratio` times as fast."""
    frames = max(1, round(span / ratio))
    at = start + np.linspace(0, span - 1, frames)
    below = np.minimum(at.astype(np.int64), max(0, len(example.labels) - 2))
    above = np.minimum(below + 1, len(example.labels) - 1)
    share = (at - below)[:, None].astype(np.float32)
    values = (1 - share) * example.inputs[below] + share * example.inputs[above]
    faster = np.float32(ratio) ** INPUT_ORDER.astype(np.float32)
    return (values * faster).astype(np.float32), example.labels[np.round(at).astype(np.int64)]


def stack(windows: Sequence[Example], length: int) -> Batch:
    """Windows of at most `length` frames as one batch, padded at their ends."""
    shape = (len(windows), length)
    batch = Batch(
        np.zeros((*shape, INPUTS), np.float32), np.zeros(shape, np.int64), np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )  # fmt: skip
    for row, window in enumerate(windows):
        frames = min(len(window.labels), length)
        batch.inputs[row, :frames] = window.inputs[:frames]
        batch.labels[row, :frames] = window.labels[:frames]
        batch.boundary[row, :frames] = begins(window.labels[:frames])
        batch.valid[row, :frames] = 1
    return batch


def begins(labels: IntT) -> Float:
    """(T,) 1 within BEGINS frames of the first frame of a segment; where the window's first one began is not known."""
    first = np.flatnonzero(np.diff(labels)) + 1
    marked = np.zeros(len(labels), np.float32)
    for step in range(-BEGINS, BEGINS + 1):
        marked[np.clip(first + step, 0, len(labels) - 1)] = 1
    return marked
