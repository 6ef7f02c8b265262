"""Finds bodies in a whole frame: BlazePose's detector, its anchors, and the merging of its overlapping answers."""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dancecore.pose.model import PoseModel, run
from dancecore.pose.region import Regions, about, crop, squares, to_frame
from dancecore.settings import PoseSettings
from dancecore.types import Image

SIZE = 224
GRID = ((28, 2), (14, 2), (7, 6))
"""Cells a side, and anchors in each cell, of the detector's three scales."""

Array = NDArray[np.float64]
Raw = NDArray[np.float32]


@cache
def _anchors() -> Array:
    """(2254, 2): the middle of every anchor's cell, 0..1 (Liu et al. 2016, SSD; all anchors are of the whole frame)."""
    grids = []
    for cells, repeats in GRID:
        middle = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        grids.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), repeats, axis=0))
    return np.concatenate(grids)


def detect(images: Sequence[Image], model: PoseModel, settings: PoseSettings, zoom: int = 1) -> list[Regions]:
    """The regions (K, 4) of the bodies in each frame, surest first. The frames may differ in size.

    `zoom`: how many times as large as in the whole frame bodies are looked at; see `region.squares`.
    """
    places = [squares(image.shape[1], image.shape[0], zoom) for image in images]
    inputs = np.empty((sum(map(len, places)), SIZE, SIZE, 3), np.uint8)
    pairs = ((image, place) for image, each in zip(images, places, strict=True) for place in each)
    for (image, place), out in zip(pairs, inputs, strict=True):
        crop(image, place, out, cv2.BORDER_CONSTANT)  # black, as in its training
    boxes, scores = run(model.detector, ("boxes", "scores"), inputs, model.batch)
    ends = np.cumsum([len(each) for each in places])[:-1]
    answers = zip(np.split(boxes, ends), np.split(scores[..., 0], ends), places, strict=True)
    return [_regions(raw, sure, each, settings) for raw, sure, each in answers]


def _regions(boxes: Raw, scores: Raw, places: Regions, settings: PoseSettings) -> Regions:
    """One frame's answers, boxes (N, 2254, 12) and scores (N, 2254) seen in places (N, 4), as regions (K, 4)."""
    confidence = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -100, 100)))
    square, anchor = np.nonzero(confidence >= settings.detection_confidence)
    decoded = _decode(boxes[square, anchor], _anchors()[anchor]).reshape(-1, 6, 2)
    placed = to_frame(decoded, places[square]).reshape(-1, 12)
    found = merge(placed, confidence[square, anchor], settings.suppression_overlap)
    return about(found[:, 4:6], found[:, 6:8], settings.region_scale)


def _decode(raw: Raw, anchors: Array) -> Array:
    """Raw boxes (K, 12) as left, top, right, bottom and four keypoints' x, y, all 0..1 of the square."""
    decoded = raw.astype(np.float64) / SIZE
    size = decoded[:, 2:4].copy()
    middle = decoded[:, :2] + anchors
    decoded[:, :2], decoded[:, 2:4] = middle - size / 2, middle + size / 2
    decoded[:, 4:] += np.tile(anchors, 4)
    return decoded


def merge(boxes: Array, confidence: Array, overlap: float) -> Array:
    """Weighted suppression (Bazarevsky et al. 2019): overlapping boxes (K, 12) become their mean by confidence."""
    order = np.argsort(-confidence, kind="stable")
    merged = []
    while len(order):
        same = _overlaps(boxes[order[0]], boxes[order]) > overlap
        same[0] = True
        group, order = order[same], order[~same]
        merged.append(np.average(boxes[group], axis=0, weights=confidence[group]))
    return np.array(merged).reshape(-1, boxes.shape[1])


def _overlaps(box: Array, boxes: Array) -> Array:
    """(K,): intersection over union of one box with each of (K, 12)."""
    sides = np.minimum(box[2:4], boxes[:, 2:4]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    area, areas = np.prod(box[2:4] - box[:2]), np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    return shared / np.maximum(area + areas - shared, 1e-12)
