"""Moves learned from exemplars: seen from other sides, danced by other people, to the other side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.features import extract
from dancecore.learning.datasets.packs import Recording, filmed, read_pack
from dancecore.matching.bank import Bank
from dancecore.matching.enrol import Exemplar, exemplar_of, learn, signature, turned
from dancecore.matching.score import score
from dancecore.matching.templates import see
from dancecore.moves.body import NEUTRAL, Proportions, joints
from dancecore.moves.camera import Camera
from dancecore.moves.sequence import around, mirrored, retime
from dancecore.moves.taxonomy import load_move
from dancecore.pose import clean
from dancecore.skeleton import INDEX
from dancecore.types import SECOND, PoseTrack, Span

TUNED = settings()
RATE = TUNED.media.rate_hz
MOVES = ["mv_floss", "mv_dab", "mv_running_man", "mv_ymca", "mv_salsa_basic", "mv_jumping_jack"]
TALL = NEUTRAL.varied(height=1.1, legs=1.04, arms=0.96, shoulders=1.1)


def danced(
    move_id: str, yaw: float, body: Proportions = NEUTRAL, bpm: float = 110, *, mirror: bool = False
) -> PoseTrack:
    """Two phrases of a move of the taxonomy, as the pose estimator sees it from `yaw`."""
    move = load_move(TAXONOMY / f"{move_id}.yaml")
    motion = around(move.motion, np.linspace(0, 2 * move.beats, 32 * move.beats + 1))
    world = joints(retime(mirrored(motion) if mirror else motion, bpm, RATE), body)
    camera = Camera(640, 640, yaw, 5.0, 0.0, 5.0, 45.0)
    time_ns = np.arange(len(world)) * (SECOND // RATE)
    return clean(see(world, time_ns, camera, TUNED.templates.depth_slope), TUNED.pose)


def exemplar(move_id: str, yaw: float = 0.0) -> Exemplar:
    track = danced(move_id, yaw)
    return Exemplar("ex_1", track, Span(0, int(track.time_ns[-1])), 110.0)


def recognised(bank: Bank, track: PoseTrack) -> tuple[str, bool]:
    span = Span(0, int(track.time_ns[-1]))
    (found,) = score(extract(track, TUNED.features), [span], None, bank, TUNED.matching)
    return found.candidates[0].move_id, found.candidates[0].mirror


@pytest.fixture(scope="module")
def bank() -> Bank:
    """Six moves, each learned from one performance seen from the front."""
    made = [t for move in MOVES for t in learn(move, [exemplar(move)], TUNED.templates, TUNED.features)]
    return Bank.build(made, TUNED.matching)


@pytest.mark.parametrize("yaw", [-50.0, -20.0, 10.0, 45.0])
@pytest.mark.parametrize("move", MOVES)
def test_another_person_from_another_side(bank: Bank, move: str, yaw: float) -> None:
    assert recognised(bank, danced(move, yaw, TALL, bpm=100))[0] == move


@pytest.mark.parametrize("move", ["mv_dab", "mv_floss"])
def test_the_other_side(bank: Bank, move: str) -> None:
    assert recognised(bank, danced(move, 15.0, TALL, mirror=True)) == (move, True)
    assert recognised(bank, danced(move, 15.0, TALL)) == (move, False)


@pytest.mark.parametrize("degrees", [-60.0, -30.0, 30.0, 60.0])
def test_turned_is_what_a_camera_there_sees(degrees: float) -> None:
    here, there = danced("mv_ymca", 0.0), danced("mv_ymca", degrees)
    made = turned(here, degrees, TUNED.templates.depth_slope)
    torso = np.linalg.norm(there.xy_px[:, [11, 12]].mean(1) - there.xy_px[:, [23, 24]].mean(1), axis=1).mean()
    about = [track.xy_px - track.xy_px[:, [23, 24]].mean(1, keepdims=True) for track in (made, there)]
    assert np.linalg.norm(about[0] - about[1], axis=-1).mean() / torso < 0.12  # perspective is left out


def test_not_turned_at_all() -> None:
    track = danced("mv_ymca", 0.0)
    assert turned(track, 0.0, 0.5) is track


@given(st.floats(-170, 170))
def test_turned_and_back(degrees: float) -> None:
    track = danced_once()
    back = turned(turned(track, degrees, 0.5), -degrees, 0.5)
    np.testing.assert_allclose(back.xy_px, track.xy_px, atol=0.3)


def danced_once(memory: list[PoseTrack] = []) -> PoseTrack:  # noqa: B006 (one for all examples)
    if not memory:
        track = danced("mv_dab", 20.0)
        memory.append(track.window(0, SECOND))
    return memory[0]


def test_what_moves_is_the_signature() -> None:
    weights = signature([exemplar("mv_ymca")])
    assert weights["left_wrist"] > 0.8
    assert "left_ankle" not in weights


def test_a_missing_joint_stays_missing() -> None:
    track = danced("mv_dab", 0.0)
    xy = track.xy_px.copy()
    xy[:, INDEX["left_thumb"]] = np.nan
    made = turned(replace(track, xy_px=xy), 30.0, 0.5)
    assert np.isnan(made.xy_px[:, INDEX["left_thumb"]]).all()
    assert np.isfinite(made.xy_px[:, INDEX["right_thumb"]]).all()


@pytest.mark.parametrize("span", [Span(0, SECOND // 4), Span(90 * SECOND, 92 * SECOND)], ids=["short", "beyond"])
def test_too_little_to_learn_from(span: Span) -> None:
    with pytest.raises(DanceError, match="too little of a dancer"):
        Exemplar("ex_1", danced("mv_dab", 0.0), span, None)


def test_of_a_flat_recording_only_its_own_side() -> None:
    points = filmed(Recording("a", "ann", (), 30.0, _points("mv_dab")), 0.0, 30).xy_px / 1000
    flat = exemplar_of(Recording("a", "ann", (), 30.0, points), RATE, TUNED.templates, TUNED.pose)
    assert {(t.yaw, t.mirror) for t in learn("mv_x", [flat], TUNED.templates, TUNED.features)} == {
        (0, False),
        (0, True),
    }


def _points(move_id: str) -> np.ndarray:
    return joints(retime(load_move(TAXONOMY / f"{move_id}.yaml").motion, 110, 30.0)).astype(np.float32)


def test_real_gestures_of_other_people(real_data: Path) -> None:
    """Nine gestures, one exemplar each of person 0, seen from the front; other people, from 40 degrees to the side."""
    recordings = read_pack(real_data / "motion" / "istpa_gestures.npz")
    person = [int(r.clip.rpartition("_")[2]) // 3 for r in recordings]
    firsts = {r.labels[0].move_id: r for r, who in zip(recordings, person, strict=True) if who == 0}
    made = [
        t for name, r in firsts.items()
        for t in learn(name, [exemplar_of(r, RATE, TUNED.templates, TUNED.pose)], TUNED.templates, TUNED.features)
    ]  # fmt: skip
    bank = Bank.build(made, TUNED.matching)
    others = [r for r, who in zip(recordings, person, strict=True) if who == 3]
    right = [recognised(bank, clean(filmed(r, 40.0, RATE), TUNED.pose))[0] == r.labels[0].move_id for r in others]
    assert np.mean(right) > 0.5  # chance: 0.11
