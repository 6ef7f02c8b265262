"""How one person dances a motion: no two people do it alike."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.moves import legs
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.rotations import rotvecs, turned
from dancecore.moves.sequence import around
from dancecore.types import Float64

_UPPER = [i for i, name in enumerate(RIG) if not name.endswith(("pelvis", "hip", "knee", "ankle"))]
"""The joints of trunk and arms, U of them."""
_SIDE = np.array([RIG[i].startswith("left") * 1.0 - RIG[i].startswith("right") for i in _UPPER])

DRIFTS, DRIFT_RATE = 4, (0.05, 0.35)
"""Waves of which a drift is made, and their cycles a beat: slower than the dance itself."""

SWIVEL = 0.02
"""Leg lengths, 2 cm: ends of a sole that are lower are on the floor, and what moves less stays put."""

FURTHEST = 2.5
"""Standard deviations: no beat is missed by more, or it would come before the one before it."""


@dataclass(frozen=True, slots=True)
class Style:
    """amplitude: 1 as written, below smaller. sharpness -0.8..0.8: above 0 quick between beats and still on them.

    delay: beats behind the music (below 0 ahead). timing: standard deviation, in beats, by which each beat is missed.
    asymmetry -1..1: the left arm's amplitude grows by this share, the right arm's shrinks. noise_deg: standard
    deviation of slow random turns of each joint of trunk and arms, half of it a habit that lasts. `habit` draws what
    lasts with a person, `seed` what is new in every dance.
    """

    amplitude: float
    sharpness: float
    delay: float
    timing: float
    asymmetry: float
    noise_deg: float
    habit: int
    seed: int


def styled(motion: Motion, style: Style) -> Motion:
    """One motion, which goes on as it began, as danced in this style; the feet stay where the steps are, on the floor.

    Beats keep their values: it is the body that is late, sharp or small.
    """
    late = around(sized(swings(motion), style), danced_at(motion.beats, style))
    return wobbled(Motion(motion.beats.copy(), late.rotation, late.root), style)


def danced_at(beats: Float64, style: Style) -> Float64:
    """(N,) which beats of the motion are danced at these beats of the music, 0 or later.

    Every beat is hit `delay` late and a little off, by `timing`; between beats time is bent: speed 1 - sharpness on
    the beat, 1 + sharpness between.
    """
    off = np.random.default_rng([style.seed, 0]).standard_normal(int(np.ceil(beats.max())) + 1)
    missed = style.timing * np.clip(off, -FURTHEST, FURTHEST)
    late = beats - style.delay - np.interp(beats, np.arange(len(off)), missed)
    return np.asarray(late - style.sharpness * np.sin(2 * np.pi * late) / (2 * np.pi))


@dataclass(frozen=True, slots=True)
class Swings:
    """A phrase taken apart: each upper joint's mean rotation (U, 3, 3), its turns about it (F, U, 3), the feet, and
    whether they get about by steps, which can be larger or smaller, or by swivelling on heel and ball, which cannot."""

    phrase: Motion
    mean: Float64
    turns: Float64
    feet: legs.Feet
    steps: bool


def swings(phrase: Motion) -> Swings:
    """The phrase taken apart, for `sized`: the part that is the same in every style."""
    upper = phrase.rotation[:, _UPPER]
    mean = np.stack([Rotation.from_matrix(upper[:, j]).mean().as_matrix() for j in range(len(_UPPER))])
    feet = legs.feet_of(phrase)
    return Swings(phrase, mean, rotvecs(mean.swapaxes(-1, -2) @ upper), feet, not _swivels(feet))


def _swivels(feet: legs.Feet) -> bool:
    """A ball goes some way over the floor about a heel that stands."""
    ends = legs.soles(feet)
    ball, heel = np.moveaxis(np.linalg.norm(np.diff(ends[..., [0, 2]], axis=0), axis=-1), -1, 0)
    about_heel = (ends[1:, ..., 1] < SWIVEL).all(-1) & (heel < ball / 2)
    return bool((ball * about_heel).sum(axis=0).max() > SWIVEL)


def sized(swings: Swings, style: Style) -> Motion:
    """The phrase, which goes on as it began, danced larger or smaller: turns of trunk and arms about their means, paths
    of pelvis and feet about the phrase's middle."""
    phrase, feet = swings.phrase, swings.feet
    size = style.amplitude * (1 + style.asymmetry * _SIDE)
    angle = np.linalg.norm(swings.turns, axis=-1)
    share = 1 + (size - 1) * np.sinc(angle / np.pi)  # nothing at half a turn, where left and right round meet
    rotation = phrase.rotation.copy()
    rotation[:, _UPPER] = turned(swings.mean, swings.turns * share[..., None])
    larger = (style.amplitude - 1) * np.array([swings.steps, 1.0, swings.steps])
    middle = phrase.root.mean(axis=0) * np.array([1.0, 0.0, 1.0])
    balls = legs.soles(feet)[:, :, 0] - middle  # feet turn about them
    wide = legs.Feet(feet.ankle + larger * balls * np.array([1.0, 0.0, 1.0]), feet.rotation)
    root = phrase.root + larger * (phrase.root - middle)
    height = legs.reachable_height(root, rotation[:, 0], wide, legs.lift_of(wide), loops=True)
    root[:, 1] = np.where(np.isnan(height), root[:, 1], height)
    return Motion(phrase.beats.copy(), legs.stand(rotation, root, wide), root)


def wobbled(motion: Motion, style: Style) -> Motion:
    """The motion with this dancer's habits, and a drift of trunk and arms with periods of some beats."""
    habit = np.random.default_rng([style.habit, 1]).standard_normal((len(_UPPER), 3))
    rng = np.random.default_rng([style.seed, 1])
    phase = 2 * np.pi * motion.beats[:, None] * rng.uniform(*DRIFT_RATE, DRIFTS)
    waves = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
    drift = waves @ rng.standard_normal((2 * DRIFTS, 3 * len(_UPPER))) / np.sqrt(DRIFTS)
    vectors = np.radians(style.noise_deg) / np.sqrt(6) * (habit + drift.reshape(-1, len(_UPPER), 3))
    rotation = motion.rotation.copy()
    rotation[:, _UPPER] = turned(rotation[:, _UPPER], vectors)
    return Motion(motion.beats.copy(), rotation, motion.root.copy())
