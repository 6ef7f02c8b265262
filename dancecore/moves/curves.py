"""From the keyframes of a score to the tracks of every frame: continuous, periodic, with steps that clear the floor."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from dancecore.moves.keyframes import FRAMES_PER_BEAT, Keys, Score, Spans, gained
from dancecore.types import Float64

STEP_LIFT = 0.25
"""Height of a step over its length; a normal step of 30 cm clears the floor by 7."""
HIGHEST_STEP = 12.0
"""Centimetres: long steps are no higher."""
STEP_PITCH = 20.0
"""Degrees by which the heel rises in the middle of a step."""


def _held(times: Float64, values: Float64, hold: float) -> tuple[Float64, Float64]:
    """The keys with each value kept until `hold` beats before the next key."""
    leave = times[1:] - hold
    late = leave > times[:-1] + 1e-6
    order = np.argsort(np.concatenate([times, leave[late]]), kind="stable")
    every = np.concatenate([values, values[:-1][late]])
    return np.concatenate([times, leave[late]])[order], every[order]


def _unrolled(keys: Keys, beats: int, travel: Float64) -> tuple[Float64, Float64]:
    """The keys of four phrases, the second one in [0, beats]; a key at `beats` says how far a phrase turns."""
    times, values = np.array(list(keys)), np.array(list(keys.values()), dtype=np.float64)
    gain = np.zeros_like(values[0])
    gain[:2] = travel[: len(gain)]
    if times[-1] == beats:
        gain, times, values = values[-1] - values[0], times[:-1], values[:-1]
    turns = range(-1, 3)
    return np.concatenate([times + k * beats for k in turns]), np.concatenate([values + k * gain for k in turns])


def _sampled(times: Float64, values: Float64, grid: Float64) -> Float64:
    return np.asarray(PchipInterpolator(times, values, axis=0)(grid), dtype=np.float64)


def _step_arcs(times: Float64, values: Float64, glides: Spans, beats: int) -> tuple[Float64, Float64]:
    """Foot keys with the middle of every step outside of `glides` added: the foot clears the floor, heel first."""
    mid_times, mid_values = [], []
    for t0, t1, a, b in zip(times[:-1], times[1:], values[:-1], values[1:], strict=True):
        far = float(np.hypot(*(b[:2] - a[:2])))
        slides = any(start <= (t0 + t1) / 2 % beats <= end for start, end in glides)
        if far > 1.0 and a[2] == 0 and b[2] == 0 and not slides:
            middle = (a + b) / 2
            middle[2], middle[4] = min(STEP_LIFT * far, HIGHEST_STEP), middle[4] + STEP_PITCH
            mid_times.append((t0 + t1) / 2)
            mid_values.append(middle)
    if not mid_times:
        return times, values
    order = np.argsort(np.concatenate([times, mid_times]))
    return np.concatenate([times, mid_times])[order], np.concatenate([values, mid_values])[order]


def grid_of(score: Score) -> Float64:
    """(F,) beats of the frames, both ends of the phrase included."""
    return np.linspace(0.0, score.beats, score.beats * FRAMES_PER_BEAT + 1)


def declared(spans: tuple[Spans, Spans], beats: Float64) -> NDArray[np.bool_]:
    """(F, 2): which frames are within the spans of the left, right foot, both ends of a span included."""
    inside = [[(start <= beats) & (beats <= end) for start, end in foot] for foot in spans]
    return np.stack([np.any(foot, axis=0) if foot else np.zeros(len(beats), bool) for foot in inside], axis=1)


def channels_of(score: Score) -> dict[str, Float64]:
    """Each track at every frame, (F, values of the track), by shape-preserving cubics (Fritsch & Carlson 1980).

    They rest where two keys agree, never overshoot a key, and close the loop with equal speed.
    """
    grid, out = grid_of(score), {}
    for name, keys in score.tracks.items():
        times, values = _unrolled(keys, score.beats, gained(name, score.travel))
        if name.endswith("_foot"):
            times, values = _held(times, values, score.swing)
            glides = score.glides[name.startswith("right")]
            times, values = (times, values) if score.slides else _step_arcs(times, values, glides, score.beats)
        elif score.snap and name not in ("pelvis", "jump", "facing"):
            times, values = _held(times, values, score.snap)
        out[name] = _sampled(times, values, grid)
    out["pelvis"][:, 2] += score.bounce * (0.5 + 0.5 * np.cos(2 * np.pi * grid))
    return out
