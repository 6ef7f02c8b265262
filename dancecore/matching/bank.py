"""All templates of all moves, laid out so that a span is compared with every one of them at every phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import numpy as np

from dancecore.errors import DanceError
from dancecore.features.columns import COLUMNS
from dancecore.matching.templates import Template
from dancecore.settings import MatchingSettings
from dancecore.types import Float, IntT, Reading

TIME_ORDER = np.array([2 if c.unit.endswith("/s2") else 1 if c.unit.endswith("/s") else 0 for c in COLUMNS])
"""(128,) how often each column is derived by time: danced r times faster, it grows by r to this power."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One template's place in the bank: frames [first, first + length), and where its windows may begin."""

    reading: int
    bpm: float
    first: int
    length: int
    starts: IntT


@dataclass(frozen=True, slots=True)
class Bank:
    """N loops of F frames in all, ordered by tempo.

    `readings` are the (move, mirror) that loops point to. frames (F, 256) float32 is what a query's
    (confidence x value, confidence) is multiplied with: [-2 w x, w x^2]; weights (N, 128) float32 sum to one.
    """

    readings: tuple[Reading, ...]
    loops: tuple[Loop, ...]
    frames: Float
    weights: Float

    @classmethod
    def build(cls, templates: Sequence[Template], settings: MatchingSettings) -> Self:
        """The bank of these templates.

        Where a move's mirrored loop is, within `same_side`, its straight loop begun elsewhere (a two-step begun to
        the other side), the mirrored one is left out: no clip tells them apart.
        Raises DanceError("INVALID_INPUT") when there is no template.
        """
        if not templates:
            raise DanceError("INVALID_INPUT", "a bank needs at least one template")
        ordered = sorted(_told_apart(templates, settings.same_side), key=lambda t: t.bpm)
        readings = tuple(sorted({(t.move_id, t.mirror) for t in ordered}))
        weights = np.array([t.weights / t.weights.sum() for t in ordered], np.float32)
        firsts = np.cumsum([0, *(len(t.values) for t in ordered)])
        loops = tuple(
            Loop(readings.index((t.move_id, t.mirror)), t.bpm, int(first), len(t.values), _starts(t, settings))
            for t, first in zip(ordered, firsts, strict=False)
        )
        frames = np.concatenate(
            [np.hstack([-2 * w * t.values, w * t.values**2]) for t, w in zip(ordered, weights, strict=True)]
        )
        return cls(readings, loops, np.ascontiguousarray(frames, np.float32), weights)

    def by_tempo(self) -> list[tuple[float, slice]]:
        """The tempi of the templates, with the loops that have them."""
        groups, first = [], 0
        for bpm, members in groupby(self.loops, key=lambda loop: loop.bpm):
            count = len(list(members))
            groups.append((bpm, slice(first, first + count)))
            first += count
        return groups


def _told_apart(templates: Sequence[Template], same_side: float) -> list[Template]:
    """The templates without the mirrored ones of moves whose two sides are one dance."""
    straight = {(t.move_id, t.source, t.yaw): t for t in templates if not t.mirror}
    distances: dict[str, float] = {}
    for t in templates:
        if t.mirror:
            twin = straight.get((t.move_id, t.source, t.yaw))
            distance = _apart(t, twin) if twin else np.inf
            distances[t.move_id] = max(distance, distances.get(t.move_id, 0.0))
    return [t for t in templates if not t.mirror or distances[t.move_id] > same_side]


def _apart(mirrored: Template, straight: Template) -> float:
    """Weighted root mean square between two loops, one begun where they are nearest; infinite if one is longer."""
    if mirrored.values.shape != straight.values.shape:
        return float("inf")
    weights = straight.weights / straight.weights.sum()
    shifted = (np.roll(mirrored.values, k, axis=0) for k in range(len(mirrored.values)))
    return float(np.sqrt(min(np.mean((values - straight.values) ** 2 @ weights) for values in shifted)))


def _starts(template: Template, settings: MatchingSettings) -> IntT:
    """The frames of one loop at which a window may begin: every `phase_beats`."""
    count = max(1, round(template.beats / settings.phase_beats))
    return np.unique(np.round(np.arange(count) * len(template.values) / count).astype(np.int64))
