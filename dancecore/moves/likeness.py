"""Which moves look alike, measured on their motions."""

from collections.abc import Sequence

import numpy as np

from dancecore.moves.body import joints
from dancecore.moves.draw import on_the_spot
from dancecore.moves.sequence import mirrored
from dancecore.moves.strip import TOLD_BY
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX, JOINTS, twin
from dancecore.types import Float64

BEATS, FRAMES_PER_BEAT = 8, 8
"""Moves are compared over the longest phrase; shorter ones are repeated."""
SPEED_BEATS = 0.3
"""Speeds, metres a beat, count so many beats' worth of metres: a hit and a glide through the same place differ."""
FLOOR = 0.5
"""Weight of a joint that is a signature joint of neither move; a full one weighs 1."""
_TWIN = [TOLD_BY.index(INDEX[twin(JOINTS[joint])]) for joint in TOLD_BY]


def apart(moves: Sequence[Move]) -> Float64:
    """(N, N) how different the motions of each two moves are: 0 one motion, about 1 and more two that have nothing
    in common.

    Root mean square of what differs over that of what moves in either, over joints weighted by both signatures, places
    and speeds; at the start in the phrase, and on the side, at which they are nearest.
    """
    weights = np.array([[move.signature.get(JOINTS[joint], 0.0) for joint in TOLD_BY] for move in moves])
    straight = np.stack([_danced(move, False) for move in moves])
    other = np.stack([_danced(move, True) for move in moves])
    return np.minimum(
        _distance(straight, weights, straight, weights), _distance(straight, weights, other, weights[:, _TWIN])
    )


def _danced(move: Move, mirror: bool) -> Float64:
    """(J, F, 6) each joint's place about the middle of the dance, metres, and its speed."""
    motion = mirrored(move.motion) if mirror else move.motion
    beats = np.arange(BEATS * FRAMES_PER_BEAT) / FRAMES_PER_BEAT
    places = joints(on_the_spot(motion, beats)[0])[:, TOLD_BY]
    places[..., [0, 2]] -= places[..., [0, 2]].mean(axis=(0, 1))
    speeds = (np.roll(places, -1, axis=0) - np.roll(places, 1, axis=0)) * FRAMES_PER_BEAT / 2
    return np.concatenate([places, SPEED_BEATS * speeds], axis=-1).swapaxes(0, 1)


def _distance(a: Float64, weights_a: Float64, b: Float64, weights_b: Float64) -> Float64:
    """(N, N) between dances a, b (N, J, F, 6), at the lag where they agree best (by Fourier transform)."""
    frames = a.shape[2]
    spectrum_a, spectrum_b = np.fft.rfft(a, axis=2), np.fft.rfft(b, axis=2).conj()
    weights = FLOOR + (1 - FLOOR) * np.maximum(weights_a[:, None], weights_b[None])  # (N, N, J)
    alike = np.fft.irfft(np.einsum("ajfd,bjfd,abj->abf", spectrum_a, spectrum_b, weights, optimize=True), frames)
    power = _summed(np.square(a), np.square(b), weights)
    moved = _summed(np.square(a - a.mean(2, keepdims=True)), np.square(b - b.mean(2, keepdims=True)), weights)
    return np.asarray(np.sqrt(np.maximum(power - 2 * alike.max(axis=2), 0) / moved))


def _summed(a: Float64, b: Float64, weights: Float64) -> Float64:
    """(N, N): the weighted sums of both over joints, frames and axes."""
    return np.asarray(
        np.einsum("aj,abj->ab", a.sum(axis=(2, 3)), weights) + np.einsum("bj,abj->ab", b.sum(axis=(2, 3)), weights)
    )
