"""Moves enrolled from one side, danced by others, seen from another side."""

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features.lifted import WIDTH
from dancecore.matching.enrol import Exemplar
from dancecore.matching.enrolled import Enrolled, column_shares
from dancecore.matching.templates import see
from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around, mirrored, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pose import clean
from dancecore.types import SECOND, PoseTrack, Span

TUNED = settings()
RATE = TUNED.media.rate_hz
MOVES = ["mv_floss", "mv_ymca", "mv_running_man", "mv_macarena", "mv_twist", "mv_side_kick", "mv_dab", "mv_spin"]
TALL = NEUTRAL.varied(height=1.1, legs=1.04, arms=0.96, shoulders=1.1)


def danced(
    move_id: str, yaw: float, body: Proportions = NEUTRAL, bpm: float = 110, *, mirror: bool = False, flat: bool = False
) -> PoseTrack:
    move = load_move(TAXONOMY / f"{move_id}.yaml")
    motion = around(move.motion, np.linspace(0, 2 * move.beats, 32 * move.beats + 1))
    world = joints(retime(mirrored(motion) if mirror else motion, bpm, RATE), body)
    time_ns = np.arange(len(world)) * (SECOND // RATE)
    slope = 0.0 if flat else 0.6
    return clean(see(world, time_ns, Camera(640, 640, yaw, 5.0, 0.0, 5.0, 45.0), slope), TUNED.pose)


def whole(track: PoseTrack) -> Span:
    return Span(0, int(track.time_ns[-1]) + 1)


@pytest.fixture(scope="module")
def known() -> Enrolled:
    """Eight moves, each learned from one performance seen from the front."""
    shown = {move: [Exemplar("ex_1", track, whole(track), None)] for move in MOVES for track in [danced(move, 0.0)]}
    return Enrolled(shown, True, TUNED.features, TUNED.enrolled)


def recognised(known: Enrolled, track: PoseTrack) -> tuple[str, bool]:
    found = known.within(track).rank(whole(track))
    return found[0].move_id, found[0].mirror


@pytest.mark.parametrize("flat", [False, True], ids=["with depth", "in the picture alone"])
@pytest.mark.parametrize("yaw", [-60.0, 45.0, 90.0, 180.0])
def test_another_person_from_another_side(known: Enrolled, yaw: float, flat: bool) -> None:
    named = [recognised(known, danced(move, yaw, TALL, bpm=95, flat=flat))[0] for move in MOVES]
    assert sum(a == b for a, b in zip(named, MOVES, strict=True)) >= len(MOVES) - 1, named


@pytest.mark.parametrize("move", ["mv_dab", "mv_side_kick", "mv_macarena"])
def test_the_other_side(known: Enrolled, move: str) -> None:
    assert recognised(known, danced(move, 20.0, TALL, mirror=True)) == (move, True)
    assert recognised(known, danced(move, 20.0, TALL)) == (move, False)


def test_probabilities_sum_to_one_and_fall(known: Enrolled) -> None:
    track = danced("mv_ymca", 30.0)
    found = known.within(track).rank(whole(track))
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    assert sum(each.probability for each in found) == pytest.approx(1)
    assert len(found) == len(known.readings)


def test_shares_of_columns() -> None:
    shares = column_shares(TUNED.enrolled)
    assert shares.shape == (WIDTH,)
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0


def test_a_part_of_a_move_and_a_repeated_one(known: Enrolled) -> None:
    def nearest(moves: Enrolled, track: PoseTrack, span: Span) -> str:
        return moves.readings[int(moves.within(track).distances([span], parts=True).argmin())][0]

    track = danced("mv_macarena", 30.0, TALL)
    length = int(track.time_ns[-1])
    assert nearest(known, track, Span(length // 3, length // 3 + length // 5)) == "mv_macarena"
    shown = {move: danced(move, 0.0) for move in MOVES}
    halves = {m: [Exemplar("ex_1", t, Span(0, int(t.time_ns[-1]) // 2), None)] for m, t in shown.items()}
    once, twice = Enrolled(halves, True, TUNED.features, TUNED.enrolled), danced("mv_floss", 30.0, TALL)
    assert nearest(once, twice, whole(twice)) == "mv_floss"


def test_what_was_enrolled_is_near_and_what_was_not_is_far(known: Enrolled) -> None:
    same, other = danced("mv_floss", 30.0, TALL), danced("mv_two_step", 30.0, TALL)
    limit = TUNED.decoding.other_distance
    assert (
        known.within(same).likened([whole(same)], limit).min()
        < limit
        < known.within(other).likened([whole(other)], limit).min()
    )


def test_a_mirrored_dance_is_as_far_from_the_other_side(known: Enrolled) -> None:
    track = danced("mv_dab", 20.0, TALL)
    straight, other = (
        known.within(each).distances([whole(each)], parts=False)[0] for each in (track, track.mirrored())
    )
    swapped = [known.readings.index((move, not mirror)) for move, mirror in known.readings]
    np.testing.assert_allclose(straight, other[swapped], atol=1e-4)


def test_refused(known: Enrolled) -> None:
    with pytest.raises(DanceError, match="holds 1 frames; 2 are needed"):
        known.within(danced("mv_dab", 0.0)).distances([Span(0, 1)], parts=True)
    with pytest.raises(DanceError, match="no move is enrolled"):
        Enrolled({}, True, TUNED.features, TUNED.enrolled)
