"""How one person dances a motion: no two people do it alike."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from dancecore.moves import legs
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.sequence import around, between
from dancecore.types import Float64

_UPPER = [i for i, name in enumerate(RIG) if not name.endswith(("hip", "knee", "ankle"))]
_LEFT = [RIG.index(name) for name in ("left_collar", "left_shoulder", "left_elbow", "left_wrist")]
_RIGHT = [RIG.index(name) for name in ("right_collar", "right_shoulder", "right_elbow", "right_wrist")]


@dataclass(frozen=True, slots=True)
class Style:
    """amplitude: 1 as written, below smaller. sharpness -0.8..0.8: above 0 quick between beats and still on them.

    delay: beats behind the music (below 0 ahead). asymmetry -1..1: the left arm's amplitude grows by this share,
    the right arm's shrinks. noise_deg: standard deviation of slow random turns of each joint of trunk and arms, half of
    it a habit that lasts; `seed` draws them.
    """

    amplitude: float
    sharpness: float
    delay: float
    asymmetry: float
    noise_deg: float
    seed: int


def styled(motion: Motion, style: Style) -> Motion:
    """The motion as danced in this style; the feet stay where the steps are, on the floor.

    Beats keep their values: it is the body that is late, sharp or small.
    """
    late = around(motion, _warped(motion.beats - style.delay, style.sharpness))
    feet = _scaled_feet(legs.feet_of(late), style.amplitude)
    rotation = late.rotation.copy()
    rotation[:, _UPPER] = _scaled(late.rotation, style)[:, _UPPER] @ _noise(motion.beats, style)[:, _UPPER]
    rotation[:, 0] = late.rotation[:, 0]
    root = _about_mean(late.root, style.amplitude, axes=(0, 2))
    root[:, 1] = late.root[:, 1] * style.amplitude
    root[:, 1] = _reachable(root, rotation[:, 0], feet)
    return Motion(motion.beats.copy(), legs.stand(rotation, root, feet), root)


def _warped(beats: Float64, sharpness: float) -> Float64:
    """Beats stay, the time between them is bent: speed 1 - sharpness on the beat, 1 + sharpness between."""
    return beats - sharpness * np.sin(2 * np.pi * beats) / (2 * np.pi)


def _about_mean(places: Float64, amplitude: float, axes: tuple[int, ...]) -> Float64:
    out, mean = places.copy(), places.mean(axis=0)
    for axis in axes:
        out[..., axis] = mean[..., axis] + amplitude * (places[..., axis] - mean[..., axis])
    return out


def _scaled_feet(feet: legs.Feet, amplitude: float) -> legs.Feet:
    ankle = _about_mean(feet.ankle, amplitude, axes=(0, 2))
    return legs.Feet(ankle, feet.rotation)


def _reachable(root: Float64, pelvis: Float64, feet: legs.Feet) -> Float64:
    height = legs.reachable_height(root, pelvis, feet, legs.lift_of(feet), loops=False)
    return np.where(np.isnan(height), root[:, 1], height)


def _scaled(rotation: Float64, style: Style) -> Float64:
    """Each joint's turns about its mean, made larger or smaller."""
    size = np.full(len(RIG), style.amplitude)
    size[_LEFT] *= 1 + style.asymmetry
    size[_RIGHT] *= 1 - style.asymmetry
    mean = np.stack([Rotation.from_matrix(rotation[:, j]).mean().as_matrix() for j in range(len(RIG))])
    angle = Rotation.from_matrix((mean.swapaxes(-1, -2) @ rotation).reshape(-1, 3, 3)).magnitude()
    angle = angle.reshape(rotation.shape[:2])
    share = 1 + (size - 1) * np.sinc(angle / np.pi)  # fades out at half a turn, where left and right round meet
    return between(np.broadcast_to(mean, rotation.shape), rotation, share)


def _noise(beats: Float64, style: Style) -> Float64:
    """(F, 19, 3, 3) small random rotations: a lasting habit and a drift with a period of some beats."""
    rng = np.random.default_rng(style.seed)
    habit = rng.normal(size=(1, len(RIG), 3))
    phase = rng.uniform(0, 2 * np.pi, size=(3, len(RIG), 3))
    rate = rng.uniform(0.05, 0.35, size=(3, len(RIG), 3))  # cycles a beat: slower than the dance itself
    drift = np.sin(2 * np.pi * rate * beats[:, None, None, None] + phase).sum(axis=1) * np.sqrt(2 / 3)
    vectors = np.radians(style.noise_deg) / np.sqrt(3) * (habit + drift) * np.sqrt(0.5)
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape[:2], 3, 3)
