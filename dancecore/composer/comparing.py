"""Two performances of one dance: where in time and in shape the second differs from the first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from dancecore.composer.performance import LIMBS, Performance
from dancecore.composer.settings import ComposerSettings
from dancecore.errors import DanceError
from dancecore.matching.dtw import DIAGONAL, LEFT, UP, band_limits, trace
from dancecore.types import Float64, IntT

ABOUT_BEATS = 0.5
"""About a count, either way, over which its time and its shape are told."""

FARTHEST_S = 0.3
"""How late a count is looked for: half a beat at 100 bpm; later it would be the next one."""

SHOWN = 0.3
"""Of what a model shows about a count that a take shows at least."""

COARSE = 5
"""Every so many frames are looked at to find where the dance begins: a tenth of a second."""

SHORTEST = 0.75
"""Of the model's length that a take lasts at least."""

TURNS = 2
"""Times that the views are turned to each other: the first alignment is good enough to turn by, the second to keep."""


@dataclass(frozen=True, slots=True)
class Count:
    """A count (1, 2, ... from the first beat) of the dance: how late the take is there, milliseconds after the median
    of all counts, NaN where nobody was seen; by how many degrees each limb points elsewhere; and when it is, seconds,
    in the model and in the take. `off_time`, `off_shape`: whether it is named."""

    count: int
    late_ms: float
    degrees: dict[str, float]
    model_s: float
    take_s: float
    off_time: bool
    off_shape: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """offset_ms: by how much all of the take is later. timing, shape: 0..1, the share of counts, and of limbs at
    counts, that are not named. turn_deg: by how much the take was turned to be seen from the model's side."""

    counts: tuple[Count, ...]
    offset_ms: float
    timing: float
    shape: float
    turn_deg: float

    @property
    def off_time(self) -> tuple[int, ...]:
        return tuple(count.count for count in self.counts if count.off_time)

    @property
    def off_shape(self) -> tuple[int, ...]:
        return tuple(count.count for count in self.counts if count.off_shape)


def compare(model: Performance, take: Performance, beats_s: Sequence[float], settings: ComposerSettings) -> Comparison:
    """A take beside its model, whose beats are at `beats_s`; both at `settings.compare_hz` frames a second.

    Aligned by DTW of where limbs point, with a cost for each step off the diagonal, after turning the take about the
    vertical so that both are seen from one side. Shape is told along that path; how late a count is, by the shift at
    which limbs move most alike about it, which errors of the pose estimator that stay do not touch.
    What the take shows before and after is left out.
    Raises DanceError("INVALID_INPUT") without beats, or for a take that is far shorter than its model.
    """
    counted = [beat for beat in beats_s if 0 <= beat * model.rate_hz <= len(model) - 1]
    if len(counted) < 2:
        raise DanceError("INVALID_INPUT", "there are no beats to compare at")
    seen, first = _same_stretch(model, take)
    turn, path = 0.0, warp(model, seen, settings)
    for _ in range(TURNS):
        turn += _turn_between(model, seen.turned(turn), path)
        path = warp(model, seen.turned(turn), settings)
    path, shown = path + np.array([0, first]), take.turned(turn).flattened()
    base = float(np.median(path[:, 1] - path[:, 0]))
    period, plain = float(np.median(np.diff(counted))), model.flattened()
    late = np.array([_late_ms(plain, shown, beat, base, period) for beat in counted])
    offset = float(np.nanmedian(late)) if np.isfinite(late).any() else 1000 * base / model.rate_hz
    found = [
        _count(i + 1, beat, late[i], offset, _degrees(path, beat, period, plain, shown), settings)
        for i, beat in enumerate(counted)
    ]
    limbs = [limb in count.off_shape for count in found for limb in count.degrees]
    timed = [count.off_time for count in found if np.isfinite(count.late_ms)]
    return Comparison(
        tuple(found),
        offset,
        1 - float(np.mean(timed or [True])),
        1 - float(np.mean(limbs or [True])),
        float(np.degrees(turn)),
    )


def _same_stretch(model: Performance, take: Performance) -> tuple[Performance, int]:
    """The stretch of the take, as long as the model, that is most like it, and the frame it begins at.

    Likeness is that of how high limbs point, which is the same from every side.
    """
    if len(take) < SHORTEST * len(model):
        lengths = f"{len(take) / take.rate_hz:.1f} s and its model {len(model) / model.rate_hz:.1f} s"
        raise DanceError("INVALID_INPUT", f"this take lasts {lengths}: it is not all of the dance")
    a, b = model.ways[::COARSE, :, 1], take.ways[::COARSE, :, 1]
    starts = range(max(1, len(b) - len(a) + 1))
    costs = [float(np.abs(b[start : start + len(a)] - a[: len(b) - start]).mean()) for start in starts]
    first = COARSE * int(np.argmin(costs))
    return take.part(first, first + len(model)), first


def warp(model: Performance, take: Performance, settings: ComposerSettings) -> IntT:
    """(K, 2): frames of the model and of the take that belong together, in order."""
    low, high = band_limits(len(model), len(take), settings.compare_band)
    local = _apart(model.ways, take.ways, model.trust, take.trust, low, high)
    return trace(_accumulate(local, low, high, settings.off_beat_cost))


@numba.njit(cache=True)
def _apart(a: Float64, b: Float64, trust_a: Float64, trust_b: Float64, low: IntT, high: IntT) -> Float64:
    """(N, M) root mean square of the chords between limbs that both show, inside the band; 0 where there are none."""
    local = np.zeros((len(a), len(b)))
    for i in range(len(a)):
        for j in range(low[i], high[i] + 1):
            total, weight = 0.0, 0.0
            for limb in range(a.shape[1]):
                w = trust_a[i, limb] * trust_b[j, limb]
                for k in range(3):
                    total += w * (a[i, limb, k] - b[j, limb, k]) ** 2
                weight += w
            local[i, j] = np.sqrt(total / weight) if weight > 0 else 0.0
    return local


@numba.njit(cache=True)
def _accumulate(
    local: Float64, low: IntT, high: IntT, cost: float
) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """(N, M) the steps of the cheapest path; those off the diagonal cost `cost` more."""
    rows, columns = local.shape
    direction = np.empty((rows, columns), np.uint8)
    before = np.full(columns + 1, np.inf)
    before[0] = 0.0
    for i in range(rows):
        here = np.full(columns + 1, np.inf)
        for j in range(low[i], high[i] + 1):
            best, step = before[j], DIAGONAL
            if before[j + 1] + cost < best:
                best, step = before[j + 1] + cost, UP
            if here[j] + cost < best:
                best, step = here[j] + cost, LEFT
            here[j + 1] = best + local[i, j]
            direction[i, j] = step
        before = here
    return direction


def _turn_between(model: Performance, take: Performance, path: IntT) -> float:
    """Radians to the left that turn the take's limbs to those of the model best (Kabsch 1976, about one axis)."""
    a, b = model.ways[path[:, 0]], take.ways[path[:, 1]]
    weight = model.trust[path[:, 0]] * take.trust[path[:, 1]]
    sine = (weight * (a[..., 0] * b[..., 2] - a[..., 2] * b[..., 0])).sum()
    cosine = (weight * (a[..., 0] * b[..., 0] + a[..., 2] * b[..., 2])).sum()
    return float(np.arctan2(sine, cosine))


def _late_ms(model: Performance, take: Performance, beat: float, base: float, period: float) -> float:
    """By how much the take is later about a beat: the shift at which its limbs move most like those of the model, about
    a shift of `base` frames; NaN where it does not show the dancer. What differs all the time is no matter of time.
    """
    reach = max(2, round(ABOUT_BEATS * period * model.rate_hz))
    centre = int(np.clip(round(beat * model.rate_hz), reach, max(reach, len(model) - 1 - reach)))
    frames = np.arange(max(0, centre - reach), min(len(model), centre + reach + 1))
    weight = np.cos(np.pi * (frames - centre) / (2 * reach + 2)) ** 2
    shifts = np.arange(-round(FARTHEST_S * model.rate_hz), round(FARTHEST_S * model.rate_hz) + 1)
    costs = np.array([_unlike(model, take, frames, weight, round(base) + int(shift)) for shift in shifts])
    if not np.isfinite(costs).any():
        return float("nan")
    best = int(np.argmin(costs))
    return 1000 * (round(base) + float(shifts[best]) + _between(costs, best)) / model.rate_hz


def _unlike(model: Performance, take: Performance, frames: IntT, weight: Float64, shift: int) -> float:
    """Mean square of the chords between limbs of frames and of those `shift` later, less their means; infinite where
    too little is shown."""
    there = frames + shift
    inside = (there >= 0) & (there < len(take))
    there = np.clip(there, 0, len(take) - 1)
    trust = model.trust[frames] * take.trust[there] * (weight * inside)[:, None]
    if trust.sum() < SHOWN * (model.trust[frames] * weight[:, None]).sum() or not trust.any():
        return float("inf")
    apart = take.ways[there] - model.ways[frames]
    mean = (trust[..., None] * apart).sum(axis=0) / np.maximum(trust.sum(axis=0), 1e-9)[:, None]
    return float((trust[..., None] * (apart - mean) ** 2).sum() / trust.sum())


def _between(costs: Float64, best: int) -> float:
    """Where the least cost lies between the shifts: the vertex of the parabola through it and its neighbours."""
    around = costs[max(0, best - 1) : best + 2]
    bend = around[0] - 2 * around[1] + around[2] if len(around) == 3 and np.isfinite(around).all() else 0.0
    return float((around[0] - around[2]) / (2 * bend)) if bend > 0 else 0.0


def _degrees(path: IntT, beat: float, period: float, model: Performance, take: Performance) -> dict[str, float]:
    """By how many degrees each limb that both show points elsewhere about a beat, on average."""
    pairs = path[np.abs(path[:, 0] / model.rate_hz - beat) <= ABOUT_BEATS * period]
    a, b = model.ways[pairs[:, 0]], take.ways[pairs[:, 1]]
    weight = model.trust[pairs[:, 0]] * take.trust[pairs[:, 1]]
    angles = np.degrees(np.arccos(np.clip((a * b).sum(axis=2), -1, 1)))
    return {
        limb: float((angles[:, i] * weight[:, i]).sum() / weight[:, i].sum())
        for i, limb in enumerate(LIMBS)
        if weight[:, i].any()
    }


def _count(
    number: int, beat: float, late: float, offset: float, degrees: dict[str, float], settings: ComposerSettings
) -> Count:
    off = late - offset
    shape = tuple(limb for limb, angle in degrees.items() if angle > settings.off_deg)
    take_s = beat + (late if np.isfinite(late) else offset) / 1000
    return Count(number, off, degrees, beat, take_s, bool(abs(off) > settings.late_ms), shape)
