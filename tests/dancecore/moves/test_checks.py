"""The checks that every move passes find what they are there to find."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dancecore.moves.anatomy import angles, strains
from dancecore.moves.body import NEUTRAL
from dancecore.moves.footing import runs, slips
from dancecore.moves.invariants import broken, holds
from dancecore.moves.keyframes import score_of
from dancecore.moves.motion import Motion
from dancecore.moves.posing import motion_of
from dancecore.moves.posture import entry
from dancecore.moves.taxonomy import Invariant, Move, load_move

PLAIN = {
    "move_id": "nd_plain", "name": "Plain", "aliases": [], "family": "other/waiting", "description": "Stands.",
    "difficulty": 1, "bpm": [60, 140], "beats": 4, "mirrorable": True, "signature": {"nose": 1.0},
}  # fmt: skip
BOTH = {"left": [[0, 4]], "right": [[0, 4]]}


def move_with(folder: Path, invariants: list[dict] | None = None, **motion: object) -> Move:
    raw = PLAIN | {"motion": {"contacts": {}} | motion} | ({"invariants": invariants} if invariants else {})
    (folder / "nd_plain.yaml").write_text(yaml.safe_dump(raw))
    return load_move(folder / "nd_plain.yaml")


def standing(track: str, values: list[float]) -> Motion:
    return motion_of(score_of({"tracks": {track: {"0": values}}}, 1))


ANGLES = {
    "trunk bent forward": ("torso", [30, 0, 0], "trunk forward", 30),
    "trunk leaning left": ("torso", [0, 20, 0], "trunk side", 20),
    "trunk turned left": ("chest", [0, 0, 25], "trunk turn", 25),
    "head nodding": ("head", [30, 0, 0], "neck forward", 30),
    "head turned": ("head", [0, 0, -50], "neck turn", -50),
    "a shrug": ("right_collar", [20, 0], "right collar raise", 20),
    "shoulders brought forward": ("left_collar", [0, 15], "left collar forward", 15),
    "arm stretched back": ("right_arm", [-40, 90, 0, 0], "right shoulder backward", 40),
    "arm across the chest": ("left_arm", [80, 120, 0, 0], "left shoulder across", 30),
    "arm out to the side": ("right_arm", [80, 0, 0, 0], "right shoulder across", -90),
    "forearm up": ("right_arm", [90, 0, 80, 90], "right shoulder outward", 80),
    "forearm down": ("left_arm", [90, 40, -60, 90], "left shoulder outward", -60),
    "elbow": ("left_arm", [0, 0, 0, 100], "left elbow", 100),
    "wrist": ("right_hand", [45, 0], "right wrist bend", 45),
    "palm turned": ("left_hand", [0, 60], "left forearm roll", 60),
}


@pytest.mark.parametrize(("track", "values", "name", "degrees"), ANGLES.values(), ids=ANGLES.keys())
def test_an_angle_is_what_was_written(track: str, values: list[float], name: str, degrees: float) -> None:
    assert angles(standing(track, values))[name][0] == pytest.approx(degrees, abs=1e-6)


LEGS = {
    "a foot in front": ("left_foot", [10, 40, 30, 0, 0], "left hip forward", 20, 80),
    "a foot behind": ("left_foot", [10, -50, 2, 0, 30], "left hip forward", -35, 0),
    "a foot out to the side": ("right_foot", [-60, 0, 5, 0, 0], "right hip sideways", 20, 50),
    "toes turned out": ("left_foot", [10, 0, 0, 60, 0], "left hip outward", 20, 45),
    "heel up": ("right_foot", [-10, 0, 0, 0, 40], "right ankle down", 10, 50),
    "toes up": ("right_foot", [-10, 20, 0, 0, -30], "right ankle down", -50, -10),
}


@pytest.mark.parametrize(("track", "values", "name", "low", "high"), LEGS.values(), ids=LEGS.keys())
def test_a_leg_turns_the_way_its_foot_is_put(track: str, values: list, name: str, low: float, high: float) -> None:
    assert low < angles(standing(track, values))[name][0] < high


@given(st.floats(0, 90), st.floats(0, 120), st.floats(-80, 80), st.floats(0, 140))
def test_both_sides_are_measured_alike(raised: float, plane: float, turned: float, elbow: float) -> None:
    found = angles(motion_of(score_of({"tracks": {"arms": {"0": [raised, plane, turned, elbow]}}}, 1)))
    for name in ("elbow", "shoulder across", "shoulder backward", "shoulder outward"):
        assert found[f"left {name}"][0] == pytest.approx(found[f"right {name}"][0], abs=1e-6)
    assert found["left elbow"][0] == pytest.approx(elbow, abs=1e-6)
    assert found["left shoulder outward"][0] == pytest.approx(turned, abs=1e-6)


BEYOND = {
    "an elbow bent backwards": ("left_arm", [0, 0, 0, -20], "left elbow"),
    "an elbow bent double": ("right_arm", [0, 0, 0, 170], "right elbow"),
    "an arm through the back": ("left_arm", [90, -90, 0, 0], "left shoulder backward"),
    "an arm round the neck": ("right_arm", [90, 150, 0, 0], "right shoulder across"),
    "a forearm turned over backwards": ("left_arm", [90, 0, 130, 90], "left shoulder outward"),
    "an owl": ("head", [0, 0, 100], "neck turn"),
    "a back broken": ("torso", [-70, 0, 0], "trunk forward"),
    "a foot on backwards": ("right_foot", [-10, 0, 0, 170, 0], "right"),
    "a heel to the sky": ("left_foot", [10, 0, 0, 0, 100], "left ankle down"),
}


@pytest.mark.parametrize(("track", "values", "name"), BEYOND.values(), ids=BEYOND.keys())
def test_what_no_body_does_is_named(track: str, values: list[float], name: str) -> None:
    assert any(reason.startswith(name) for reason in strains(standing(track, values)))


def test_a_knee_bent_forwards_is_named() -> None:
    easy = standing("pelvis", [0, 0, 10])
    bent = easy.rotation.copy()
    bent[:, [14, 17]] = bent[:, [14, 17]].swapaxes(-1, -2)
    assert strains(easy) == []
    assert {reason.split(" at ")[0].rsplit(" ", 1)[0] for reason in strains(Motion(easy.beats, bent, easy.root))} == {
        "left knee", "right knee",
    }  # fmt: skip


FOOTING = {
    "both stand": ({"contacts": BOTH, "tracks": {"pelvis": {0: [0, 0, 4]}}}, None),
    "a pivot stands": ({"contacts": BOTH, "tracks": {"left_foot": {0: [10, 0, 0, 30, 20], 2: [10, 0, 0, -30, 20]},
                                                     "pelvis": {0: [0, 0, 9]}}}, None),
    "a heel that rises stands": ({"contacts": BOTH, "tracks": {"left_foot": {0: [10, 0, 0, 8, 0], 2: [10, 0, 0, 8, 30]},
                                                               "pelvis": {0: [0, 0, 9]}}}, None),
    "a slide glides": ({"contacts": {"right": [[0, 4]]}, "glides": {"left": [[0, 4]]}, "tracks": {
        "left_foot": {0: [10, 0], 2: [25, 0]}, "pelvis": {0: [0, 0, 9]}}}, None),
    "a step": ({"contacts": BOTH, "tracks": {"left_foot": {0: [10, 0], 2: [30, 0]}, "pelvis": {0: [0, 0, 9]}}},
               "left foot.*above the floor"),
    "a slide": ({"contacts": BOTH, "slides": True, "tracks": {"left_foot": {0: [10, 0], 2: [30, 0]},
                                                              "pelvis": {0: [0, 0, 9]}}}, "left foot.*slides"),
    "a jump": ({"contacts": BOTH, "tracks": {"jump": {0: [0], 2: [10]}}}, "right foot.*10.0 cm above"),
    "a glide that lifts": ({"contacts": {"right": [[0, 4]]}, "glides": {"left": [[0, 4]]}, "tracks": {
        "left_foot": {0: [10, 0], 2: [10, 0, 6]}}}, "left foot.*glides but is 6.0 cm above"),
    "a turn on flat feet": ({"contacts": BOTH, "tracks": {"facing": {0: [0], 4: [360]}}}, "slides"),
    "travel without a step": ({"contacts": BOTH, "slides": True, "travel": [0, 30],
                               "tracks": {"pelvis": {0: [0, 0, 4]}}}, "slides 30"),
}  # fmt: skip


@pytest.mark.parametrize(("motion", "reason"), FOOTING.values(), ids=FOOTING.keys())
def test_feet_that_do_not_do_as_declared_are_named(tmp_path: Path, motion: dict, reason: str | None) -> None:
    found = slips(move_with(tmp_path, **motion), NEUTRAL)
    if reason is None:
        assert found == []
    else:
        assert found
        with pytest.raises(AssertionError, match=reason):
            raise AssertionError("; ".join(found))


def test_runs_of_true() -> None:
    assert runs(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert runs(np.zeros(3, bool)) == []


WORDS = {
    "above": ((0, 0.1, 0), (0, -0.1, 0)),
    "below": ((0, -0.1, 0), (0, 0.01, 0)),
    "left_of": ((0.1, 0, 0), (0.01, 1, 1)),
    "right_of": ((-0.1, 0, 0), (0.1, 0, 0)),
    "in_front_of": ((0, 0, 0.1), (0, 0, -0.1)),
    "behind": ((0, 0, -0.1), (0, 0, 0.1)),
    "near": ((0.08, 0.08, 0.08), (0.1, 0.1, 0.1)),
    "apart": ((0.3, 0.3, 0), (0.2, 0.3, 0)),
}


@pytest.mark.parametrize("how", WORDS)
def test_a_word_means_a_place(how: str) -> None:
    true, false = WORDS[how]
    rule = Invariant((0,), "left_wrist", how, "nose")
    assert holds(rule, np.array(true))
    assert not holds(rule, np.array(false))


def test_an_invariant_is_along_the_dancers_own_axes(tmp_path: Path) -> None:
    rules = [{"at": [0, 2], "joint": "left_wrist", "is": "left_of", "of": "right_wrist"},
             {"at": [1], "joint": "nose", "is": "below", "of": "left_hip"}]  # fmt: skip
    turned = move_with(tmp_path, rules, tracks={"facing": {0: [0], 4: [360]}})
    assert broken(turned) == ["at beat 1 nose is not below left_hip: -63 cm"]
    assert broken(replace(turned, facing=np.zeros_like(turned.facing)))[0].startswith("at beat 2 left_wrist")


POSTURE = {
    "narrow": {},
    "wide": {"feet": {0: [30, 0]}},
    "stride": {"left_foot": {0: [10, 20]}, "right_foot": {0: [-10, -20]}},
    "one_leg": {"left_foot": {0: [10, 0, 20]}},
    "low": {"feet": {0: [27, 0, 0, 30]}, "pelvis": {0: [0, -18, 40]}, "hips": {0: [20, 0, 0]}},
    "kneeling": {"left_foot": {0: [10, 30]}, "right_foot": {0: [-10, -64, 0, 8, 82]}, "pelvis": {0: [0, -4, 45]}},
}


@pytest.mark.parametrize("name", POSTURE)
def test_a_posture_is_seen(tmp_path: Path, name: str) -> None:
    tracks = POSTURE[name]
    for facing in (0, 120):
        move = move_with(tmp_path, tracks={"head": {0: [0, 0, 0]}} | tracks | {"facing": {0: [facing]}})
        assert entry(move) == name
