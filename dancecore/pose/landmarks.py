"""Reads the joints of the body in each region: BlazePose's landmark network, its heatmaps, its axes undone."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.pose.model import PoseModel, run
from dancecore.pose.region import Regions, about, crop, to_frame, upright
from dancecore.settings import PoseSettings
from dancecore.types import Image

SIZE = 256
JOINTS, CENTRE, RIM = 33, 33, 34
"""The network's points: 33 joints, then the mid-hip and the rim that give the next region, then unused ones."""
KERNEL = 7
SURE = 0.5
"""BlazePose's window for reading a joint off its heatmap, and the peak a heatmap must reach to be believed."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """N bodies. xy_px (N, 33, 2), world_m (N, 33, 3), visibility (N, 33), presence (N,) 0..1; `next` (N, 4) regions."""

    xy_px: Array
    world_m: Array
    visibility: Array
    presence: Array
    next: Regions


def read(images: Sequence[Image], regions: Regions, model: PoseModel, settings: PoseSettings) -> Landmarks:
    """The landmarks of the body in each region (N, 4), one frame (H, W, 3) for each region."""
    inputs = np.empty((len(images), SIZE, SIZE, 3), np.uint8)
    for image, region, out in zip(images, regions, inputs, strict=True):
        crop(image, region, out, cv2.BORDER_REPLICATE)  # as in its training: black costs 1 % of the torso
    names = ("landmarks", "presence", "heatmap", "world")
    raw, presence, heatmap, world = run(model.landmarks, names, inputs, model.batch)
    points = raw.reshape(len(images), -1, 5).astype(np.float64)
    xy = to_frame(_refine(points[..., :2] / SIZE, heatmap), regions)
    world_m = upright(world.reshape(len(images), -1, 3)[:, :JOINTS].astype(np.float64), regions)
    visibility = _sigmoid(points[:, :JOINTS, 3])
    following = about(xy[:, CENTRE], xy[:, RIM], settings.region_scale)
    return Landmarks(xy[:, :JOINTS], world_m, visibility, presence[:, 0].astype(np.float64), following)


def _refine(points: Array, heatmap: NDArray[np.float32]) -> Array:
    """Move each point (N, K, 2), 0..1, to the mean of its heatmap (N, K, h, w) around it, where that has a sure peak.

    The mean is over the KERNEL x KERNEL cells about the point's cell that lie on the map, weighted by their sigmoid.
    """
    size = np.array(heatmap.shape[:1:-1])
    cell = (points * size).astype(np.int64)
    inside = ((cell >= 0) & (cell < size) & (points >= 0)).all(-1)
    reach = np.arange(KERNEL) - KERNEL // 2
    x, y = cell[..., :1] + reach, cell[..., 1:] + reach
    on_x, on_y = (x >= 0) & (x < size[0]), (y >= 0) & (y < size[1])
    body, joint = np.ogrid[: len(points), : points.shape[1]]
    window = (body[..., None, None], joint[..., None, None])
    patch = heatmap[(*window, np.clip(y, 0, size[1] - 1)[..., None], np.clip(x, 0, size[0] - 1)[..., None, :])]
    weight = _sigmoid(patch.astype(np.float64)) * on_y[..., None] * on_x[..., None, :]
    total = np.maximum(weight.sum((-1, -2)), 1e-12)
    mean = np.stack([(weight.sum(-2) * x).sum(-1), (weight.sum(-1) * y).sum(-1)], -1) / total[..., None] / size
    sure = inside & (weight.max((-1, -2)) >= SURE)
    return np.where(sure[..., None], mean, points)


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))
