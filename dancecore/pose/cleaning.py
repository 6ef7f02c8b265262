"""A track that features can be computed from: doubtful joints dropped, short gaps bridged, jitter smoothed."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from dancecore.settings import PoseSettings
from dancecore.types import BoolT, PoseTrack

Array = NDArray[np.float64]


def clean(track: PoseTrack, settings: PoseSettings) -> PoseTrack:
    """Drop, bridge and smooth each joint of a track, in this order.

    A joint below `joint_confidence` counts as not seen. Gaps of up to `max_gap` frames inside one shot are bridged by
    a straight line, of coordinates and of visibility; a gap never reaches across a cut or beyond an end. Every run of
    seen frames is then smoothed by a Savitzky-Golay filter (Savitzky & Golay 1964) of `smooth_window` frames and
    `smooth_order`, one polynomial at the ends. A run shorter than the window gets the longest odd window that fits
    it; one too short for the order stays as it is.

    What comes back has the same frames: where a joint stays unseen its coordinates are NaN and its visibility 0;
    everywhere else all are finite and the visibility is at least `joint_confidence`.
    """
    seen = (track.visibility >= settings.joint_confidence) & np.isfinite(track.xy_px).all(-1)
    seen &= np.isfinite(track.world_m).all(-1)
    values = np.concatenate([track.xy_px, track.world_m, track.visibility[..., None]], -1).astype(np.float64)
    values[~seen] = np.nan
    for joint in range(values.shape[1]):
        _clean_joint(values[:, joint], track.cut, settings)
    out = values.astype(np.float32)
    visibility = np.nan_to_num(out[..., 5], nan=0.0)
    return replace(track, xy_px=out[..., :2].copy(), world_m=out[..., 2:5].copy(), visibility=visibility)


def _clean_joint(values: Array, cut: BoolT, settings: PoseSettings) -> None:
    """Bridge and smooth one joint in place. values (T, 6): x, y, world x, y, z, visibility; NaN where unseen."""
    for shot in _runs(np.ones(len(cut), np.bool_), cut):
        _bridge(values[shot], settings.max_gap)
    for run in _runs(np.isfinite(values[:, 0]), cut):
        _smooth(values[run, :5], settings)


def _runs(mask: BoolT, cut: BoolT) -> Iterator[slice]:
    """The longest slices in which `mask` is true and no frame but the first is a cut."""
    starts = np.flatnonzero(mask & (cut | ~np.concatenate([[False], mask[:-1]])))
    ends = np.flatnonzero(mask & (np.concatenate([cut[1:], [True]]) | ~np.concatenate([mask[1:], [False]])))
    for start, end in zip(starts, ends, strict=True):
        yield slice(int(start), int(end) + 1)


def _bridge(values: Array, max_gap: int) -> None:
    """Fill runs of at most `max_gap` NaN rows between two seen rows by a straight line, in place."""
    seen = np.flatnonzero(np.isfinite(values[:, 0]))
    for before, after in pairwise(seen):
        if 1 < after - before <= max_gap + 1:
            share = np.linspace(0, 1, after - before + 1)[1:-1, None]
            values[before + 1 : after] = (1 - share) * values[before] + share * values[after]


def _smooth(values: Array, settings: PoseSettings) -> None:
    """Smooth one unbroken run in place."""
    window = min(settings.smooth_window, len(values) - (len(values) + 1) % 2)
    if window > settings.smooth_order:
        fit, half = _fit(window, settings.smooth_order), window // 2
        first, last = fit[:half] @ values[:window], fit[half + 1 :] @ values[-window:]
        values[half : len(values) - half] = sliding_window_view(values, window, axis=0) @ fit[half]
        values[:half], values[len(values) - half :] = first, last


@cache
def _fit(window: int, order: int) -> Array:
    """(window, window): takes values of a window to those of the polynomial fitted to them."""
    return np.asarray(savgol_filter(np.eye(window), window, order, axis=0, mode="interp"))
