"""What the lifting network is shown of a track: 136 numbers a frame, and the same in a mirror."""

import numpy as np

from dancecore.features.normalise import body_of, centred, held, middle, rate
from dancecore.settings import FeatureSettings
from dancecore.skeleton import TWIN
from dancecore.types import Float, Float64, IntT, PoseTrack

IMAGE, DEPTH, SEEN, REST = slice(0, 66), slice(66, 99), slice(99, 132), slice(132, 136)
"""Columns: x right and y down of each joint in the picture, how much farther than the hips it is reported, its
visibility; travel across and down, growth, and whether depth is known."""

WIDTH = 136

FARTHEST = 4.0
"""Torso lengths from the hips: no joint gets farther; what does is a slip of the estimator."""


def inputs_of(track: PoseTrack, settings: FeatureSettings, *, depth: bool = True) -> Float:
    """(T, 136) float32 of a cleaned track without cuts; 0 where a joint is not known.

    Lengths are in torso lengths about the mid-hip, the camera's roll removed (`features.normalise`), travel in torso
    lengths a second, growth in 1/s. A track whose depths are all alike (two-dimensional data), or `depth` False, counts
    as one of which the depth is not known.
    """
    body = body_of(track, settings)
    known = np.asarray(np.isfinite(track.xy_px).all(axis=2))
    away = _depth(track)
    told = depth and bool(np.abs(away[known]).max(initial=0.0) > 0)
    out = np.zeros((len(track), WIDTH))
    out[:, IMAGE] = (known[..., None] * body.image.clip(-FARTHEST, FARTHEST)).reshape(len(track), 66)
    out[:, DEPTH] = known * away.clip(-FARTHEST, FARTHEST) * told
    out[:, SEEN] = known * track.visibility
    out[:, REST] = np.column_stack([body.travel.clip(-5, 5), _growth(track, body.seconds), np.full(len(track), told)])
    return out.astype(np.float32)


def mirrored(inputs: Float) -> Float:
    """The inputs (T, 136) of the same dance seen in a mirror."""
    return inputs[:, MIRROR_FROM] * MIRROR_SIGN


def _mirror() -> tuple[IntT, Float]:
    source, sign = np.arange(WIDTH), np.ones(WIDTH, np.float32)
    source[IMAGE] = (2 * TWIN[:, None] + np.arange(2)).ravel()
    sign[IMAGE] = np.tile([-1, 1], len(TWIN))
    source[DEPTH], source[SEEN] = DEPTH.start + TWIN, SEEN.start + TWIN
    sign[REST.start] = -1
    return source, sign


MIRROR_FROM, MIRROR_SIGN = _mirror()
"""(136,) each: a column in a mirror is its sign x the column that it comes from."""


def _depth(track: PoseTrack) -> Float64:
    """(T, 33) how much farther than the mid-hip each joint is reported, in torso lengths of the world landmarks."""
    world = held(track.world_m.astype(np.float64))
    world = world - middle(world, "hip")[:, None]
    torso = float(np.median(np.linalg.norm(middle(world, "shoulder"), axis=1)))
    return world[..., 2] / max(torso, 1e-3)


def _growth(track: PoseTrack, seconds: Float64) -> Float64:
    """(T,) how fast the torso grows in the picture, as a share of its length a second."""
    points = held(centred(track))
    length = np.linalg.norm(middle(points, "shoulder") - middle(points, "hip"), axis=1)
    return rate(np.log(np.maximum(length, 1.0)), seconds).clip(-2, 2)
