"""Moves enrolled from one side, danced by others, seen from another side."""

import numpy as np
import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features.lifted import WIDTH, extract_lifted
from dancecore.matching.bank import Bank
from dancecore.matching.enrol import Exemplar
from dancecore.matching.lifted import column_shares, lifted_bank, nearest_lifted
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
def bank() -> Bank:
    """Eight moves, each learned from one performance seen from the front."""
    shown = {move: [Exemplar("ex_1", track, whole(track), None)] for move in MOVES for track in [danced(move, 0.0)]}
    return lifted_bank(shown, True, TUNED.features, TUNED.lifted)


def recognised(bank: Bank, track: PoseTrack) -> tuple[str, bool]:
    (found,) = nearest_lifted(extract_lifted(track, TUNED.features), [whole(track)], bank, TUNED.lifted)
    return found[0].move_id, found[0].mirror


@pytest.mark.parametrize("flat", [False, True], ids=["with depth", "in the picture alone"])
@pytest.mark.parametrize("yaw", [-60.0, 45.0, 90.0, 180.0])
def test_another_person_from_another_side(bank: Bank, yaw: float, flat: bool) -> None:
    named = [recognised(bank, danced(move, yaw, TALL, bpm=95, flat=flat))[0] for move in MOVES]
    assert sum(a == b for a, b in zip(named, MOVES, strict=True)) >= len(MOVES) - 1, named


@pytest.mark.parametrize("move", ["mv_dab", "mv_side_kick", "mv_macarena"])
def test_the_other_side(bank: Bank, move: str) -> None:
    assert recognised(bank, danced(move, 20.0, TALL, mirror=True)) == (move, True)
    assert recognised(bank, danced(move, 20.0, TALL)) == (move, False)


def test_probabilities_sum_to_one_and_fall(bank: Bank) -> None:
    track = danced("mv_ymca", 30.0)
    (found,) = nearest_lifted(extract_lifted(track, TUNED.features), [whole(track)], bank, TUNED.lifted)
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    assert sum(each.probability for each in found) == pytest.approx(1)
    assert len(found) == len(bank.readings)


def test_shares_of_columns() -> None:
    shares = column_shares(TUNED.lifted)
    assert shares.shape == (WIDTH,)
    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0


def test_a_span_of_one_frame_is_refused(bank: Bank) -> None:
    features = extract_lifted(danced("mv_dab", 0.0), TUNED.features)
    with pytest.raises(DanceError, match="fewer than two frames"):
        nearest_lifted(features, [Span(0, 1)], bank, TUNED.lifted)
