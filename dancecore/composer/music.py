"""Somebody's music as the composer keeps it: its beats, not its sound. Heard, tapped, or told.

A tempo may be felt at half or double time, so both are offered; what was tapped or told is never overruled.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from dancecore.errors import DanceError
from dancecore.types import MS, SECOND, BeatGrid, IntT

SCHEMA_NAME = "music.v1"

EIGHT = 8
"""Beats of a dancers' phrase."""

SLOWEST, FASTEST = 30.0, 300.0
"""Beats a minute that a composition may have."""

FEWEST_TAPS = 4
"""Three intervals: fewer say nothing about a tempo."""

UNEVEN = 0.2
"""Of a beat that taps may be off a steady tempo, root mean square: people who tap along are off by a tenth at most."""

Source = Literal["heard", "tapped", "told"]


@dataclass(frozen=True, slots=True)
class Music:
    """The beats of a piece that lasts `length_ms`, and where they are from. `first`: the beat, from 0, on which the
    first eight-count begins."""

    grid: BeatGrid
    source: Source
    length_ms: int
    first: int = 0

    def __post_init__(self) -> None:
        if not SLOWEST <= self.grid.bpm <= FASTEST:
            raise DanceError("INVALID_INPUT", f"bpm wants to be {SLOWEST:g} to {FASTEST:g}, not {self.grid.bpm:.1f}")
        if not 0 <= self.first < max(1, len(self.grid.beats_ns)):
            raise DanceError("INVALID_INPUT", f"there are {len(self.grid.beats_ns)} beats, and no beat {self.first}")

    @property
    def eights_ns(self) -> IntT:
        """(E,) where each eight-count begins."""
        return self.grid.beats_ns[self.first :: EIGHT]

    def halved(self) -> Self:
        """The same felt half as fast: every other beat, with the first eight-count's first among them."""
        beats = self.grid.beats_ns[self.first % 2 :: 2].copy()
        return replace(self, grid=BeatGrid(self.grid.bpm / 2, beats, self.grid.confidence), first=self.first // 2)

    def doubled(self) -> Self:
        """The same felt twice as fast: with a beat in the middle of every two, and after the last."""
        beats = self.grid.beats_ns
        last = beats[-1:] + round(30 * SECOND / self.grid.bpm) if len(beats) else beats
        between = np.append((beats[:-1] + beats[1:]) // 2, last[last < self.length_ms * MS])
        both = np.sort(np.concatenate([beats, between]))
        return replace(self, grid=BeatGrid(2 * self.grid.bpm, both, self.grid.confidence), first=2 * self.first)

    def candidates(self) -> list[Self]:
        """The tempo as it is first, then half and double of it, as far as they are tempi."""
        ways = [self]
        if self.grid.bpm / 2 >= SLOWEST and len(self.grid.beats_ns) > 1:
            ways.append(self.halved())
        if self.grid.bpm * 2 <= FASTEST:
            ways.append(self.doubled())
        return ways


def told(bpm: float, first_s: float, length_s: float) -> Music:
    """Even beats at a tempo, one of them at `first_s`, where the first eight-count begins.

    Raises DanceError("INVALID_INPUT") for a tempo or times that cannot be.
    """
    if not (SLOWEST <= bpm <= FASTEST and 0 <= first_s < length_s):
        raise DanceError(
            "INVALID_INPUT", f"want bpm 30 to 300 and 0 <= first < length, not {bpm}, {first_s}, {length_s}"
        )
    return _even(60 / bpm, first_s, length_s, "told", 1.0)


def tapped(taps_s: Sequence[float], length_s: float) -> Music:
    """Even beats through taps, the first of which begins an eight-count; a beat may be left out, not tapped twice.

    The tempo is the slope of a line through the taps over the beats that they are of; confidence is 1 for even taps, 0
    for such as are just not refused. Raises DanceError("INVALID_INPUT") for fewer than four, or uneven ones.
    """
    taps = np.array(taps_s, dtype=np.float64)
    if len(taps) < FEWEST_TAPS or not np.isfinite(taps).all() or (np.diff(taps) <= 0).any() or taps[0] < 0:
        raise DanceError(
            "INVALID_INPUT", f"a tempo is told by {FEWEST_TAPS} taps or more, each later than the one before"
        )
    steps = np.maximum(1, np.round(np.diff(taps) / np.median(np.diff(taps))))
    beats = np.concatenate([[0.0], np.cumsum(steps)])
    period, start = np.polyfit(beats, taps, 1)
    off = float(np.sqrt(np.mean((taps - start - period * beats) ** 2)) / period)
    if off > UNEVEN or not SLOWEST <= 60 / period <= FASTEST:
        raise DanceError(
            "INVALID_INPUT", f"these taps are no steady beat of 30 to 300 bpm: they are off by {off:.0%} of one"
        )
    return _even(float(period), max(0.0, float(start)), length_s, "tapped", 1 - off / UNEVEN)


def _even(period: float, first_s: float, length_s: float, source: Source, confidence: float) -> Music:
    before = int(first_s / period + 1e-9)
    times = first_s + period * np.arange(-before, max(1, int(np.ceil((length_s - first_s) / period - 1e-9))))
    grid = BeatGrid(60 / period, np.round(np.maximum(times, 0) * SECOND).astype(np.int64), confidence)
    return Music(grid, source, round(1000 * length_s), before)


def to_json(music: Music) -> str:
    """`music.v1`: all that is kept of a piece."""
    said = {
        "schema": SCHEMA_NAME, "bpm": music.grid.bpm, "confidence": music.grid.confidence, "source": music.source,
        "length_ms": music.length_ms, "first": music.first, "beats_ms": (music.grid.beats_ns // MS).tolist(),
    }  # fmt: skip
    return json.dumps(said)


def from_json(text: str) -> Music:
    """The music that `to_json` wrote. Raises DanceError("INVALID_INPUT")."""
    try:
        said = json.loads(text)
        if said["schema"] != SCHEMA_NAME or said["source"] not in ("heard", "tapped", "told"):
            raise ValueError(f"schema {said['schema']!r}, source {said['source']!r}")
        beats = np.array(said["beats_ms"], np.int64) * MS
        grid = BeatGrid(float(said["bpm"]), beats, float(said["confidence"]))
        return Music(grid, said["source"], int(said["length_ms"]), int(said["first"]))
    except (ValueError, KeyError, TypeError) as error:
        raise DanceError("INVALID_INPUT", f"this is no {SCHEMA_NAME}: {error}") from error
