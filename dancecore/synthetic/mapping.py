"""Fits `landmarks.yaml`: where on a body BlazePose puts its landmarks, from rendered dancers."""

from collections.abc import Sequence

import numpy as np

from dancecore.skeleton import TWIN
from dancecore.synthetic.landmarks import MIRROR, Landmarks
from dancecore.synthetic.samples import Sample
from dancecore.types import Float64

SEEN = 0.5
"""Joints of lower visibility are guessed: they say nothing of where a landmark lies."""

ROUNDS = 10
"""Of reweighting; the offsets stand still to 0.1 mm after five."""

NEAR = 0.01
"""Leg lengths. Residuals below it weigh alike, greater ones less: those of lost joints hardly count."""

STIFFNESS = 1e-3
"""Of the mean weight: keeps the depth of a landmark at 0 that is seen from one side only."""


def fit_landmarks(samples: Sequence[Sample], landmarks: Landmarks) -> Landmarks:
    """The offsets that bring the true landmarks nearest to the reported ones in the picture, twins mirrored alike.

    Least absolute deviations by iterative reweighting (Huber & Ronchetti 2009, section 7.8), each landmark by itself
    in the axes of the RIG joint that it moves with. A body has one table, whoever it is: in leg lengths.
    """
    current = [sample.mapped(landmarks) for sample in samples]
    offset = landmarks.offset.copy()
    for joint, twin in enumerate(TWIN):
        if joint > twin:
            continue
        slopes, misses = _equations(current, landmarks, joint)
        if twin != joint:
            other, missed = _equations(current, landmarks, int(twin))
            slopes, misses = np.concatenate([slopes, other * MIRROR]), np.concatenate([misses, missed])
        offset[joint] += _solved(slopes, misses) * (1 if twin != joint else np.array([0.0, 1.0, 1.0]))
        offset[twin] = offset[joint] * (MIRROR if twin != joint else 1)
    return Landmarks(landmarks.moves_with, offset)


def _equations(samples: Sequence[Sample], landmarks: Landmarks, joint: int) -> tuple[Float64, Float64]:
    """(N, 2, 3) how the landmark's image moves with its offset, (N, 2) by how much it misses: leg lengths."""
    slopes, misses = [], []
    for sample in samples:
        camera, seen = sample.camera, sample.track.visibility[:, joint] >= SEEN
        place = camera.see(sample.joints[:, joint : joint + 1])[seen, 0]
        axes = camera.rotation[seen] @ sample.frames(landmarks)[seen, joint]
        metre = place[:, 2] / camera.focal_px[seen]
        slopes.append(axes[:, :2] - (place[:, :2] / place[:, 2:])[..., None] * axes[:, 2:])
        image = camera.project(sample.joints[:, joint : joint + 1])[seen, 0]
        misses.append((sample.track.xy_px[seen, joint] - image) * (metre / sample.leg_m)[:, None])
    return np.concatenate(slopes), np.concatenate(misses)


def _solved(slopes: Float64, misses: Float64) -> Float64:
    """(3,) the offset that leaves the least sum of distances."""
    weight, offset = np.ones(len(slopes)), np.zeros(3)
    for _ in range(ROUNDS):
        normal = np.einsum("n,nij,nik->jk", weight, slopes, slopes) + STIFFNESS * weight.sum() * np.eye(3)
        offset = np.linalg.solve(normal, np.einsum("n,nij,ni->j", weight, slopes, misses))
        weight = 1 / np.maximum(np.linalg.norm(misses - slopes @ offset, axis=1), NEAR)
    return offset
