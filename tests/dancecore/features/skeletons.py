"""Dancers with known joints, for the tests of features."""

from dataclasses import replace

import numpy as np

from dancecore.matching.templates import see
from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import RIG, Motion
from dancecore.skeleton import INDEX
from dancecore.types import Float64, PoseTrack

FRONT = Camera(360, 640)
FAR = Camera(360, 640, distance=400.0, fov=0.4)
"""So far away that there is no perspective."""


def about(axis: str, angles: Float64) -> Float64:
    """(F, 3, 3) rotations by `angles` (F,) radians about "x", "y" or "z"."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = np.tile(np.eye(3), (len(angles), 1, 1))
    turn[:, i, i] = turn[:, j, j] = np.cos(angles)
    turn[:, j, i], turn[:, i, j] = np.sin(angles), -np.sin(angles)
    return turn


def motion(seconds: Float64, **turns: tuple[str, Float64]) -> Motion:
    """A motion of one beat a second whose named RIG joints turn about an axis by angles (F,) radians."""
    rotation = np.tile(np.eye(3), (len(seconds), len(RIG), 1, 1))
    for name, (axis, angles) in turns.items():
        rotation[:, RIG.index(name)] = about(axis, angles)
    return Motion(seconds, rotation, np.zeros((len(seconds), 3)))


def dance(seconds: Float64) -> Float64:
    """(F, 33, 3) world joints: arms wave at their own rates, knees bend, the trunk leans and twists."""
    wave = np.sin(2 * np.pi * seconds)
    return joints(
        motion(
            seconds,
            left_shoulder=("z", 0.9 * wave), right_shoulder=("z", 0.5 * np.cos(3 * seconds)),
            left_elbow=("y", -0.8 - 0.5 * wave), right_elbow=("y", 0.7 + 0.6 * wave),
            left_hip=("x", -0.4 * np.sin(4 * seconds)), left_knee=("x", 0.5 - 0.5 * wave),
            spine=("z", 0.15 * wave), chest=("y", 0.3 * np.sin(2 * seconds)), head=("y", 0.4 * wave),
        ),
        NEUTRAL,
    )  # fmt: skip


def times(seconds: float, rate_hz: float = 20.0) -> Float64:
    return np.arange(round(seconds * rate_hz)) / rate_hz


def seen(world: Float64, seconds: Float64, camera: Camera = FRONT, depth_slope: float = 1.0) -> PoseTrack:
    return see(world, np.round(seconds * 1e9).astype(np.int64), camera, depth_slope)


def placed(**places: tuple[float, float, float]) -> PoseTrack:
    """Three frames of a still body; named joints are put elsewhere (camera axes, metres about the mid-hip)."""
    track = seen(joints(motion(times(0.15))), times(0.15))
    world = track.world_m.copy()
    for name, place in places.items():
        world[:, INDEX[name]] = place
    return replace(track, xy_px=(180 + 200 * world[..., :2]).astype(np.float32), world_m=world)


def random_track(seed: int) -> PoseTrack:
    """Anything a pose estimator could report: noise of any size, missing joints, cuts, uneven times."""
    rng = np.random.default_rng(seed)
    frames = int(rng.integers(1, 60))
    xy = (180 + rng.normal(0, rng.choice([1.0, 60.0, 900.0]), (frames, 33, 2))).astype(np.float32)
    world = rng.normal(0, 0.5, (frames, 33, 3)).astype(np.float32)
    missing = rng.random((frames, 33)) < 0.1
    missing |= (rng.random(frames) < 0.1)[:, None]
    xy[missing], world[missing] = np.nan, np.nan
    visibility = np.where(missing, 0, rng.random((frames, 33))).astype(np.float32)
    time_ns = np.cumsum(rng.integers(30, 60, frames)).astype(np.int64) * 1_000_000
    width = int(rng.integers(64, 4096))
    return PoseTrack(time_ns, xy, world, visibility, rng.random(frames) < 0.05, width, 640)
