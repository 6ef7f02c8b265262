"""Random numbers over the frames of a clip: some last, some wander, some come in stretches."""

import numba
import numpy as np

from dancecore.types import BoolT, Float64, IntT


class Noise:
    """Random numbers over the frames of one clip."""

    def __init__(self, time_ns: IntT, rng: np.random.Generator) -> None:
        self.frames, self.rng = len(time_ns), rng
        self._step = float(np.median(np.diff(time_ns))) / 1e9 if len(time_ns) > 1 else 1.0

    def steady(self, *shape: int) -> Float64:
        """(1, *shape) of unit variance, the same in every frame."""
        return self.rng.standard_normal((1, *shape))

    def fresh(self, *shape: int) -> Float64:
        """(T, *shape) of unit variance, new in every frame."""
        return self.rng.standard_normal((self.frames, *shape))

    def fading(self, seconds: float | Float64, flicker: float | Float64, *shape: int) -> Float64:
        """(T, *shape) of unit variance. A share `flicker` of it is new in every frame, the rest wanders smoothly and
        fades over so many seconds, the critically damped AR(2); both broadcast to the shape."""
        keep = np.exp(-self._step / np.broadcast_to(seconds, shape)).ravel()
        slow, new = _faded(self.fresh(keep.size), keep), self.fresh(keep.size)
        return _mixed(slow, new, np.broadcast_to(flicker, shape).ravel()).reshape(self.frames, *shape)

    def bouts(self, share: Float64, seconds: float) -> BoolT:
        """(T, ...) bool, true for `share` (T, ...) of the time, on average for so many seconds at a stretch."""
        flat = share.reshape(self.frames, -1)
        dice = self.rng.random(flat.shape)
        return np.asarray(_stretches(dice, flat, min(1.0, self._step / seconds)).reshape(share.shape))


def kept(keep: Float64, lag: int | IntT) -> Float64:
    """The autocorrelation of `Noise.fading` so many frames apart; `keep` is the pole."""
    return np.asarray((1 + lag * (1 - keep**2) / (1 + keep**2)) * keep**lag)


@numba.njit(cache=True)
def _faded(noise: Float64, keep: Float64) -> Float64:
    """Fresh noise (T, N) turned, in place, into the AR(2) of these poles (N,), stationary from the first frame."""
    near, new = 2 * keep / (1 + keep**2), np.sqrt((1 - keep**2) ** 3 / (1 + keep**2))
    if len(noise) > 1:
        noise[1] = near * noise[0] + np.sqrt(1 - near**2) * noise[1]
    for t in range(2, len(noise)):
        for n in range(noise.shape[1]):
            noise[t, n] = 2 * keep[n] * noise[t - 1, n] - keep[n] ** 2 * noise[t - 2, n] + new[n] * noise[t, n]
    return noise


@numba.njit(cache=True)
def _mixed(slow: Float64, new: Float64, share: Float64) -> Float64:
    """Of the variance (T, N) a share (N,) from `new`, the rest from `slow`, which is overwritten."""
    part, rest = np.sqrt(share), np.sqrt(1 - share)
    for t in range(slow.shape[0]):
        for n in range(slow.shape[1]):
            slow[t, n] = rest[n] * slow[t, n] + part[n] * new[t, n]
    return slow


@numba.njit(cache=True)
def _stretches(dice: Float64, share: Float64, leave: float) -> BoolT:
    """Markov chains (T, N) of two states, in the second one `share` of the time and leaving it with this chance."""
    inside = np.zeros(dice.shape, np.bool_)
    for n in range(dice.shape[1]):
        for t in range(len(dice)):
            often = share[t, n]
            enter = often if t == 0 else leave * often / max(1 - often, 1e-9)
            inside[t, n] = dice[t, n] >= leave if t and inside[t - 1, n] else dice[t, n] < enter
    return inside
