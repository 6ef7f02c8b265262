"""From steps to motion: each move on its beats, joined so that nobody hurries and what stands does not slide."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.crossing import crossing_beats, pace
from dancecore.moves.footing import ENDS, SLIP
from dancecore.moves.memory import once_each
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import Part, join, mirrored, sample
from dancecore.moves.taxonomy import Taxonomy
from dancecore.types import Float64

LONGER = 1.25
"""Times as long as before is a crossing that is still too quick."""

REMEMBERED = 4096
"""Crossings: those of a day's dances, which come back with every change of one of their steps."""

_mirrored = once_each(mirrored)
_KNOWN: OrderedDict[tuple[float, ...], tuple[Motion, Motion, float, float]] = OrderedDict()
"""Crossings with their phrases, held so that an id stays its own."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Where one move goes over into the next: about `beat`, in `blend` beats. `speed`: the peak speed of a joint there
    over that inside both moves."""

    beat: float
    blend: float
    speed: float


@dataclass(frozen=True, slots=True)
class Dance:
    """A motion with its seams; its beats count from 0."""

    motion: Motion
    seams: tuple[Seam, ...]


def danced(steps: Sequence[Step], taxonomy: Taxonomy, bpm: float, rate_hz: int, settings: ComposerSettings) -> Dance:
    """The steps as one motion, 16 frames a beat, the first beginning on the origin and facing +z.

    Crossings take `settings.blend_frames` frames of the analysis rate, or as long as it takes to keep to
    `settings.seam_speed`. A move that goes on to the same side has no seam.
    Raises DanceError: NOT_FOUND for a move without a motion, INVALID_INPUT without steps.
    """
    parts = _parts(steps, taxonomy)
    least = settings.blend_frames / rate_hz * bpm / 60
    starts = np.cumsum([part.beats for part in parts])
    seams = [_seam(float(beat), a, b, least, settings) for beat, (a, b) in zip(starts, pairwise(parts), strict=False)]
    return Dance(join(parts, [seam.blend for seam in seams]), tuple(seams))


def warm_up(taxonomy: Taxonomy, settings: ComposerSettings) -> None:
    """Look at every move from either side once, as `danced` does when it first meets one, 2 ms each; and dance two of
    them, so that what is compiled is loaded."""
    for move in taxonomy.moves.values():
        for mirror in {False, move.mirrorable}:
            pace(_phrase(taxonomy, move.move_id, mirror))
    two = [Step(move, 4.0) for move in sorted(taxonomy.moves)[:2]]
    bpm, rate_hz = 120.0, 30  # other than the 16 frames a beat that a motion has
    joints(at_rate(danced(two, taxonomy, bpm, rate_hz, settings).motion, bpm, rate_hz))


def at_rate(motion: Motion, bpm: float, rate_hz: float) -> Motion:
    """The motion at the frames of a recording: frame f is shown f / rate_hz seconds after its first beat."""
    length = float(motion.beats[-1] - motion.beats[0])
    beats = np.arange(round(length * 60 / bpm * rate_hz)) / rate_hz * bpm / 60
    return sample(motion, np.minimum(motion.beats[0] + beats, motion.beats[-1]))


def _parts(steps: Sequence[Step], taxonomy: Taxonomy) -> list[Part]:
    if not steps:
        raise DanceError("INVALID_INPUT", "there is no step to dance")
    if lacking := sorted({step.move_id for step in steps} - taxonomy.moves.keys()):
        raise DanceError("NOT_FOUND", f"{taxonomy.semver} has no motion of {', '.join(lacking)}", {"moves": lacking})
    runs = groupby(steps, key=lambda step: (step.move_id, step.mirror))
    return [Part(_phrase(taxonomy, *of), sum(step.beats for step in run)) for of, run in runs]


def _phrase(taxonomy: Taxonomy, move_id: str, mirror: bool) -> Motion:
    move = taxonomy.moves[move_id]
    if not mirror:
        return move.motion
    if move.mirror != move_id:
        return taxonomy.moves[move.mirror].motion
    return _mirrored(move.motion)


def _seam(beat: float, a: Part, b: Part, least: float, settings: ComposerSettings) -> Seam:
    """The shortest crossing that is calm enough; where none is, the calmest."""
    key = id(a.phrase), a.beats, id(b.phrase), b.beats, least, settings.seam_speed, settings.longest_blend
    if key not in _KNOWN:
        while len(_KNOWN) >= REMEMBERED:
            _KNOWN.popitem(last=False)
        _KNOWN[key] = a.phrase, b.phrase, *_calm(a, b, least, settings)
    *_, blend, speed = _KNOWN[key]
    return Seam(beat, blend, speed)


def _calm(a: Part, b: Part, least: float, settings: ComposerSettings) -> tuple[float, float]:
    """The length of the crossing, beats, and its speed."""
    longest = min(a.beats, b.beats, settings.longest_blend)
    blend = min(max(crossing_beats(a.phrase, a.beats, b.phrase, least), least), longest)
    tried: list[tuple[float, float]] = []
    while True:
        speed = peak_speed(_crossing(a, b, blend)) / max(pace(a.phrase)[1], pace(b.phrase)[1])
        tried.append((speed, blend))
        if speed <= settings.seam_speed:
            return blend, speed
        if blend >= longest:
            speed, blend = min(tried)
            return blend, speed
        blend = min(blend * LONGER, longest)


def _crossing(a: Part, b: Part, blend: float) -> Motion:
    """The frames of the crossing alone: of a its last phrase, of b as much as takes part."""
    run = float(a.phrase.beats[-1] - a.phrase.beats[0])
    ends = a.beats % run or run
    last = Part(a.phrase, ends + run * max(0.0, np.ceil((blend - ends) / run)))
    first = Part(b.phrase, min(b.beats, np.ceil(blend) + 1))
    return around_seam(join([last, first], [blend]), last.beats, blend)


def around_seam(motion: Motion, beat: float, blend: float) -> Motion:
    """The frames of a crossing, with one more on either side."""
    near = np.abs(motion.beats - beat) <= blend / 2 + float(motion.beats[1] - motion.beats[0])
    return Motion(motion.beats[near].copy(), motion.rotation[near].copy(), motion.root[near].copy())


def peak_speed(motion: Motion) -> float:
    """Metres a beat of the quickest joint of the neutral body."""
    steps = np.linalg.norm(np.diff(joints(motion), axis=0), axis=-1).max(axis=-1)
    return float((steps / np.diff(motion.beats)).max())


def slide(motion: Motion) -> float:
    """Metres: the farthest that a foot slides without a break while it is on the floor. It may turn about an end."""
    world, farthest = joints(motion), 0.0
    for places in ENDS.values():
        ends = world[:, places]
        down = ends[..., 1] < SLIP / 2
        way = np.linalg.norm(np.diff(ends[..., [0, 2]], axis=0), axis=-1)
        farthest = max(farthest, _longest_run(np.where(down[1:] & down[:-1], way, np.inf).min(axis=1)))
    return farthest


def _longest_run(ways: Float64) -> float:
    so_far = farthest = 0.0
    for way in ways:
        so_far = so_far + float(way) if np.isfinite(way) else 0.0
        farthest = max(farthest, so_far)
    return farthest
