"""From the steps of a dance to the motion of everybody who dances it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dancecore.moves.body import NEUTRAL
from dancecore.moves.crossing import crossing_beats
from dancecore.moves.memory import once_each
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import Part, join, mirrored, placed, sample
from dancecore.moves.style import Style, danced_at, sized, swings, wobbled
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.dance import Dancer, Knobs
from dancecore.synthetic.generators import Step
from dancecore.synthetic.idle import load_non_dance
from dancecore.synthetic.timeline import timeline
from dancecore.types import Float64

_mirrored, _swings = once_each(mirrored), once_each(swings)


def motions(knobs: Knobs, taxonomy: Taxonomy, rate_hz: float | None = None) -> list[Motion]:
    """What each dancer of the clip does, where they stand, at the clip's frames: frame f is shown f / knobs.fps seconds
    into the clip, through all cuts, tempo and speed. `beats` are those of the dance.

    `rate_hz` takes the place of `knobs.fps`: 20 for what a pose estimator would report, see `observe`. The motions are
    then the same ones at other times. Which take, and so which camera, shows a frame says `timeline`.
    """
    beats, _ = timeline(knobs.dance, rate_hz or knobs.fps)
    return [_motion(dancer, knobs, taxonomy, beats) for dancer in knobs.dancers]


def _motion(dancer: Dancer, knobs: Knobs, taxonomy: Taxonomy, beats: Float64) -> Motion:
    steps = dancer.steps or knobs.dance.steps
    danced = choreograph(steps, knobs.dance.blend_beats, dancer.style, taxonomy, beats)
    x, z = dancer.place
    return placed(danced, np.radians(dancer.turn), np.array([x, 0.0, z]) / NEUTRAL.leg)


def choreograph(steps: Sequence[Step], blend_beats: float, style: Style, taxonomy: Taxonomy, beats: Float64) -> Motion:
    """The steps as danced in this style at these beats (F,); from step to step in `blend_beats` or as long as it takes
    not to hurry."""
    phrases = [_phrase(step, taxonomy) for step in steps]
    blends = [
        min(crossing_beats(a, one.beats, b, blend_beats), one.beats, other.beats)
        for (a, b), (one, other) in zip(pairwise(phrases), pairwise(steps), strict=True)
    ]
    danced_so = {id(phrase): sized(_swings(phrase), style) for phrase in phrases}
    parts = [Part(danced_so[id(phrase)], step.beats) for phrase, step in zip(phrases, steps, strict=True)]
    dance = join(parts, blends)
    danced = sample(dance, np.clip(danced_at(beats, style), 0.0, dance.beats[-1]))
    return wobbled(Motion(beats.copy(), danced.rotation, danced.root), style)


def _phrase(step: Step, taxonomy: Taxonomy) -> Motion:
    move = taxonomy.moves[step.move_id] if step.dance else load_non_dance()[step.move_id]
    return _mirrored(move.motion) if step.mirror else move.motion
