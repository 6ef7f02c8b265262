"""From the steps of a dance to the dancers' motions, frame by frame, and what is danced when."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves.keyframes import FRAMES_PER_BEAT
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, join, mirrored, sample
from dancecore.moves.style import Style, styled
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.dance import Dance, Knobs, Step
from dancecore.synthetic.idle import load_non_dance
from dancecore.types import OTHER, Float64, IntT


@dataclass(frozen=True, slots=True)
class Danced:
    """What is danced from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool


def motions(knobs: Knobs, taxonomy: Taxonomy, rate_hz: float | None = None) -> list[Motion]:
    """What each dancer does, at the clip's frames: frame f is shown f / knobs.fps seconds into the clip.

    `rate_hz` takes the place of `knobs.fps`: 20 for the keypoints of a pose estimator.
    """
    dance, rate = knobs.dance, rate_hz or knobs.fps
    beats = np.arange(dance.takes[0].start_beat, dance.takes[-1].end_beat, dance.bpm / 60 / rate)
    return [choreograph(dance, dancer.style, taxonomy, beats) for dancer in knobs.dancers]


def choreograph(dance: Dance, style: Style, taxonomy: Taxonomy, beats: Float64) -> Motion:
    """The dance as danced in this style, at these beats of it."""
    return sample(join([_part(step, style, taxonomy) for step in dance.steps], dance.blend_beats), beats)


def _part(step: Step, style: Style, taxonomy: Taxonomy) -> Motion:
    move = taxonomy.moves[step.move_id] if step.dance else load_non_dance()[step.move_id]
    grid = np.arange(step.beats * FRAMES_PER_BEAT + 1) / FRAMES_PER_BEAT
    repeated = around(move.motion, grid)
    return styled(mirrored(repeated) if step.mirror else repeated, style)


def segments(dance: Dance) -> tuple[Danced, ...]:
    """What is danced when, covering the clip without gaps; steps that are no dance are OTHER."""
    first = dance.takes[0].start_beat
    ends = np.cumsum([step.beats for step in dance.steps])
    at = _ms(np.concatenate([[first], ends]) - first, dance.bpm)
    return tuple(
        Danced(int(at[i]), int(at[i + 1]), step.move_id if step.dance else OTHER, step.mirror)
        for i, step in enumerate(dance.steps)
    )


def beats_ms(dance: Dance) -> IntT:
    """(B,) when the beats are heard; the first is the second beat of the first bar unless the clip starts on one."""
    first, last = dance.takes[0].start_beat, dance.takes[-1].end_beat
    return _ms(np.arange(np.ceil(first), last) - first, dance.bpm)


def _ms(beats: Float64, bpm: float) -> IntT:
    return np.round(beats * 60_000 / bpm).astype(np.int64)
