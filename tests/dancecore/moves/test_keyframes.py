"""What the words of a move's YAML mean."""

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.curves import declared
from dancecore.moves.keyframes import score_of
from dancecore.moves.motion import Motion
from dancecore.moves.posing import motion_of
from dancecore.moves.sequence import around
from dancecore.skeleton import INDEX


def written(raw: dict, beats: int) -> Motion:
    """The motion of a move's `motion` part."""
    return motion_of(score_of(raw, beats))


DIRECTIONS = {
    "hanging": ([0, 0, 0, 0], (0, -1, 0), (0, -1, 0)),
    "out to the side": ([90, 0, 0, 0], (1, 0, 0), (1, 0, 0)),
    "in front": ([90, 90, 0, 0], (0, 0, 1), (0, 0, 1)),
    "overhead by the side": ([180, 0, 0, 0], (0, 1, 0), (0, 1, 0)),
    "hanging, forearm forward": ([0, 0, 0, 90], (0, -1, 0), (0, 0, 1)),
    "level, forearm forward": ([90, 0, 0, 90], (1, 0, 0), (0, 0, 1)),
    "level, forearm up": ([90, 0, 90, 90], (1, 0, 0), (0, 1, 0)),
    "level, forearm down": ([90, 0, -90, 90], (1, 0, 0), (0, -1, 0)),
    "in front, forearm up": ([90, 90, 0, 90], (0, 0, 1), (0, 1, 0)),
    "in front, forearm across": ([90, 90, -90, 90], (0, 0, 1), (-1, 0, 0)),
}


@pytest.mark.parametrize(("arm", "upper", "fore"), DIRECTIONS.values(), ids=DIRECTIONS.keys())
def test_an_arm_points_where_it_is_written(arm: list[float], upper: tuple, fore: tuple) -> None:
    motion = written({"tracks": {"arms": {"0": arm}}}, 2)
    world = joints(motion)[0]
    for side, sign in (("left", 1), ("right", -1)):
        shoulder, elbow, wrist = (world[INDEX[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist"))
        mirror = np.array([sign, 1, 1])
        assert (elbow - shoulder) / np.linalg.norm(elbow - shoulder) == pytest.approx(mirror * upper, abs=1e-9)
        assert (wrist - elbow) / np.linalg.norm(wrist - elbow) == pytest.approx(mirror * fore, abs=1e-9)


TRUNK = {
    "torso forward": ("torso", [30, 0, 0], "nose", 2, 1),
    "torso to the left": ("torso", [0, 30, 0], "nose", 0, 1),
    "torso turned left brings the right shoulder forward": ("torso", [0, 0, 30], "right_shoulder", 2, 1),
    "head nods down": ("head", [30, 0, 0], "nose", 1, -1),
    "head turns left": ("head", [0, 0, 40], "nose", 0, 1),
    "hips turn left": ("hips", [0, 0, 30], "left_hip", 2, -1),
    "pelvis to the left": ("pelvis", [10, 0, 0], "left_hip", 0, 1),
    "pelvis drops": ("pelvis", [0, 0, 15], "nose", 1, -1),
    "a jump": ("jump", [20], "left_heel", 1, 1),
    "a shrug": ("left_collar", [20, 0], "left_shoulder", 1, 1),
}


@pytest.mark.parametrize(("track", "value", "joint", "axis", "sign"), TRUNK.values(), ids=TRUNK.keys())
def test_a_track_moves_the_body_its_way(track: str, value: list[float], joint: str, axis: int, sign: int) -> None:
    moved = written({"tracks": {track: {"0": value}}}, 2)
    rest = written({"tracks": {"pelvis": {"0": [0, 0, 0]}}}, 2)
    change = (joints(moved) - joints(rest))[0, INDEX[joint], axis]
    assert sign * change > 0.02


def test_a_foot_stands_where_it_is_written_and_steps_between() -> None:
    tracks = {"left_foot": {"0": [10, 0], "2": [30, 10]}, "pelvis": {"0": [0, 0, 4], "2": [10, 5, 4]}}
    motion = written({"tracks": tracks}, 4)
    foot = joints(motion)[:, INDEX["left_foot_index"]]
    assert foot[32] - foot[0] == pytest.approx([0.20, 0, 0.10], abs=0.001)
    assert foot[24] == pytest.approx(foot[0], abs=0.001), "it stands until half a beat before"
    assert foot[28, 1] > 0.03, "it clears the floor on its way"


def test_a_raised_heel_turns_about_the_ball_and_raised_toes_about_the_heel() -> None:
    flat, heel_up, toes_up = (
        joints(written({"tracks": {"left_foot": {"0": [10, 0, 0, 0, pitch]}}}, 2))[0] for pitch in (0, 30, -30)
    )
    ball, heel = INDEX["left_foot_index"], INDEX["left_heel"]
    assert heel_up[ball] == pytest.approx(flat[ball], abs=1e-6)
    assert heel_up[heel][1] > 0.1
    assert toes_up[heel] == pytest.approx(flat[heel], abs=1e-6)
    assert toes_up[ball][1] > 0.1


def test_the_second_half_is_the_mirror_image() -> None:
    tracks = {"left_arm": {"0": [10, 0, 0, 0], "1": [90, 0, 0, 0]}, "torso": {"1": [0, 20, 0]}}
    motion = written({"second_half": "mirrored", "tracks": tracks}, 4)
    world, seen = joints(motion), joints(motion)[:, :, 0]
    assert world[48, INDEX["right_wrist"], 1] == pytest.approx(world[16, INDEX["left_wrist"], 1])
    assert seen[48, INDEX["right_wrist"]] == pytest.approx(-seen[16, INDEX["left_wrist"]])


def test_equal_keys_hold_still_and_none_is_overshot() -> None:
    keys = {"0": [10, 0, 0, 0], "1": [90, 0, 0, 0], "2": [90, 0, 0, 0]}
    motion = written({"tracks": {"left_arm": keys}}, 4)
    height = joints(motion)[:, INDEX["left_wrist"], 1]
    assert np.ptp(height[16:33]) < 1e-9
    assert height.max() == pytest.approx(height[16])


def test_snap_waits_and_then_goes() -> None:
    keys = {"0": [10, 0, 0, 0], "2": [90, 0, 0, 0]}
    motion = written({"snap": 0.25, "tracks": {"left_arm": keys}}, 4)
    height = joints(motion)[:, INDEX["left_wrist"], 1]
    assert np.ptp(height[:29]) < 1e-9
    assert height[32] - height[28] > 0.4


def test_bounce_is_down_on_the_beat() -> None:
    motion = written({"bounce": 6, "tracks": {"pelvis": {"0": [0, 0, 4]}}}, 4)
    nose = joints(motion)[:, 0, 1]
    assert nose[8] - nose[0] == pytest.approx(0.06, abs=0.005)
    assert nose[::16] == pytest.approx(np.full(5, nose[0]))


def test_a_whole_turn_ends_facing_front() -> None:
    motion = written({"tracks": {"facing": {"0": [0], "2": [360]}}}, 2)
    left = joints(motion)[:, INDEX["left_shoulder"]]
    assert left[16, 0] == pytest.approx(-left[0, 0])
    assert left[8, 2] < -0.15, "turning left, the left shoulder goes back first"
    assert left[-1] == pytest.approx(left[0])


def test_a_turn_that_does_not_close_is_refused() -> None:
    with pytest.raises(DanceError, match="facing at beat 2"):
        written({"tracks": {"facing": {"0": [0], "2": [90]}}}, 2)


TRAVEL = {
    "straight on": ({"travel": [20, -40], "tracks": {"feet": {"0": [10, 0]}}}, 4),
    "second half mirrored": ({"travel": [0, 50], "second_half": "mirrored",
                              "tracks": {"left_foot": {"0": [10, 0], "1": [10, 25]}}}, 4),
    "turning right round": ({"travel": [60, 0], "tracks": {"facing": {"0": [0], "4": [360]}}}, 4),
    "turning right round, feet in the room": ({"travel": [60, 0], "places": "room",
                                               "tracks": {"facing": {"0": [0], "4": [360]}}}, 4),
    "with the end written": ({"travel": [0, 30], "tracks": {"pelvis": {"0": [0, 0, 3], "4": [0, 30, 3]}}}, 4),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "beats"), TRAVEL.values(), ids=TRAVEL.keys())
def test_a_phrase_ends_where_it_began_further_by_its_travel(raw: dict, beats: int) -> None:
    motion = written(raw, beats)
    moved = joints(motion)[-1] - joints(motion)[0]
    x, z = raw["travel"]
    assert moved == pytest.approx(np.broadcast_to([x / 100, 0, z / 100], (33, 3)), abs=1e-9)
    speed = np.diff(joints(around(motion, np.arange(0, 2 * beats, 0.125))), axis=0)
    per_phrase = len(motion.beats) // 2
    assert speed[per_phrase:] == pytest.approx(speed[: len(speed) - per_phrase], abs=1e-9)


def test_a_travelling_foot_steps_once_a_phrase_and_stands_otherwise() -> None:
    foot = joints(written({"travel": [0, 40], "tracks": {"left_foot": {"1": [10, 0]}}}, 2))[:, INDEX["left_foot_index"]]
    assert np.ptp(foot[:9], axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert np.ptp(foot[16:], axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
    assert foot[-1] - foot[0] == pytest.approx([0, 0, 0.40], abs=1e-6)
    assert foot[12, 1] > 0.05


def test_a_foot_that_glides_stays_on_the_floor() -> None:
    tracks = {"left_foot": {"0": [10, 0], "1": [10, 20], "2": [10, 20], "3": [10, 0]}}
    foot = joints(written({"glides": {"left": [[0.5, 1]]}, "tracks": tracks}, 4))[:, INDEX["left_foot_index"]]
    assert foot[8:17, 1] == pytest.approx(0, abs=1e-6)
    assert foot[44, 1] > 0.03, "the way back is a step"


def test_in_the_room_a_standing_foot_pivots_on_its_ball() -> None:
    tracks = {"facing": {"0": [0], "4": [360]}, "left_foot": {"0": [10, 0]}, "right_foot": {"0": [10, 0, 20]}}
    motion = written({"places": "room", "tracks": tracks | {"pelvis": {"0": [10, 19, 2]}}}, 4)
    world = joints(motion)
    assert np.ptp(world[:, INDEX["left_foot_index"]], axis=0).max() < 1e-6
    assert np.ptp(world[:, INDEX["left_heel"]], axis=0)[[0, 2]].min() > 0.3


SPANS = {
    "as written": ({"left": [[0, 1]], "right": [[1.5, 2]]}, None, {0: "L.", 1.25: "..", 1.75: ".R", 2: ".R"}),
    "both halves": ({"left": [[0, 0.5]]}, "mirrored", {0.25: "L.", 0.75: "..", 1.25: ".R", 1.75: ".."}),
}


@pytest.mark.parametrize(("spans", "half", "told"), SPANS.values(), ids=SPANS.keys())
def test_contacts_are_as_declared(spans: dict, half: str | None, told: dict[float, str]) -> None:
    score = score_of({"contacts": spans, "second_half": half, "tracks": {}}, 2)
    for beat, feet in told.items():
        stands = declared(score.contacts, np.array([beat]))[0]
        assert "".join("LR"[i] if on else "." for i, on in enumerate(stands)) == feet


REFUSED = {
    "sideways travel, mirrored": ({"travel": [5, 0], "second_half": "mirrored", "tracks": {}}, "cannot travel 5"),
    "a contact after the end": ({"contacts": {"left": [[3, 5]]}, "tracks": {}}, r"contacts \[3, 5\]"),
    "a glide backwards": ({"glides": {"left": [[2, 1]]}, "tracks": {}}, r"glides \[2, 1\]"),
    "standing and gliding": ({"contacts": {"left": [[0, 2]]}, "glides": {"left": [[1, 3]]}, "tracks": {}}, "overlap"),
    "an end that is not the travel": ({"travel": [0, 9], "tracks": {"pelvis": {"0": [0, 0, 0], "4": [0, 8, 0]}}}, "4"),
    "a foot that turns right round": ({"tracks": {"left_foot": {"0": [10, 0, 0, 0], "4": [10, 0, 0, 360]}}}, "beat 4"),
    "the end of half a phrase": ({"second_half": "mirrored", "tracks": {"jump": {"0": [0], "2": [0]}}}, "beat 2"),
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_contradicts_itself_is_refused(raw: dict, reason: str) -> None:
    with pytest.raises(DanceError, match=reason):
        score_of(raw, 4)
