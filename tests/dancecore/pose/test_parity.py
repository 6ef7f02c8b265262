"""Our landmarks against MediaPipe Tasks in IMAGE mode: both find and read the person anew in every single frame."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cluster.settings import settings
from dancecore import pose
from dancecore.media import frames
from dancecore.pose import PoseModel
from dancecore.types import FrameBatch, Image
from tests.mediapipe_oracle import landmarker, require_mediapipe

ONE = replace(settings().pose, max_dancers=1)
HERTZ = 2
"""Frames taken from each second: neighbours at 20 Hz hardly differ."""


def stills(folder: Path) -> Iterator[Image]:
    """Frames (H, W, 3) of every solo clip."""
    for path in sorted(folder.glob("*.mp4")) + sorted(folder.glob("*.webm")):
        for batch in frames(path, HERTZ):
            yield from batch.images


def compare(image: Image, theirs: Any, model: PoseModel) -> tuple[np.ndarray, np.ndarray]:
    """Distances of the joints that MediaPipe sees: in the image over the torso's length, in the world in metres."""
    height, width = image.shape[:2]
    joints = np.array([[p.x * width, p.y * height, p.visibility] for p in theirs.pose_landmarks[0]])
    world = np.array([[p.x, p.y, p.z] for p in theirs.pose_world_landmarks[0]])
    (track,) = pose.estimate(iter([FrameBatch(image[None].copy(), np.zeros(1, np.int64))]), model, ONE)
    torso = np.linalg.norm(joints[[11, 12], :2].mean(0) - joints[[23, 24], :2].mean(0))
    seen = joints[:, 2] > 0.5
    apart = np.linalg.norm(track.xy_px[0] - joints[:, :2], axis=1)[seen] / torso
    return apart, np.linalg.norm(track.world_m[0] - world, axis=1)[seen]


def test_landmarks_are_mediapipes(real_data: Path, model: PoseModel) -> None:
    mediapipe = require_mediapipe()
    apart, world = [], []
    with landmarker("full", "IMAGE") as theirs:
        for image in stills(real_data / "video/solo"):
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
            result = theirs.detect(picture)
            if result.pose_landmarks:
                a, w = compare(image, result, model)
                apart.append(a)
                world.append(w)
    assert len(apart) > 70
    distances, metres = np.concatenate(apart), np.concatenate(world)
    print(f"{len(apart)} frames: torso {np.percentile(distances, [50, 95])}, metres {np.percentile(metres, [50, 95])}")
    assert np.median(distances) <= 0.01
    assert np.percentile(distances, 95) <= 0.05
    assert np.median(metres) <= 0.01
