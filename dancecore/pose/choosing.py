"""Which of several dancers is the one to index."""

from collections.abc import Sequence

import numpy as np

from dancecore import skeleton
from dancecore.errors import DanceError
from dancecore.settings import PoseSettings
from dancecore.types import PoseTrack

LIMBS = [skeleton.INDEX[name] for name in ("left_wrist", "right_wrist", "left_ankle", "right_ankle")]
TRUNK = [skeleton.INDEX[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]


def primary(tracks: Sequence[PoseTrack], settings: PoseSettings) -> PoseTrack:
    """The dancer to index: the highest product of presence, size, centrality and motion; the first on equal terms.

    Raises DanceError("NO_PERSON") when there is no track.
    """
    if not tracks:
        raise DanceError("NO_PERSON", "nobody was found in this clip")
    return max(tracks, key=lambda track: prominence(track, settings))


def prominence(track: PoseTrack, settings: PoseSettings) -> float:
    """How much this dancer is the one a viewer looks at, >= 0; 0 for one who is never there.

    Presence is the share of frames, size the median height of the body over the frame's, centrality 1 in the middle
    of the frame's width and 0 at its border, motion the median speed of wrists and ankles in body heights a second,
    on top of `motion_floor`.
    """
    present = track.present
    if not present.any():
        return 0.0
    xy = track.xy_px.astype(np.float64)
    height = np.median(np.ptp(xy[present][..., 1], axis=1))
    centre = np.median(xy[present][:, TRUNK, 0])
    centrality = max(0.0, 1 - abs(2 * centre / track.width - 1))
    return float(present.mean() * height / track.height * centrality * (settings.motion_floor + _motion(track, height)))


def _motion(track: PoseTrack, height: float) -> float:
    """Median speed of wrists and ankles, relative to the trunk's middle, in body heights a second."""
    limbs = track.xy_px[:, LIMBS] - track.xy_px[:, TRUNK].mean(1, keepdims=True)
    steps = np.linalg.norm(np.diff(limbs, axis=0), axis=-1).mean(-1)
    usable = np.isfinite(steps) & ~track.cut[1:]
    if not usable.any() or height <= 0:
        return 0.0
    return float(np.median(steps[usable] / (np.diff(track.time_ns)[usable] * 1e-9)) / height)
