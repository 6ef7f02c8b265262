"""By how much reported joints are off the true ones, and how such errors are told: what lasts, what fades how fast."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from dancecore.skeleton import TWIN
from dancecore.synthetic.landmarks import PART, PARTS
from dancecore.synthetic.noise import kept
from dancecore.synthetic.observe import ARMS, BODY, LEGS, pulls
from dancecore.synthetic.observe_settings import Fade
from dancecore.synthetic.samples import Sample
from dancecore.synthetic.sight import HIPS, SHOULDERS, Sight, look
from dancecore.types import BoolT, Float64, IntT

ASTRAY = 1.0
"""Torso lengths: on average so far off, a track is on somebody or something else; the dancer counts as not found."""

LAGS = np.arange(1, 9)
"""Frames apart, for how fast errors fade: up to 0.4 s at 20 Hz."""

SECONDS = np.geomspace(0.03, 1.0, 60)
"""Over which errors may fade."""

PROBABLE = 0.6745
"""The median size of a normal number over its standard deviation."""

FEWEST = 2 * int(LAGS[-1])
"""Frames of a clip that tell what is steady in it."""

TRUNK = np.array([*SHOULDERS, *HIPS])
"""Whether these are exchanged tells whether the body is."""

OF_PART = tuple(np.flatnonzero(part == PART) for part in range(len(PARTS)))
"""The joints of each part."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """Some samples one after another, N frames in all: LAGS[-1] empty ones lie between two, so that none touch.

    In torso lengths: error (N, 33, 2) in the picture, ways (N, 3, 33, 2) as `pulls` has them; true and reported
    (N, 33, 3) in space about the mid-hip. doubt, hidden, outside (N, 33), turn, torso_px (N,) as in `Sight`; edge
    (N, 33, 2) leads from joints outside the picture to its edge. What was reported is NaN where nobody was found, and
    of joints whose left and right were exchanged: swapped (N, 3) of the body, of arms alone, of legs alone. clip (N,)
    numbers the samples, -1 between them. size_m (C,) is each one's reported torso; `step_s` the time between frames.
    """

    error: Float64
    ways: Float64
    true: Float64
    reported: Float64
    doubt: Float64
    hidden: Float64
    outside: Float64
    edge: Float64
    turn: Float64
    torso_px: Float64
    swapped: BoolT
    clip: IntT
    size_m: Float64
    step_s: float


def residuals(samples: Sequence[Sample]) -> Residuals:
    """What tracks of these samples are off by. Their joints must be mapped, their frames equally far apart."""
    with unknown_is_nan():
        parts = [_take_apart(sample) for sample in samples]
        sizes = np.array([_size(sample) for sample in samples])
    joined = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    clip = _joined([np.full(len(part["turn"]), float(number)) for number, part in enumerate(parts)])
    return Residuals(
        joined["error"], joined["ways"], joined["true"], joined["reported"], joined["doubt"], joined["hidden"],
        joined["outside"], joined["edge"], joined["turn"], joined["torso_px"],
        joined["swapped"] == 1,
        clip=np.nan_to_num(clip, nan=-1).astype(np.int64),
        size_m=sizes,
        step_s=float(np.median(np.diff(samples[0].track.time_ns))) / 1e9,
    )  # fmt: skip


def followed(sample: Sample) -> bool:
    """The track is on the dancer at least half of the time; else it tells nothing of how BlazePose errs on them."""
    with unknown_is_nan():
        return bool(np.isfinite(_take_apart(sample)["doubt"][:, 0]).mean() >= 0.5)


@contextmanager
def unknown_is_nan() -> Iterator[None]:
    """The mean of what is never known is NaN, and that is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _joined(arrays: Sequence[Float64]) -> Float64:
    gap = np.full((int(LAGS[-1]), *arrays[0].shape[1:]), np.nan)
    return np.concatenate([part for array in arrays for part in (array, gap)][:-1])


def _take_apart(sample: Sample) -> dict[str, Float64]:
    sight, track = look(sample.joints, sample.camera, tuple(sample.others)), sample.track
    error = (track.xy_px - sight.xy) / sight.torso_px[:, None, None]
    error[np.linalg.norm(error, axis=-1).mean(1) > ASTRAY] = np.nan
    found = np.isfinite(error[..., :1])
    doubt = np.where(found[..., 0], 1.0 - track.visibility, np.nan)
    reported = np.where(found, track.world_m / _size(sample), np.nan).astype(np.float64)
    body, arms, legs = (_exchanged(sight, error, joints) for joints in (TRUNK, ARMS, LEGS))
    swapped = np.stack([body, arms & ~body, legs & ~body], axis=1)
    for when, limbs in zip(swapped.T, (BODY, ARMS, LEGS), strict=True):
        for values in (error, reported, doubt):
            values[np.ix_(when, limbs)] = np.nan
    true = (sight.space - sight.space[:, HIPS].mean(1, keepdims=True)) / sight.torso_m
    edge = (sight.xy.clip(0, [track.width, track.height]) - sight.xy) / sight.torso_px[:, None, None]
    return {
        "error": error, "ways": pulls(sight), "true": true, "reported": reported, "doubt": doubt, "edge": edge,
        "hidden": sight.hidden, "outside": sight.outside, "turn": sight.turn,
        "torso_px": sight.torso_px, "swapped": swapped,
    }  # fmt: skip


def _size(sample: Sample) -> float:
    """The length in metres of the torso that was reported."""
    world = sample.track.world_m.astype(np.float64)
    return float(np.nanmedian(np.linalg.norm(world[:, SHOULDERS].mean(1) - world[:, HIPS].mean(1), axis=1)))


def _exchanged(sight: Sight, error: Float64, limbs: IntT) -> BoolT:
    """(T,) bool: these joints are clearly nearer to their twins than to themselves."""
    apart = (sight.xy[:, TWIN[limbs]] - sight.xy[:, limbs]) / sight.torso_px[:, None, None]
    own = np.linalg.norm(error[:, limbs], axis=-1).mean(1)
    other = np.linalg.norm(error[:, limbs] - apart, axis=-1).mean(1)
    return np.asarray(other < 0.5 * own)


def lasting(values: Float64, clip: IntT) -> tuple[float, float]:
    """Standard deviations of values (N, ...) with NaN: of what is steady in each clip (N,), and of what comes and
    goes; NaN where no clip tells."""
    columns = values.reshape(len(values), -1)
    steady, fickle = [], []
    for number in range(clip.max() + 1):
        part = columns[clip == number]
        told = np.isfinite(part).sum(0) >= FEWEST
        steady.append(np.nanmean(part[:, told], axis=0) ** 2)
        fickle.append(np.nanvar(part[:, told], axis=0))
    means = (np.concatenate(each).mean() for each in (steady, fickle))
    lasts, goes = (float(np.sqrt(mean)) for mean in means)
    return lasts, goes


def typical(values: Float64, clip: IntT) -> tuple[float, float]:
    """As `lasting`, of a clip of the usual kind: half of the clips are worse, a few by far."""
    columns = values.reshape(len(values), -1)
    clips = [columns[clip == number] for number in range(clip.max() + 1)]
    told = [part[:, np.isfinite(part).sum(0) >= FEWEST] for part in clips]
    steady = np.concatenate([np.abs(np.nanmedian(part, axis=0)) for part in told])
    return float(np.median(steady)) / PROBABLE, float(
        np.median(np.concatenate([np.nanstd(part, axis=0) for part in told]))
    )


def fading(values: Float64, clip: IntT, step_s: float) -> Fade:
    """Over how many seconds values (N, ...) of some clips (N,) fade, and what share of them is new in every frame.

    The autocorrelation at LAGS comes nearest to that of `Noise.fading`.
    """
    columns = values.reshape(len(values), -1)
    centred = np.full_like(columns, np.nan)
    for number in range(clip.max() + 1):
        here = clip == number
        centred[here] = columns[here] - np.nanmean(columns[here], axis=0)
    found = np.array([np.nanmean(centred[lag:] * centred[:-lag]) for lag in LAGS]) / np.nanmean(centred**2)
    curves = np.stack([kept(np.exp(-step_s / np.array(seconds)), LAGS) for seconds in SECONDS])
    share = np.clip(curves @ found / (curves**2).sum(1), 0, 1)
    best = int(((share[:, None] * curves - found) ** 2).sum(1).argmin())
    return round(float(SECONDS[best]), 3), round(float(1 - share[best]), 2)
