"""Lifted poses: shapes, mirrors, sides, and what is not known."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.lifting.lifter import Lifted, lift
from dancecore.lifting.outputs import MIRROR_FROM, MIRROR_SIGN, POSE, SPREAD, TRAVEL
from dancecore.lifting.performances import target
from dancecore.lifting.skeleton import LIFTED, LIFTED_TWIN
from dancecore.matching.templates import see
from dancecore.moves.body import joints
from dancecore.moves.camera import Camera
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pose import clean
from dancecore.skeleton import JOINTS
from dancecore.types import SECOND, PoseTrack

TUNED = settings()
RATE = TUNED.media.rate_hz
UNSEEN_BY_IT = ["mv_bart_simpson", "mv_macarena", "mv_side_kick"]
"""Moves that the lifter was not trained on."""


def danced(move_id: str) -> Motion:
    move = load_move(TAXONOMY / f"{move_id}.yaml")
    return retime(around(move.motion, np.linspace(0, 2 * move.beats, 32 * move.beats + 1)), 110, RATE)


def filmed(motion: Motion, yaw: float) -> PoseTrack:
    """As a faultless estimator would see it, but for the flattened depth."""
    world = joints(motion)
    time_ns = np.arange(len(world)) * (SECOND // RATE)
    return clean(see(world, time_ns, Camera(640, 640, yaw, 5.0, 0.0, 4.5, 45.0), 0.6), TUNED.pose)


def without(track: PoseTrack, *parts: str) -> PoseTrack:
    gone = np.array([any(part in joint for part in parts) for joint in JOINTS])
    return replace(
        track,
        xy_px=np.where(gone[:, None], np.nan, track.xy_px).astype(np.float32),
        world_m=np.where(gone[:, None], np.nan, track.world_m).astype(np.float32),
        visibility=np.where(gone, 0, track.visibility).astype(np.float32),
    )


def flat(track: PoseTrack) -> PoseTrack:
    return replace(track, world_m=track.world_m * np.array([1, 1, 0], np.float32))


def off(found: Lifted, motion: Motion) -> float:
    """Mean distance of joints from where they are, torso lengths."""
    true = target(motion, 0.0, RATE)[0].reshape(-1, len(LIFTED), 3)
    return float(np.linalg.norm(found.pose - true, axis=2).mean())


def test_mirrored_track_gives_exactly_the_mirrored_poses() -> None:
    track = filmed(danced("mv_ymca"), 35.0)
    found, other = lift(track, TUNED.features), lift(track.mirrored(), TUNED.features)
    flip = np.array([-1, 1, 1], np.float32)
    assert np.array_equal(other.pose, found.pose[:, LIFTED_TWIN] * flip)
    assert np.array_equal(other.spread, found.spread[:, LIFTED_TWIN])
    assert np.array_equal(other.facing, found.facing * np.array([1, -1], np.float32))
    assert np.array_equal(other.travel, found.travel * flip)
    assert np.array_equal(other.embedding, found.embedding[:, ::-1])


CASES = [("as it is", lambda t: t), ("without depth", flat), ("without face and hands", lambda t: without(t, *FACE))]
FACE = ("eye", "ear", "mouth", "nose", "pinky", "index", "thumb")


@pytest.mark.parametrize("yaw", [0.0, 60.0, 120.0, 180.0, -90.0])
@pytest.mark.parametrize(("change"), [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_poses_are_found_from_every_side(yaw: float, change) -> None:  # type: ignore[no-untyped-def]
    motion = danced("mv_ymca")
    assert off(lift(change(filmed(motion, yaw)), TUNED.features), motion) < 0.45


@pytest.mark.parametrize("move", UNSEEN_BY_IT)
def test_turning_the_camera_changes_the_pose_little(move: str) -> None:
    motion = danced(move)
    front = lift(filmed(motion, 0.0), TUNED.features).pose
    still = np.linalg.norm(front - front.mean(axis=0), axis=2).mean()
    for yaw in (45.0, -45.0, 90.0, 180.0):
        apart = np.linalg.norm(lift(filmed(motion, yaw), TUNED.features).pose - front, axis=2).mean()
        assert apart < 0.35, (yaw, apart, still)


@pytest.mark.parametrize("yaw", [0.0, 40.0, 100.0, -150.0])
def test_facing_is_that_of_the_camera(yaw: float) -> None:
    cosine, sine = lift(filmed(danced("mv_dab"), yaw), TUNED.features).facing.mean(axis=0)
    error = np.degrees(np.arctan2(sine, cosine)) + yaw  # a camera on the left sees somebody who is turned to the right
    assert abs((error + 180) % 360 - 180) < 20


def test_nobody_is_somewhere_unknown() -> None:
    track = filmed(danced("mv_dab"), 0.0)
    found = lift(without(track, ""), TUNED.features)
    assert np.isfinite(found.pose).all()
    assert found.spread.min() > 1


def test_a_cut_keeps_shots_apart() -> None:
    track = filmed(danced("mv_ymca"), 0.0)
    half = len(track) // 2
    cut = track.cut.copy()
    cut[half] = True
    whole = lift(replace(track, cut=cut), TUNED.features)
    alone = lift(track.window(0, int(track.time_ns[half])), TUNED.features)
    assert np.array_equal(whole.pose[:half], alone.pose)


def test_mirror_of_outputs_is_an_involution() -> None:
    assert np.array_equal(MIRROR_FROM[MIRROR_FROM], np.arange(len(MIRROR_FROM)))
    assert np.array_equal(MIRROR_SIGN * MIRROR_SIGN[MIRROR_FROM], np.ones(len(MIRROR_FROM)))
    assert (POSE.stop, SPREAD.stop - SPREAD.start, TRAVEL.stop) == (51, 17, 73)


SHAPES = {"pose": (4, 17, 3), "spread": (4, 17), "facing": (4, 2), "travel": (4, 3), "embedding": (4, 2, 32)}


@pytest.mark.parametrize("name", SHAPES)
def test_other_shapes_are_refused(name: str) -> None:
    good = {each: np.zeros(shape, np.float32) for each, shape in SHAPES.items()}
    assert len(Lifted(**good).pose) == 4
    with pytest.raises(DanceError, match=name):
        Lifted(**good | {name: np.zeros((4, 5), np.float32)})
