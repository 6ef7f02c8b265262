"""The rules by which scores become segments."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.decoding.decode import band, decode
from dancecore.errors import DanceError
from dancecore.types import MS, OTHER, Candidate, MoveScores, Span

RULES = replace(settings().decoding, max_distance=1.0, max_ratio=0.8, merge_gap_ms=200, high=0.8, medium=0.5)


def scores(start_ms, end_ms, *readings):
    """Readings as (move, mirror, distance, probability)."""
    return MoveScores(Span(start_ms * MS, end_ms * MS), tuple(Candidate(*reading) for reading in readings))


DAB, FLOSS = ("dab", False, 0.2, 0.9), ("floss", False, 0.2, 0.9)
CASES = [
    ("nothing in, nothing out", [], []),
    ("one span", [scores(0, 500, DAB)], [(0, 500, "dab", False)]),
    ("no reading is other", [scores(0, 500)], [(0, 500, OTHER, False)]),
    ("too far is other", [scores(0, 500, ("dab", False, 1.1, 0.9))], [(0, 500, OTHER, False)]),
    ("about as near to two moves is other", [scores(0, 500, ("dab", False, 0.5, 0.6), ("floss", False, 0.6, 0.3))],
     [(0, 500, OTHER, False)]),
    ("the other side of the same move is no rival",
     [scores(0, 500, ("dab", False, 0.50, 0.5), ("dab", True, 0.51, 0.4), ("floss", False, 0.7, 0.1))],
     [(0, 500, "dab", False)]),
    ("doubt in one span is outweighed by the rest of its segment",
     [scores(0, 300, ("dab", False, 0.2, 0.9), ("floss", False, 0.5, 0.1)),
      scores(300, 400, ("dab", False, 0.5, 0.6), ("floss", False, 0.55, 0.4))],
     [(0, 400, "dab", False)]),
    ("what is unknown in two ways is one stretch",
     [scores(0, 300, ("dab", False, 1.5, 0.9)), scores(300, 400, ("floss", False, 1.6, 0.9))],
     [(0, 400, OTHER, False)]),
    ("both sides count for the move", [scores(0, 500, ("dab", False, 0.4, 0.3), ("dab", True, 0.3, 0.32))],
     [(0, 500, "dab", True)]),
    ("a move split over its sides beats a nearer one",
     [scores(0, 500, ("floss", False, 0.4, 0.4), ("dab", True, 0.3, 0.3), ("dab", False, 0.3, 0.29))],
     [(0, 500, "dab", True)]),
    ("equal neighbours merge over a gap below 200 ms", [scores(0, 500, DAB), scores(699, 900, DAB)],
     [(0, 900, "dab", False)]),
    ("not over 200 ms", [scores(0, 500, DAB), scores(700, 900, DAB)],
     [(0, 500, "dab", False), (700, 900, "dab", False)]),
    ("nor over another move", [scores(0, 500, DAB), scores(500, 600, FLOSS), scores(600, 900, DAB)],
     [(0, 500, "dab", False), (500, 600, "floss", False), (600, 900, "dab", False)]),
    ("nor on the other side", [scores(0, 500, DAB), scores(500, 900, ("dab", True, 0.2, 0.9))],
     [(0, 500, "dab", False), (500, 900, "dab", True)]),
    ("others merge", [scores(0, 500), scores(500, 900)], [(0, 900, OTHER, False)]),
    ("order of input does not matter", [scores(500, 900, FLOSS), scores(0, 500, DAB)],
     [(0, 500, "dab", False), (500, 900, "floss", False)]),
]  # fmt: skip


@pytest.mark.parametrize(("given_scores", "expected"), [pytest.param(*values, id=name) for name, *values in CASES])
def test_rules(given_scores, expected):
    found = decode(given_scores, RULES)
    assert [(s.start_ns // MS, s.end_ns // MS, s.move_id, s.mirror) for s in found] == expected


def test_overlapping_spans_are_refused():
    with pytest.raises(DanceError, match="overlap"):
        decode([scores(0, 500, DAB), scores(499, 900, FLOSS)], RULES)


def test_confidence_is_that_of_move_and_side_and_merges_by_duration():
    first = scores(0, 300, ("dab", False, 0.2, 0.5), ("dab", True, 0.3, 0.1), ("floss", False, 0.4, 0.2))
    second = scores(300, 400, ("dab", False, 0.2, 1.0))
    (segment,) = decode([first, second], RULES)
    assert segment.confidence == pytest.approx((3 * 0.5 + 1 * 1.0) / 4)
    assert segment.alternatives == (("floss", pytest.approx(0.15)),)


def test_other_names_what_it_might_be():
    (segment,) = decode([scores(0, 500, ("dab", True, 1.5, 0.7), ("floss", False, 1.6, 0.2))], RULES)
    assert segment.alternatives == (("dab", 0.7), ("floss", 0.2))
    assert segment.confidence == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("confidence", "word"), [(1, "high"), (0.8, "high"), (0.79, "medium"), (0.5, "medium"), (0.49, "low")]
)
def test_bands(confidence, word):
    assert band(confidence, RULES) == word


READING = st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 2), st.floats(0, 1))


@st.composite
def clips(draw):
    cuts = sorted(draw(st.sets(st.integers(0, 5000), max_size=20)))
    out = []
    for start, end in pairwise(cuts):
        if draw(st.booleans()):
            continue
        readings = draw(st.lists(READING, max_size=4, unique_by=lambda r: r[:2]))
        total = max(sum(r[3] for r in readings), 1.0)
        out.append(scores(start, end, *((*r[:3], r[3] / total) for r in readings)))
    return out


@hypothesis(deadline=None)  # the machine may be busy
@given(clips())
def test_segments_are_ordered_apart_and_within_the_spans(clip):
    found = decode(clip, settings().decoding)
    assert all(a.end_ns <= b.start_ns for a, b in pairwise(found))
    starts, ends = {s.span.start_ns for s in clip}, {s.span.end_ns for s in clip}
    assert all(s.start_ns in starts and s.end_ns in ends for s in found)
    for a, b in pairwise(found):
        same = (a.move_id, a.mirror) == (b.move_id, b.mirror)
        assert not same or b.start_ns - a.end_ns >= settings().decoding.merge_gap_ms * MS
    known = {c.move_id for s in clip for c in s.candidates}
    assert all(s.move_id in known or s.move_id == OTHER for s in found)
    assert sum(s.end_ns - s.start_ns for s in found) >= sum(s.span.length_ns for s in clip)
