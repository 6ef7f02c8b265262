"""What the containers refuse, and what they do with their own data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.skeleton import BONES, INDEX, JOINTS, TWIN
from dancecore.types import BeatGrid, Features, FrameBatch, PoseTrack, Segment, Span

STEP_NS = 50_000_000
TIMES = np.arange(4) * STEP_NS


def track(n: int = 4, **changed: Any) -> PoseTrack:
    rng = np.random.default_rng(0)
    parts: dict[str, Any] = {
        "time_ns": np.arange(n) * STEP_NS, "xy_px": rng.uniform(0, 600, (n, 33, 2)).astype(np.float32),
        "world_m": rng.normal(size=(n, 33, 3)).astype(np.float32), "visibility": np.ones((n, 33), np.float32),
        "cut": np.zeros(n, np.bool_), "width": 640, "height": 480,
    }  # fmt: skip
    return PoseTrack(**parts | changed)


def features(values: np.ndarray) -> Features:
    return Features(TIMES.copy(), values, np.ones((4, 33), np.float32))


NAN = np.full((4, 128), np.nan, np.float32)
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "joints of another skeleton": (lambda: track(xy_px=np.zeros((4, 17, 2), np.float32)), r"xy_px.*\(4, 17, 2\)"),
    "double precision": (lambda: track(world_m=np.zeros((4, 33, 3))), "world_m must be float32.*float64"),
    "another length": (lambda: track(cut=np.zeros(5, np.bool_)), r"cut.*\(5,\)"),
    "a clock that stands still": (lambda: track(time_ns=np.array([0, 1, 1, 2])), "must increase.*index 1"),
    "a picture without colours": (lambda: FrameBatch(np.zeros((4, 9, 9), np.uint8), TIMES.copy()), "images"),
    "features that are no numbers": (lambda: features(NAN.copy()), "finite"),
    "too few features": (lambda: features(np.zeros((4, 127), np.float32)), "127"),
    "no tempo": (lambda: BeatGrid(0.0, TIMES.copy(), 0.5), "bpm 0.0"),
    "a tempo that is no number": (lambda: BeatGrid(float("nan"), TIMES.copy(), 0.5), "bpm nan"),
    "confidence above one": (lambda: BeatGrid(120.0, TIMES.copy(), 1.5), "confidence 1.5"),
    "an empty span": (lambda: Span(5, 5), r"5\.\.5"),
    "a span before the clip": (lambda: Span(-1, 5), r"-1\.\.5"),
    "a segment that ends before it starts": (lambda: Segment(9, 5, "mv_dab", 0.5, False, ()), r"9\.\.5"),
    "a segment surer than sure": (lambda: Segment(0, 5, "mv_dab", 1.1, False, ()), "1.1"),
}


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_what_came(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(DanceError, match=said) as refusal:
        make()
    assert refusal.value.code == "INVALID_INPUT"


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        track().xy_px[0] = 0


WINDOWS = {
    "both ends on frames: the last is left out": (STEP_NS, 3 * STEP_NS, [1, 2]),
    "between frames": (1, 2 * STEP_NS + 1, [1, 2]),
    "all of it": (-1, 10**12, [0, 1, 2, 3]),
    "nothing": (STEP_NS + 1, 2 * STEP_NS, []),
}


@pytest.mark.parametrize(("start", "end", "kept"), WINDOWS.values(), ids=WINDOWS.keys())
def test_window_is_half_open(start: int, end: int, kept: list[int]) -> None:
    whole, part = track(), track().window(start, end)
    assert part.time_ns.tolist() == [k * STEP_NS for k in kept]
    assert np.array_equal(part.xy_px, whole.xy_px[kept])
    assert (part.width, part.height) == (640, 480)


def test_a_mirror_exchanges_sides_and_undoes_itself() -> None:
    whole = track()
    mirrored = whole.mirrored()
    left, right = INDEX["left_wrist"], INDEX["right_wrist"]
    assert mirrored.xy_px[:, left, 0] == pytest.approx(640 - whole.xy_px[:, right, 0])
    assert mirrored.world_m[:, left, 0] == pytest.approx(-whole.world_m[:, right, 0])
    assert np.array_equal(mirrored.world_m[:, left, 1:], whole.world_m[:, right, 1:])
    assert mirrored.mirrored().xy_px == pytest.approx(whole.xy_px, abs=1e-3)


def test_a_dancer_is_present_while_any_joint_is_seen() -> None:
    xy = track().xy_px.copy()
    xy[1, INDEX["nose"]] = np.nan  # turned away: cleaning drops the face
    xy[2] = np.nan
    assert track(xy_px=xy).present.tolist() == [True, True, False, True]


def test_the_skeleton() -> None:
    assert len(JOINTS) == len(set(JOINTS)) == 33
    assert np.array_equal(TWIN[TWIN], np.arange(33))
    assert [JOINTS[i] for i in np.flatnonzero(np.arange(33) == TWIN)] == ["nose"]
    assert len({frozenset(bone) for bone in BONES}) == len(BONES)
    assert {frozenset(TWIN[list(bone)]) for bone in BONES} == {frozenset(bone) for bone in BONES}


def test_an_error_says_its_code_and_must_be_a_known_one() -> None:
    assert str(DanceError("NO_PERSON", "nobody was found")) == "NO_PERSON: nobody was found"
    assert DanceError("NO_PERSON", "nobody was found").details == {}
    with pytest.raises(KeyError, match="NO_PERSONS"):
        DanceError("NO_PERSONS", "nobody was found")
