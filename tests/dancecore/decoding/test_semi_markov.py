"""The best segmentation against all segmentations, and the segments that are made of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.decoding.semi_markov import Part, durations, segments_of, viterbi
from dancecore.errors import DanceError
from dancecore.types import MS, OTHER, SECOND, Float64

RULES = settings().decoding
STEP = 50 * MS
READINGS = [("dab", False), ("dab", True), ("floss", False), (OTHER, False)]
DAB, BAD, FLOSS, NONE = np.eye(4)
COMPILING = hypothesis(deadline=None, max_examples=50)


def total(parts: list[Part], scores: Float64, boundary: Float64, log_duration: Float64, penalty: float) -> float:
    """The score of a segmentation, straight from the definition."""
    return sum(
        scores[p.first : p.end, p.label].sum()
        + log_duration[p.end - p.first, p.label]
        + (boundary[p.first] - penalty if p.first else 0.0)
        for p in parts
    )


def every(frames: int, longest: int, classes: int, first: int = 0) -> list[list[Part]]:
    """All segmentations of the frames from `first` on."""
    if first == frames:
        return [[]]
    return [
        [Part(first, end, label, 0.0), *rest]
        for end in range(first + 1, min(first + longest, frames) + 1)
        for rest in every(frames, longest, classes, end)
        for label in range(classes)
    ]


@COMPILING
@given(
    st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 3), st.integers(1, 5), st.floats(0, 1), st.floats(-2, 2)
)
def test_no_segmentation_is_better(
    seed: int, frames: int, classes: int, longest: int, gone: float, penalty: float
) -> None:
    rng = np.random.default_rng(seed)
    scores, boundary = rng.normal(size=(frames, classes)), rng.normal(size=frames)
    log_duration = np.where(rng.random((longest + 1, classes)) < gone, -np.inf, rng.normal(size=(longest + 1, classes)))
    ways = every(frames, longest, classes)
    best = max(total(parts, scores, boundary, log_duration, penalty) for parts in ways)
    if best == -np.inf:
        with pytest.raises(DanceError, match="no segments"):
            viterbi(scores, boundary, log_duration, penalty=penalty)
        return
    found = viterbi(scores, boundary, log_duration, penalty=penalty)
    assert total(found, scores, boundary, log_duration, penalty) == pytest.approx(best)
    assert sum(part.score for part in found) == pytest.approx(best)
    assert [found[0].first, found[-1].end] == [0, frames]
    assert all(a.end == b.first for a, b in pairwise(found))


def test_of_equals_the_lowest_class_and_the_shortest_last_segment() -> None:
    nothing = np.zeros((4, 2))
    assert [(p.first, p.end, p.label) for p in viterbi(nothing, np.zeros(4), np.zeros((4, 2)))] == [
        (0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 4, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "boundary", "table", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2), np.zeros((3, 2)), "shapes"),
        (np.zeros((3, 2)), np.zeros(3), np.zeros((3, 1)), "shapes"),
        (np.full((3, 2), np.nan), np.zeros(3), np.zeros((3, 2)), "finite"),
        (np.zeros((3, 2)), np.full(3, -np.inf), np.zeros((3, 2)), "finite"),
        (np.zeros((3, 2)), np.zeros(3), np.full((3, 2), -np.inf), "no segments"),
    ],
    ids=["boundary", "durations", "scores", "boundaries", "no durations"],
)
def test_refused(scores: Float64, boundary: Float64, table: Float64, message: str) -> None:
    with pytest.raises(DanceError, match=message):
        viterbi(scores, boundary, table)


def decoded(rows: list[tuple[int, Float64]], bpm: float | None = None, cuts: dict[int, float] | None = None):
    """Segments of frames that are so many times of such scores; `cuts` has the log-odds of boundaries, else -3."""
    scores = np.repeat([4 * row for _, row in rows], [n for n, _ in rows], axis=0)
    boundary = np.full(len(scores), -3.0)
    for at, odds in (cuts or {}).items():
        boundary[at] = odds
    return segments_of(scores, boundary, np.arange(len(scores)) * STEP, READINGS, RULES, bpm=bpm)


CASES = [
    ("nothing", [], []),
    ("too short for a move", [(5, DAB)], []),
    ("one move", [(30, DAB)], [(0, 30, "dab", False)]),
    ("two moves", [(30, DAB), (25, FLOSS)], [(0, 30, "dab", False), (30, 55, "floss", False)]),
    ("the other side is another segment", [(30, DAB), (25, BAD)], [(0, 30, "dab", False), (30, 55, "dab", True)]),
    ("what nothing explains", [(30, DAB), (25, NONE)], [(0, 30, "dab", False), (30, 55, OTHER, False)]),
    ("three frames are no move", [(30, DAB), (3, FLOSS), (20, DAB)], [(0, 53, "dab", False)]),
    ("longer than a segment may be is merged", [(300, DAB)], [(0, 300, "dab", False)]),
]


@pytest.mark.parametrize(("rows", "expected"), [pytest.param(*values, id=name) for name, *values in CASES])
def test_segments(rows: list[tuple[int, Float64]], expected: list[tuple[int, int, str, bool]]) -> None:
    found = (
        decoded(rows) if rows else segments_of(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64), READINGS, RULES)
    )
    assert [(s.start_ns // STEP, s.end_ns // STEP, s.move_id, s.mirror) for s in found] == expected


def test_boundary_evidence_moves_a_cut() -> None:
    unsure = (DAB + FLOSS) / 2
    rows = [(20, DAB), (10, unsure), (20, FLOSS)]
    for at in (22, 27):
        assert decoded(rows, cuts={at: 3.0})[1].start_ns == at * STEP


def test_beats_move_a_cut() -> None:
    unsure = (DAB + FLOSS) / 2
    (first, _) = decoded([(23, DAB), (14, unsure), (23, FLOSS)], bpm=120.0)  # half beats: every five frames
    assert first.end_ns // STEP in (25, 30, 35)


def test_confidence_is_that_of_move_and_side_and_alternatives_are_moves() -> None:
    scores = np.log(np.tile([0.5, 0.2, 0.25, 0.05], (20, 1)))
    (found,) = segments_of(scores, np.full(20, -9.0), np.arange(20) * STEP, READINGS, replace(RULES, temperature=1.0))
    assert (found.move_id, found.mirror) == ("dab", False)
    assert found.confidence == pytest.approx(0.5)
    assert found.alternatives == (("floss", pytest.approx(0.25)),)


def test_temperature_softens() -> None:
    scores = np.log(np.tile([0.9, 0.02, 0.05, 0.03], (20, 1)))
    sharp, soft = (
        segments_of(scores, np.zeros(20) - 9, np.arange(20) * STEP, READINGS, replace(RULES, temperature=t))[0]
        for t in (1.0, 3.0)
    )
    assert sharp.confidence == pytest.approx(0.9)
    assert soft.confidence < sharp.confidence


@pytest.mark.parametrize("readings", [READINGS[:3], [*READINGS[:3], ("ymca", False)]], ids=["too few", "no other"])
def test_readings_that_do_not_fit(readings: list[tuple[str, bool]]) -> None:
    with pytest.raises(DanceError, match="readings with other"):
        segments_of(np.zeros((20, 4)), np.zeros(20), np.arange(20) * STEP, readings, RULES)


@pytest.mark.parametrize("bpm", [None, 60.0, 95.0, 140.0])
def test_durations_are_probabilities_within_the_limits(bpm: float | None) -> None:
    table = np.exp(durations(STEP, 3, RULES, bpm))
    assert table.sum(axis=0) == pytest.approx(1.0)
    lengths = np.flatnonzero(table[:, 0]) * STEP
    assert lengths.min() >= RULES.shortest_ms * MS
    assert lengths.max() <= RULES.longest_ms * MS


def test_durations_prefer_half_beats() -> None:
    table = durations(STEP, 1, RULES, 60 * SECOND / (20 * STEP))[:, 0]  # a beat is twenty frames
    assert table[20] == table[30] == table[40] == table.max()
    assert table[20] > table[22] > table[25]
