"""From the segments of a clip to the steps that were danced in it."""

from collections.abc import Sequence

import numpy as np

from dancecore.composer.steps import Choreography, Heard
from dancecore.types import MS, OTHER, SECOND, BeatGrid, Segment


def steps_of(name: str, segments: Sequence[Segment], grid: BeatGrid | None, gap_ms: int) -> Choreography:
    """The dance in a clip. Where longer than `gap_ms` nothing, or nothing that has a name, was danced is a gap; before
    the first segment too. Lengths are beats of the clip's own grid, on half beats; None without a grid.
    """
    steps: list[Heard | None] = []
    until = 0
    for segment in sorted(segments, key=lambda one: one.start_ns):
        if segment.move_id == OTHER:
            continue
        if segment.start_ns - until > gap_ms * MS:
            steps.append(None)
        steps.append(Heard(segment.move_id, _beats(segment, grid), segment.mirror))
        until = segment.end_ns
    return Choreography(name, tuple(steps))


def _beats(segment: Segment, grid: BeatGrid | None) -> float | None:
    if grid is None:
        return None
    start, end = (beat_at(grid, at) for at in (segment.start_ns, segment.end_ns))
    return max(0.5, round(2 * (end - start)) / 2)


def beat_at(grid: BeatGrid, at_ns: int) -> float:
    """Which beat of the grid is at a time, counted from its first beat at 0; outside of the grid at its tempo."""
    beats = grid.beats_ns
    if not len(beats):
        return at_ns / SECOND * grid.bpm / 60
    period = 60 * SECOND / grid.bpm
    if at_ns <= beats[0]:
        return float((at_ns - beats[0]) / period)
    if at_ns >= beats[-1]:
        return float(len(beats) - 1 + (at_ns - beats[-1]) / period)
    return float(np.interp(at_ns, beats, np.arange(len(beats))))
