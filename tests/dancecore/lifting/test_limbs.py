"""Limbs before the camera: what turns them, what does not change them, and nobody's."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.lifting.lifter import lift
from dancecore.lifting.limbs import LIMBS, LONGEST, limbs_of, turned_limbs
from dancecore.matching.templates import see
from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pose import clean
from dancecore.types import SECOND, Float, PoseTrack

TUNED = settings()
RATE = TUNED.media.rate_hz


def danced(yaw: float, size: float = 1.0) -> PoseTrack:
    move = load_move(TAXONOMY / "mv_ymca.yaml")
    motion = retime(around(move.motion, np.linspace(0, move.beats, 16 * move.beats + 1)), 110, RATE)
    world = joints(motion, NEUTRAL.varied(height=size))
    time_ns = np.arange(len(world)) * (SECOND // RATE)
    return clean(see(world, time_ns, Camera(640, 640, yaw, 5.0, 0.0, 6.0, 40.0), 0.6), TUNED.pose)


def limbs(track: PoseTrack) -> Float:
    return limbs_of(track, lift(track, TUNED.features), TUNED.features)


def apart(one: Float, other: Float) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


def test_shape_and_limits() -> None:
    found = limbs(danced(20.0))
    assert found.shape[1:] == (LIMBS, 3)
    assert found.dtype == np.float32
    assert np.abs(found).max() <= LONGEST


def test_a_taller_body_has_the_same_limbs() -> None:
    assert apart(limbs(danced(0.0))[..., :2], limbs(danced(0.0, 1.2))[..., :2]) < 0.03


@pytest.mark.parametrize("yaw", [30.0, -45.0])
def test_turned_they_are_those_that_another_camera_sees(yaw: float) -> None:
    front, side = limbs(danced(0.0)), limbs(danced(yaw))
    seen = turned_limbs(side[None], np.zeros(1, np.float32))[0]
    turns = [turned_limbs(front[None], np.radians([angle]).astype(np.float32))[0] for angle in (-yaw, 0.0, yaw)]
    errors = [apart(each, seen) for each in turns]
    assert errors[0] < 0.6 * errors[1] < errors[2]


def test_nobody() -> None:
    track = danced(0.0)
    cut = np.arange(len(track)) == 20
    gone = np.arange(len(track)) >= 20
    empty = replace(
        track, cut=cut, visibility=np.where(gone[:, None], 0, track.visibility).astype(np.float32),
        xy_px=np.where(gone[:, None, None], np.nan, track.xy_px).astype(np.float32),
        world_m=np.where(gone[:, None, None], np.nan, track.world_m).astype(np.float32),
    )  # fmt: skip
    assert np.isfinite(limbs(empty)).all()
