"""What the classifier sees and says of each frame: its inputs, its labels, and both in a mirror."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.features.columns import COLUMNS, MIRROR_FROM, MIRROR_SIGN
from dancecore.learning.datasets.entries import Label
from dancecore.matching.references import FV1
from dancecore.skeleton import TWIN
from dancecore.types import MS, OTHER, Features, Float, IntT, Reading

UNKNOWN: Reading = (OTHER, False)

SKIPPED = -1
"""In place of a label: the frame does not count in training."""

INPUTS = len(COLUMNS) + len(TWIN)
"""The features of a frame, then how far each joint can be trusted."""

INPUT_FROM = np.concatenate([MIRROR_FROM, len(COLUMNS) + np.asarray(TWIN)])
INPUT_SIGN: Float = np.concatenate([MIRROR_SIGN, np.ones(len(TWIN), np.float32)]).astype(np.float32)
"""(INPUTS,) what each input is in the mirror: the input it is taken from, and the sign it gets."""

INPUT_ORDER: IntT = np.concatenate([FV1.order, np.zeros(len(TWIN), np.int64)])
"""(INPUTS,) how often each input is derived by time."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled clip: inputs (T, INPUTS) float32 or float16, labels (T,) int64: which of the classifier's, or
    SKIPPED."""

    inputs: NDArray[np.floating]
    labels: IntT

    def __post_init__(self) -> None:
        if self.inputs.shape != (len(self.labels), INPUTS):
            raise DanceError("INVALID_INPUT", f"{len(self.labels)} labels for inputs {self.inputs.shape}")


def inputs(features: Features) -> Float:
    """(T, INPUTS) float32; all 0 where nobody is seen, whatever the features hold over from other frames."""
    return np.hstack([features.values, features.mask]) * features.mask.any(axis=1, keepdims=True)


def unseen(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(T,) where nobody is seen in inputs (T, INPUTS)."""
    return np.asarray(~values[:, len(COLUMNS) :].any(axis=1))


def labels_of(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The classifier's labels: the readings that can be told apart, in order, then UNKNOWN."""
    return (*sorted(set(readings)), UNKNOWN)


def mirrored_labels(labels: Sequence[Reading]) -> IntT:
    """(C,) the label that each one becomes in a mirror; one whose other side is no label stays."""
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index.get((move_id, not mirror), i) for i, (move_id, mirror) in enumerate(labels)])


def told_of(clips: Iterable[Example]) -> list[Example]:
    """The clips of which at least one frame has a label, not SKIPPED."""
    return [clip for clip in clips if (clip.labels != SKIPPED).any()]


def frame_labels(
    told: Iterable[Label], time_ns: IntT, labels: Sequence[Reading], *, partial: bool = False
) -> IntT:  # fmt: skip
    """(T,) the label of each frame; UNKNOWN where nothing is told, or a move that has no label.

    A mirrored move whose sides cannot be told apart has the label of its straight form. `partial`: what is not told, a
    side that matters too, is SKIPPED.
    """
    index = {label: i for i, label in enumerate(labels)}
    found = np.full(len(time_ns), SKIPPED if partial else index[UNKNOWN])
    for part in told:
        if partial and part.mirror is None and (part.move_id, True) in index:
            continue
        lo, hi = np.searchsorted(time_ns, [part.start_ms * MS, part.end_ms * MS])
        straight = index.get((part.move_id, False), index[UNKNOWN])
        found[lo:hi] = index.get((part.move_id, True), straight) if part.mirror else straight
    return found
