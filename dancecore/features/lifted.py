"""Features that do not depend on where the camera stands (`fv-2`): 170 numbers a frame, beside the 128 of `extract`."""

from dataclasses import dataclass

import numpy as np

from dancecore.lifting.lifter import Lifted, lift
from dancecore.lifting.outputs import EMBEDDING, POSE, TRAVEL
from dancecore.lifting.outputs import MIRROR_FROM as OUT_FROM
from dancecore.lifting.outputs import MIRROR_SIGN as OUT_SIGN
from dancecore.lifting.skeleton import LIFTED
from dancecore.settings import FeatureSettings
from dancecore.types import Float, Float64, IntT, PoseTrack, Span, check_shape, check_times

LIFTED_VERSION = "fv-2"

JOINTS, KINDS = 3 * len(LIFTED), 2 * (EMBEDDING.stop - EMBEDDING.start)

POSES, SPEEDS, WAY, KIND = (slice(0, 51), slice(51, 102), slice(102, 106), slice(106, 170))
"""Columns: where each of the 17 joints is, x, y, z in the dancer's own axes; how fast it moves; how the dancer travels
(x, y, z) and turns; what is danced, as it is and in a mirror."""

WIDTH = KIND.stop

SPREAD_OF = {"pose": 0.55, "speed": 1.6, "travel": 0.8, "turn": 1.2, "kind": 0.177}
"""Standard deviations over made-up dances: torso lengths, torso lengths a second, radians a second, 1."""


def _mirror() -> tuple[IntT, Float]:
    source, sign = np.arange(WIDTH), np.ones(WIDTH, np.float32)
    for part in (POSES, SPEEDS):
        source[part], sign[part] = part.start + OUT_FROM[POSE], OUT_SIGN[POSE]
    sign[WAY] = [*OUT_SIGN[TRAVEL], -1]
    source[KIND] = KIND.start + (np.arange(KINDS) + KINDS // 2) % KINDS
    return source, sign


MIRROR_FROM, MIRROR_SIGN = _mirror()
"""(170,) each: a column in a mirror is its sign x the column that it comes from."""


@dataclass(frozen=True, slots=True)
class LiftedFeatures:
    """time_ns (T,) int64; values (T, 170) float32, finite, in units in which unrelated dances are about 1 apart in each
    column (their root mean square); trust (T, 170) float32 in 0..1: how far each is to be believed."""

    time_ns: IntT
    values: Float
    trust: Float

    def __post_init__(self) -> None:
        check_times("time_ns", self.time_ns)
        check_shape("values", self.values, (len(self.time_ns), WIDTH), np.float32)
        check_shape("trust", self.trust, (len(self.time_ns), WIDTH), np.float32)


def extract_lifted(track: PoseTrack, settings: FeatureSettings, lifted: Lifted | None = None) -> LiftedFeatures:
    """The features of every frame of a cleaned track. Those of the mirrored track are exactly the mirrored ones.

    No step reaches across a cut. `lifted`: its poses, where they are known already."""
    poses = lifted or lift(track, settings)
    shots = [features_of(poses.part(shot), track.time_ns[shot]) for shot in track.shots]
    values, trust = (np.concatenate([getattr(shot, name) for shot in shots]) for name in ("values", "trust"))
    return LiftedFeatures(track.time_ns, values, trust)


def features_of(lifted: Lifted, time_ns: IntT) -> LiftedFeatures:
    """The features of lifted poses at these times."""
    frames, seconds = len(time_ns), (time_ns - time_ns[0]) / 1e9
    pose = lifted.pose.reshape(frames, JOINTS).astype(np.float64)
    way = np.column_stack([lifted.travel / SPREAD_OF["travel"], _turning(lifted.facing, seconds) / SPREAD_OF["turn"]])
    kind = lifted.embedding.reshape(frames, KINDS) / SPREAD_OF["kind"]
    parts = [pose / SPREAD_OF["pose"], _rate(pose, seconds) / SPREAD_OF["speed"], way, kind]
    values = np.hstack(parts) / np.sqrt(2)
    of_joint = 1 / (1 + (lifted.spread / SPREAD_OF["pose"]).repeat(3, axis=1) ** 2)
    trust = np.hstack([of_joint, of_joint, np.ones((frames, WIDTH - WAY.start))])
    return LiftedFeatures(time_ns, values.astype(np.float32), trust.astype(np.float32))


def mirror_lifted(features: LiftedFeatures) -> LiftedFeatures:
    """The features of the same dance seen in a mirror."""
    values, trust = features.values[:, MIRROR_FROM] * MIRROR_SIGN, features.trust[:, MIRROR_FROM]
    return LiftedFeatures(features.time_ns, values, trust)


def embed(features: LiftedFeatures, span: Span) -> Float:
    """(128,) float32 unit vector of what is danced in a span, for "find moves like this": the mean and the standard
    deviation over time of what each frame is (`KIND`), each of length one before they are put together. All zero where
    the span holds no frame, or nobody in any."""
    lo, hi = np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])
    if lo == hi:
        return np.zeros(2 * KINDS, np.float32)
    kinds = features.values[lo:hi, KIND].astype(np.float64)
    halves = [part / max(float(np.linalg.norm(part)), 1e-9) for part in (kinds.mean(axis=0), kinds.std(axis=0))]
    whole = np.concatenate(halves)
    return (whole / max(float(np.linalg.norm(whole)), 1e-9)).astype(np.float32)


def _rate(values: Float64, seconds: Float64) -> Float64:
    return np.gradient(values, seconds, axis=0) if len(seconds) > 1 else np.zeros_like(values)


def _turning(facing: Float, seconds: Float64) -> Float64:
    """(T,) radians a second by which the dancer turns to the left."""
    return _rate(np.unwrap(np.arctan2(facing[:, 1], facing[:, 0]).astype(np.float64)), seconds).clip(-10, 10)
