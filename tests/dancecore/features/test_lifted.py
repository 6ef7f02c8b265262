"""Features that do not depend on the camera's side: shapes, mirrors, cuts, and vectors of segments."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features.lifted import (
    MIRROR_FROM,
    MIRROR_SIGN,
    WIDTH,
    LiftedFeatures,
    embed,
    extract_lifted,
    mirror_lifted,
)
from dancecore.matching.templates import see
from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pose import clean
from dancecore.types import SECOND, PoseTrack, Span

TUNED = settings()
RATE = TUNED.media.rate_hz
MOVES = ["mv_floss", "mv_ymca", "mv_running_man", "mv_macarena", "mv_twist", "mv_side_kick"]
TALL = NEUTRAL.varied(height=1.1, legs=1.04, arms=0.96, shoulders=1.1)


def danced(move_id: str, yaw: float = 0.0, body: Proportions = NEUTRAL, bpm: float = 110) -> PoseTrack:
    move = load_move(TAXONOMY / f"{move_id}.yaml")
    world = joints(retime(around(move.motion, np.linspace(0, 2 * move.beats, 32 * move.beats + 1)), bpm, RATE), body)
    time_ns = np.arange(len(world)) * (SECOND // RATE)
    return clean(see(world, time_ns, Camera(640, 640, yaw, 5.0, 0.0, 5.0, 45.0), 0.6), TUNED.pose)


def whole(track: PoseTrack) -> Span:
    return Span(0, int(track.time_ns[-1]) + 1)


def test_shape_and_range() -> None:
    found = extract_lifted(danced("mv_ymca"), TUNED.features)
    assert found.values.shape == found.trust.shape == (len(found.time_ns), WIDTH) == (len(found.time_ns), 170)
    assert np.isfinite(found.values).all()
    assert found.trust.min() >= 0
    assert found.trust.max() <= 1
    assert 0.1 < np.sqrt((found.values**2).mean()) < 2  # in units of what dances are apart


def test_mirrored_track_gives_exactly_the_mirrored_features() -> None:
    track = danced("mv_macarena", 30.0)
    found, other = extract_lifted(track, TUNED.features), extract_lifted(track.mirrored(), TUNED.features)
    assert np.array_equal(other.values, mirror_lifted(found).values)
    assert np.array_equal(other.trust, mirror_lifted(found).trust)


def test_mirroring_twice_changes_nothing() -> None:
    assert np.array_equal(MIRROR_FROM[MIRROR_FROM], np.arange(WIDTH))
    assert np.array_equal(MIRROR_SIGN * MIRROR_SIGN[MIRROR_FROM], np.ones(WIDTH))


def test_no_speed_reaches_across_a_cut() -> None:
    track = danced("mv_ymca")
    cut = track.cut.copy()
    cut[40] = True
    both = extract_lifted(replace(track, cut=cut), TUNED.features)
    alone = extract_lifted(track.window(0, int(track.time_ns[40])), TUNED.features)
    assert np.array_equal(both.values[:40], alone.values)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(DanceError, match="values"):
        LiftedFeatures(np.arange(3), np.zeros((3, 128), np.float32), np.zeros((3, WIDTH), np.float32))


def test_vectors_of_one_move_are_near_whoever_dances_it() -> None:
    """Another body, another tempo, another side: its own vector is the nearest."""
    shown = np.stack([embed(extract_lifted(t, TUNED.features), whole(t)) for t in map(danced, MOVES)])
    assert np.allclose(np.linalg.norm(shown, axis=1), 1, atol=1e-5)
    for yaw in (50.0, 90.0, -120.0):
        tracks = [danced(move, yaw, TALL, 100) for move in MOVES]
        asked = np.stack([embed(extract_lifted(t, TUNED.features), whole(t)) for t in tracks])
        assert (asked @ shown.T).argmax(axis=1).tolist() == list(range(len(MOVES)))


def test_vector_of_nothing_is_zero() -> None:
    track = danced("mv_floss")
    end = int(track.time_ns[-1])
    assert not embed(extract_lifted(track, TUNED.features), Span(end + 1, end + 2)).any()
