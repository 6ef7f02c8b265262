"""A pose made independent of where the dancer stands, how large they appear and how the camera is rolled.

Every step is written so that a mirrored track gives exactly the mirrored result: sums only of a left and a right
joint, and no step that treats x unlike -x.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import percentile_filter, uniform_filter1d

from dancecore.settings import FeatureSettings
from dancecore.skeleton import INDEX
from dancecore.types import Float64, PoseTrack


@dataclass(frozen=True, slots=True)
class Body:
    """One shot in torso lengths about the mid-hip, de-rolled: up is the dancer's usual up.

    seconds (T,); image (T, 33, 2) x right, y down; travel (T, 2) velocity of the mid-hip in the picture, torsos/s;
    space (T, 33, 3) camera axes (x right, y down, z away): x and y those of `image`, which are twice as exact as the
    world landmarks', and the depth of the world landmarks, stretched by `depth_gain`.
    """

    seconds: Float64
    image: Float64
    travel: Float64
    space: Float64


def middle(points: Float64, part: str) -> Float64:
    """(T, D) midway between the left and the right joint of (T, 33, D)."""
    return (points[:, INDEX[f"left_{part}"]] + points[:, INDEX[f"right_{part}"]]) / 2


def across(points: Float64, part: str) -> Float64:
    """(T, D) from the right to the left joint of (T, 33, D)."""
    return points[:, INDEX[f"left_{part}"]] - points[:, INDEX[f"right_{part}"]]


def rate(values: Float64, seconds: Float64) -> Float64:
    """Time derivative along the first axis, second order; zero for a single frame."""
    return np.gradient(values, seconds, axis=0) if len(seconds) > 1 else np.zeros_like(values)


def frames_in(window_s: float, seconds: Float64) -> int:
    """How many frames a window lasts, odd and at least one."""
    if len(seconds) < 2:
        return 1
    return int(window_s / float(np.median(np.diff(seconds)))) // 2 * 2 + 1


def smooth(values: Float64, window_s: float, seconds: Float64) -> Float64:
    """Centred moving average over time; the ends are held."""
    return uniform_filter1d(values, frames_in(window_s, seconds), axis=0, mode="nearest")


def body_of(track: PoseTrack, settings: FeatureSettings) -> Body:
    """The normalised body of a track without cuts. Coordinates that are missing are held from the nearest frame."""
    seconds = (track.time_ns - track.time_ns[0]) / 1e9
    points = held(centred(track))
    root = middle(points, "hip")
    image = points - root[:, None]
    scale = _torso_px(image, seconds, settings)
    turn = _upright(image, scale, seconds, settings)
    flat = _rotated(image, turn) / scale[:, None, None]
    return Body(
        seconds=seconds,
        image=flat,
        travel=_rotated(rate(root, seconds)[:, None], turn)[:, 0] / scale[:, None],
        space=np.concatenate([flat, settings.depth_gain * _depth(track)[..., None]], axis=2),
    )


def _depth(track: PoseTrack) -> Float64:
    """(T, 33) how much farther than the mid-hip each joint is, in torso lengths of the world landmarks."""
    world = held(track.world_m.astype(np.float64))
    world = world - middle(world, "hip")[:, None]
    torso = float(np.median(np.linalg.norm(middle(world, "shoulder"), axis=1)))
    return world[..., 2] / max(torso, 1e-3)


def centred(track: PoseTrack) -> Float64:
    """(T, 33, 2) pixels about the middle of the picture, exact under reflection.

    `width - x` is rounded to float32 when a track is mirrored, which loses bits of an x left of the middle. Those
    points are therefore measured from the far edge here too, after the same rounding.
    """
    points = track.xy_px.astype(np.float64)
    half, x = track.width / 2, track.xy_px[..., 0]
    points[..., 0] = np.where(x > half, points[..., 0] - half, half - (track.width - x).astype(np.float64))
    return points


def held(points: Float64) -> Float64:
    """The last finite value in place of what is not finite; before the first one, the first; 0 if there is none."""
    flat = points.reshape(len(points), -1)
    known = np.isfinite(flat)
    last = np.maximum.accumulate(np.where(known, np.arange(len(flat))[:, None], -1), axis=0)
    last = np.where(last < 0, known.argmax(axis=0), last)
    filled = np.take_along_axis(flat, last, axis=0)
    return np.where(np.isfinite(filled), filled, 0.0).reshape(points.shape)


def _torso_px(image: Float64, seconds: Float64, settings: FeatureSettings) -> Float64:
    """(T,) torso length in pixels: bending and leaning only shorten it, so a high percentile over a while."""
    length = np.linalg.norm(middle(image, "shoulder"), axis=1)
    window = frames_in(settings.scale_window_s, seconds)
    tall = percentile_filter(length, settings.scale_percentile, size=window, mode="nearest")
    return np.maximum(smooth(tall, settings.scale_window_s, seconds), 1.0)


def _upright(image: Float64, scale: Float64, seconds: Float64, settings: FeatureSettings) -> Float64:
    """(T, 2) cosine and sine of the roll of the camera.

    The line of the shoulders modulo pi, as the mean doubled angle over a while weighted by its length squared (Mardia
    & Jupp 2000, section 2.2): a dancer who turns around does not flip it, and shoulders seen edge-on hardly count.
    There the torso, at a right angle to them, decides; `roll_anchor` is its weight. The sign that is left follows the
    frame before, and overall puts the shoulders above the hips.
    """
    line, spine = across(image, "shoulder") / scale[:, None], middle(image, "shoulder") / scale[:, None]
    x, y = line.T
    u, v = spine.T
    double = np.stack([x * x - y * y, 2 * x * y], 1) + settings.roll_anchor * np.stack([v * v - u * u, -2 * u * v], 1)
    mean = smooth(double, settings.roll_window_s, seconds)
    length = np.hypot(mean[:, 0], mean[:, 1])
    cosine = np.where(length > 1e-9, mean[:, 0] / np.maximum(length, 1e-9), 1.0)
    big = np.sqrt((1 + np.abs(cosine)) / 2)
    small = np.abs(mean[:, 1]) / np.maximum(length, 1e-9) / (2 * big)
    sine_sign = np.where(mean[:, 1] < 0, -1.0, 1.0)
    turn = np.where(cosine[:, None] >= 0, np.stack([big, small * sine_sign], 1), np.stack([small, big * sine_sign], 1))
    follows = np.where((turn[1:] * turn[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    turn = turn * np.concatenate([[1.0], np.cumprod(follows)])[:, None]
    rise = (turn[:, 1] * u - turn[:, 0] * v).sum()
    return turn if rise >= 0 else -turn


def _rotated(points: Float64, turn: Float64) -> Float64:
    """Points (T, J, 2) turned back by the roll."""
    cosine, sine = turn[:, 0, None], turn[:, 1, None]
    x, y = points[..., 0], points[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x], axis=-1)
