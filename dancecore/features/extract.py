"""A cleaned pose becomes 128 numbers a frame (`columns.COLUMNS`)."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from dancecore.features import measures
from dancecore.features.columns import COLUMNS, MIRROR_FROM, MIRROR_SIGN, SCALE
from dancecore.features.normalise import body_of
from dancecore.settings import FeatureSettings
from dancecore.skeleton import TWIN
from dancecore.types import Features, Float, Float64, PoseTrack

FEATURE_VERSION = "fv-1"


def extract(track: PoseTrack, settings: FeatureSettings) -> Features:
    """The features of every frame of a cleaned track.

    Values are in units of their column's scale and clipped to +-`settings.clip`. No step reaches across a cut. They
    do not change when the dancer moves in the picture, is nearer or larger, when the camera is rolled or the frame
    rate is another. Missing coordinates are held from the nearest frame; where a joint is missing the mask is 0,
    elsewhere it is the visibility. Extracting the mirrored track gives exactly the mirrored features.
    """
    values = np.zeros((len(track), len(COLUMNS)))
    edges = [0, *np.flatnonzero(track.cut[1:]) + 1, len(track)]
    for first, last in pairwise(edges):
        if np.isfinite(track.xy_px[first:last]).any():
            values[first:last] = _shot(_part(track, first, last), settings)
    return Features(
        time_ns=track.time_ns,
        values=np.clip(values / SCALE, -settings.clip, settings.clip).astype(np.float32),
        mask=_mask(track),
    )


def mirror(features: Features) -> Features:
    """The features of the same dance seen in a mirror."""
    return replace(
        features, values=features.values[:, MIRROR_FROM] * MIRROR_SIGN, mask=features.mask[:, TWIN].copy()
    )  # fmt: skip


def _mask(track: PoseTrack) -> Float:
    """(T, 33) float32: each joint's visibility; 0 where the joint has no place."""
    placed = np.isfinite(track.xy_px).all(axis=2) & np.isfinite(track.world_m).all(axis=2)
    return np.where(placed, track.visibility, 0).astype(np.float32)


def _part(track: PoseTrack, first: int, last: int) -> PoseTrack:
    return track.window(int(track.time_ns[first]), int(track.time_ns[last - 1]) + 1)


def _shot(track: PoseTrack, settings: FeatureSettings) -> Float64:
    """(T, 128) in the columns' units, of a track without cuts."""
    body = body_of(track, settings)
    taken = measures.angles(body)
    taken |= measures.motion(body)
    taken |= measures.distances(body)
    taken |= measures.symmetry(body)
    taken |= measures.energy(body, settings.energy_window_s)
    taken |= measures.robust(body, settings.facing_window_s)
    return np.stack([taken[column.name] for column in COLUMNS], axis=1)
