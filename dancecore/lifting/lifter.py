"""Lifting tracks at run time: the network through ONNX Runtime, and what it says of a track."""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime

from dancecore.lifting.inputs import inputs_of, mirrored
from dancecore.lifting.outputs import EMBEDDING, FACING, MIRROR_FROM, MIRROR_SIGN, POSE, SPREAD, TRAVEL
from dancecore.lifting.skeleton import LIFTED
from dancecore.settings import FeatureSettings
from dancecore.types import Float, PoseTrack, check_shape

MODEL = Path(__file__).with_name("lifter.onnx")
"""The network of this release, see `jobs.train_lifter`."""

LEAST, MOST = -4.0, 2.0
"""Logarithm of how far off joints are said to be: a hundredth of a torso to seven."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A dancer's poses over T frames, wherever the camera stands. All float32.

    pose (T, 17, 3): the joints of `LIFTED` about the mid-hip on a body of usual proportions, torso lengths, in the
    dancer's own axes (x to their left, y up, z to where they face, over some time: `FACING_S`); spread (T, 17): how
    far off each joint may be, torso lengths; facing (T, 2): cosine and sine of the angle by which the dancer is turned
    to their left from the camera; travel (T, 3): of the mid-hip, own axes, torso lengths a second; embedding
    (T, 2, 32): unit vectors that are near where the same is danced, by whomever: as danced, and as in a mirror.
    Where nobody was found the frames are those of somebody unseen, with a large spread.
    """

    pose: Float
    spread: Float
    facing: Float
    travel: Float
    embedding: Float

    def __post_init__(self) -> None:
        frames = len(self.pose)
        check_shape("pose", self.pose, (frames, len(LIFTED), 3), np.float32)
        check_shape("spread", self.spread, (frames, len(LIFTED)), np.float32)
        check_shape("facing", self.facing, (frames, 2), np.float32)
        check_shape("travel", self.travel, (frames, 3), np.float32)
        check_shape("embedding", self.embedding, (frames, 2, EMBEDDING.stop - EMBEDDING.start), np.float32)

    def part(self, frames: slice) -> Self:
        """Some of the frames."""
        return type(self)(*(getattr(self, field.name)[frames].copy() for field in fields(self)))


def lift(track: PoseTrack, settings: FeatureSettings, model: Path = MODEL) -> Lifted:
    """The poses of a cleaned track, shot by shot. Lifting the mirrored track gives exactly the mirrored poses."""
    session = _session(model)
    said = np.zeros((2, len(track), EMBEDDING.stop), np.float32)
    for shot in track.shots:
        part = track.window(int(track.time_ns[shot.start]), int(track.time_ns[shot.stop - 1]) + 1)
        if part.present.any():
            inputs = inputs_of(part, settings)
            for side, shown in enumerate((inputs, mirrored(inputs))):
                said[side, shot] = session.run(None, {"inputs": shown[None]})[0][0]
        else:
            said[:, shot, SPREAD] = MOST
    return _lifted(*said)


def _lifted(own: Float, other: Float) -> Lifted:
    """What the network says of a track and of its mirror image, together."""
    frames = len(own)
    both = np.asarray((own[:, : EMBEDDING.start] + other[:, MIRROR_FROM] * MIRROR_SIGN) / 2, np.float32)
    embedding = np.stack([own[:, EMBEDDING], other[:, EMBEDDING]], axis=1)
    return Lifted(
        both[:, POSE].reshape(frames, -1, 3),
        np.exp(both[:, SPREAD].clip(LEAST, MOST)),
        both[:, FACING].copy(),
        both[:, TRAVEL].copy(),
        embedding / np.maximum(np.linalg.norm(embedding, axis=2, keepdims=True), 1e-6),
    )


@cache
def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
