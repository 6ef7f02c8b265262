"""How sure a trained network may be, and whether it should look in the mirror too: learned on clips it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dancecore.learning import metrics
from dancecore.models.classify import Logits, both_sides, in_windows
from dancecore.models.frames import SKIPPED, Example, mirrored_labels
from dancecore.models.judge import fit_temperature, judge, log_softmax, steady
from dancecore.types import OTHER, Float, IntT, Reading


@dataclass(frozen=True, slots=True)
class Calibrated:
    """See `Bundle`; `metrics` and `confusion` are of the clips it was learned on."""

    temperature: float
    mirrored: bool
    metrics: dict[str, float]
    confusion: dict[str, Any]


def calibrated(
    clips: Sequence[Example], labels: Sequence[Reading], window: int, hop: int, run: Logits
) -> Calibrated:  # fmt: skip
    """The temperature (Guo et al. 2017) at which these clips are most likely, with or without the mirror, whichever
    makes them likelier. Frames that are SKIPPED are looked at, and do not count."""
    counted = [clip.labels != SKIPPED for clip in clips]
    told = [clip.labels[at] for clip, at in zip(clips, counted, strict=True)]
    truth = np.concatenate(told)
    found = []
    for mirrored in (False, True):
        logits: list[Float] = [
            _logits(clip, labels, window, hop, run, mirrored)[at] for clip, at in zip(clips, counted, strict=True)
        ]
        together = np.concatenate(logits)
        temperature = fit_temperature(together, truth)
        surprise = -log_softmax(together / temperature)[np.arange(len(truth)), truth].mean()
        found.append((float(surprise), temperature, mirrored, [log_softmax(each / temperature) for each in logits]))
    _, temperature, mirrored, logp = min(found, key=lambda each: each[0])
    return Calibrated(temperature, mirrored, judge(logp, told, labels), _confusion(logp, told, labels))


def _logits(
    clip: Example, labels: Sequence[Reading], window: int, hop: int, run: Logits, mirrored: bool
) -> Float:  # fmt: skip
    def logits_of(seen: Float) -> tuple[Float, Float]:
        return in_windows(seen, window, hop, run)

    seen = clip.inputs.astype(np.float32)
    return (both_sides(seen, mirrored_labels(labels), logits_of) if mirrored else logits_of(seen))[0]


def _confusion(logp: Sequence[Float], truth: Sequence[IntT], labels: Sequence[Reading]) -> dict[str, Any]:
    """Frames by true label (row) and predicted label (column); "mv_dab mirrored" is a label."""
    names = [f"{move}{' mirrored' if mirror else ''}" if move != OTHER else OTHER for move, mirror in labels]
    true = [names[i] for each in truth for i in each]
    told = [names[i] for each in logp for i in steady(each)]
    table = metrics.confusion(true, told)
    return {"labels": list(table.labels), "counts": table.counts.tolist()}
