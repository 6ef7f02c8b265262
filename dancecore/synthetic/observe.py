"""What a pose estimator would report of known joints, without drawing anything: for tuning recognisers in seconds.

The errors are a first model of BlazePose's, their sizes fitted on rendered clips (`configs/synthetic.yaml`).
"""

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from dancecore import skeleton
from dancecore.moves.camera import Camera
from dancecore.synthetic.settings import ObserveSettings
from dancecore.types import BoolT, Float, Float64, IntT, PoseTrack

HIPS = [skeleton.INDEX["left_hip"], skeleton.INDEX["right_hip"]]
SHOULDERS = [skeleton.INDEX["left_shoulder"], skeleton.INDEX["right_shoulder"]]


def observe(joints: Float64, time_ns: IntT, camera: Camera, settings: ObserveSettings, seed: int) -> PoseTrack:
    """The track BlazePose would give of joints (T, 33, 3), world metres, at time_ns (T,), seen by `camera`.

    Image points are the projections plus a steady offset of each joint and a jitter correlated in time, both in
    torso lengths; world points stand in the camera's axes about the mid-hip with their depth flattened; visibility
    falls, and errors grow, where the torso hides a joint and where a joint is lost for a while. The same seed gives
    the same track.
    """
    rng = np.random.default_rng(seed)
    keep = _memory(time_ns, settings.jitter_s)
    xy = camera.project(joints)
    torso = np.linalg.norm(xy[:, SHOULDERS].mean(1) - xy[:, HIPS].mean(1), axis=1)
    hidden = _behind_torso(joints, camera) | _lost(len(joints), _memory(time_ns, settings.lost_s), settings, rng)
    loud = np.where(hidden, settings.hidden_factor, 1.0)[..., None]
    scale = np.maximum(torso, np.median(torso) / 2)[:, None, None]
    noise = settings.offset * rng.standard_normal((1, 33, 2)) + settings.jitter * loud * _drift(xy.shape, keep, rng)
    visibility = np.where(hidden, settings.hidden_visibility, settings.visibility) * np.ones(joints.shape[:2])
    return PoseTrack(
        time_ns=time_ns,
        xy_px=(xy + scale * noise).astype(np.float32),
        world_m=_world(joints, camera, loud, _memory(time_ns, settings.world_jitter_s), settings, rng),
        visibility=np.clip(visibility + 0.02 * rng.standard_normal(visibility.shape), 0, 1).astype(np.float32),
        cut=np.zeros(len(joints), np.bool_),
        width=camera.width,
        height=camera.height,
    )


def _world(
    joints: Float64, camera: Camera, loud: Float64, keep: float, settings: ObserveSettings, rng: np.random.Generator
) -> Float:
    about_hip = (joints - joints[:, HIPS].mean(1, keepdims=True)) @ camera.rotation().T
    about_hip *= rng.uniform(*settings.world_scale) * np.array([1.0, 1.0, rng.uniform(*settings.depth_slope)])
    noise = settings.world_offset_m * rng.standard_normal((1, 33, 3))
    noise = noise + settings.world_jitter_m * np.sqrt(loud) * _drift(joints.shape, keep, rng)
    about_hip += noise * np.array([1.0, 1.0, settings.depth_factor])
    return np.asarray(about_hip - about_hip[:, HIPS].mean(1, keepdims=True), np.float32)


def _memory(time_ns: IntT, seconds: float) -> float:
    """How much of a frame's error the next one inherits, for errors that fade over `seconds`."""
    step = float(np.median(np.diff(time_ns))) / 1e9 if len(time_ns) > 1 else 1.0
    return float(np.exp(-step / seconds))


def _drift(shape: tuple[int, ...], keep: float, rng: np.random.Generator) -> Float64:
    """Noise of unit variance along the first axis, each frame keeping a share of the one before (AR(1))."""
    fresh = rng.standard_normal(shape)
    fresh[1:] *= np.sqrt(1 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], fresh, axis=0))


def _lost(frames: int, keep: float, settings: ObserveSettings, rng: np.random.Generator) -> BoolT:
    """(T, 33) bool: joints that the estimator loses for a while, each `settings.lost_share` of the time."""
    level = _drift((frames, 33), keep, rng)
    return np.asarray(level < ndtri(settings.lost_share))


def _behind_torso(joints: Float64, camera: Camera) -> BoolT:
    """(T, 33) bool: arm joints inside the torso's outline and farther from the camera than its middle."""
    seen, xy = camera.see(joints), camera.project(joints)
    corners = xy[:, [SHOULDERS[0], SHOULDERS[1], HIPS[1], HIPS[0]]]
    edges = np.roll(corners, -1, axis=1) - corners
    to_joint = xy[:, None] - corners[:, :, None]
    side = edges[:, :, None, 0] * to_joint[..., 1] - edges[:, :, None, 1] * to_joint[..., 0]
    inside = (side > 0).all(1) | (side < 0).all(1)
    middle = seen[:, SHOULDERS + HIPS, 2].mean(1, keepdims=True)
    arms = np.isin(np.arange(33), np.arange(13, 23))
    return np.asarray(inside & arms & (seen[..., 2] > middle + 0.05))
