"""A protocol is put to recognisers whose answers are known, and scored as by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dancecore.learning.answers import Answer, score_answers
from dancecore.learning.cuttings import Cutting, score_cuttings
from dancecore.learning.evaluation import Judge, evaluate
from dancecore.learning.metrics import Interval
from dancecore.learning.protocols.plan import Fold, Performance, Protocol
from dancecore.types import MS, OTHER, BeatGrid, Candidate, PoseTrack, Segment, Span


class Empty:
    """A stage on which nobody is seen."""

    def track(self, performance: Performance) -> PoseTrack:
        blank = np.full((60, 33, 3), np.nan, np.float32)
        time_ns = np.arange(60) * 50 * MS
        unseen, cut = np.zeros((60, 33), np.float32), np.zeros(60, np.bool_)
        return PoseTrack(time_ns, blank[..., :2].copy(), blank, unseen, cut, 100, 100)

    def beats(self, performance: Performance) -> None:
        return None


class Says:
    """Always gives the same answer."""

    def __init__(self, candidates: Sequence[Candidate], segments: Sequence[Segment] = ()) -> None:
        self.candidates, self.found = candidates, segments

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        return self.candidates

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        return list(self.found)


def query(clip: str, move: str, mirror: bool | None, start: int = 0, end: int = 1000) -> Performance:
    return Performance(clip, "ann", move, mirror, start, end)


LEFT, RIGHT = Candidate("kick", True, 0.2, 0.5), Candidate("kick", False, 0.3, 0.3)
DAB = Candidate("dab", False, 0.4, 0.1)

SIDES = [
    ("the side must be right", True, ("kick", True), [("kick", True), ("kick", False), ("dab", False)], 0.5),
    ("a set without sides", None, "kick", ["kick", "dab"], 0.8),
]


@pytest.mark.parametrize(("mirror", "label", "ranked", "sure"), [pytest.param(*each, id=name) for name, *each in SIDES])
def test_what_counts_as_right(mirror: bool | None, label: object, ranked: list[object], sure: float) -> None:
    judge = Judge(sides=mirror is not None)
    found = judge.ranking([LEFT, RIGHT, DAB])
    assert judge.label("kick", mirror) == label
    assert list(found) == ranked
    assert found[label][1] == pytest.approx(sure)
    assert judge.label(OTHER, True) == OTHER


def test_a_move_without_sides_is_straight_whatever_is_told_or_said() -> None:
    judge = Judge(sides=True, straight=frozenset(["kick"]))
    assert judge.label("kick", True) == ("kick", False)
    assert judge.label("dab", True) == ("dab", True)
    assert judge.ranking([LEFT, RIGHT])["kick", False] == (0.2, pytest.approx(0.8))


def test_both_halves_of_a_move_without_sides_are_one_segment() -> None:
    queries = (query("a", "kick", False), query("a", "kick", True, 1000, 2000), query("a", "dab", True, 2000, 3000))
    found = [Segment(0, 2000 * MS, "kick", 0.9, True, ()), Segment(2000 * MS, 3000 * MS, "dab", 0.9, False, ())]
    protocol = Protocol("p", "", (Fold("fold", (), queries),), "found", straight=frozenset(["kick"]))
    scores = evaluate(protocol, Empty(), lambda exemplars, mirrored: Says([], found), lambda word: None)
    assert scores.numbers["segment IoU"].value == 0.5
    assert scores.numbers["boundary F1 100 ms"].value == 1


def test_moves_that_nobody_was_taught_are_told_from_the_others() -> None:
    queries = tuple(query(clip, move, False) for clip, move in (("a", "kick"), ("b", "dab"), ("c", "new")))
    said = iter([[RIGHT, DAB], [DAB], [Candidate("kick", False, 0.35, 0.2)]])

    class InTurn(Says):
        def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
            return next(said)

    protocol = Protocol("p", "", (Fold("fold", (), queries),), without=frozenset(["new"]))
    scores = evaluate(protocol, Empty(), lambda exemplars, mirrored: InTurn([]), lambda word: None)
    assert scores.numbers["open-set AUROC"].value == 0.5  # the kick is surer, the dab is not
    assert scores.classes[OTHER].count == 1


def test_questions_are_put_and_scored() -> None:
    queries = (query("a", "kick", True), query("b", "kick", False), query("c", "dab", False), query("d", "kick", True))
    protocol = Protocol("p", "", (Fold("fold", (), queries),), mirrored=True)
    said: list[str] = []
    scores = evaluate(protocol, Empty(), lambda exemplars, mirrored: Says([LEFT, RIGHT, DAB]), said.append)
    numbers = {name: each.value for name, each in scores.numbers.items()}
    assert said == ["fold"] * 4
    assert numbers["accuracy"] == 0.5
    assert numbers["accuracy, names alone"] == 0.75
    assert numbers["top-3"] == 1
    assert numbers["ECE"] == pytest.approx(0)
    assert numbers["open-set AUROC"] == pytest.approx((2 * 1 + 2 * 0.5) / 4)
    assert scores.classes["kick", True].recall == 1
    assert scores.classes["kick", True].precision == 0.5


def test_whole_clips_are_cut_and_scored() -> None:
    queries = (query("a", "kick", None), query("a", "dab", None, 1000, 2000))
    found = [Segment(0, 1000 * MS, "kick", 0.9, False, ()), Segment(1000 * MS, 2500 * MS, "kick", 0.6, True, ())]
    protocol = Protocol("p", "", (Fold("fold", (), queries),), "found")
    scores = evaluate(protocol, Empty(), lambda exemplars, mirrored: Says([], found), lambda word: None)
    numbers = {name: each.value for name, each in scores.numbers.items()}
    assert numbers["frame accuracy"] == pytest.approx((20 + 10) / 60)  # the last half second is OTHER to both
    assert numbers["segment F1@50"] == 0.5
    assert numbers["segment IoU"] == 0.5
    assert numbers["boundary F1 100 ms"] == pytest.approx(2 / 3)
    assert numbers["over-segmentation"] == numbers["under-segmentation"] == 0
    assert numbers["coverage"] == pytest.approx(2.5 / 3)
    assert numbers["ECE"] == pytest.approx((0.1 + 0.6) / 2)


def test_time_of_which_nobody_said_anything_counts_neither_way() -> None:
    spans = (("kick", 0, 500), ("dab", 1500, 2500), (OTHER, 2500, 3000))
    queries = [query("a", move, None, start, end) for move, start, end in spans]
    found = [
        Segment(0, 1000 * MS, "kick", 0.9, False, ()), Segment(1000 * MS, 1500 * MS, "spin", 0.9, False, ()),
        Segment(1500 * MS, 3000 * MS, "dab", 0.6, True, ()),
    ]  # fmt: skip

    def scores(*, partial: bool) -> dict[str, float]:
        asked = tuple(replace(each, partial=partial) for each in queries)
        protocol = Protocol("p", "", (Fold("fold", (), asked),), "found")
        told = evaluate(protocol, Empty(), lambda exemplars, mirrored: Says([], found), lambda word: None)
        return {name: each.value for name, each in told.numbers.items()}

    assert scores(partial=False)["frame accuracy"] == pytest.approx(30 / 60)
    told = scores(partial=True)
    assert told["frame accuracy"] == pytest.approx(30 / 40)
    assert told["segment F1@50"] == 1
    assert told["segment IoU"] == pytest.approx((1 + 1000 / 1500) / 2)
    assert told["coverage"] == 1
    assert told["ECE"] == pytest.approx((0.1 + 0.4) / 2)


def test_conditions_are_told_apart() -> None:
    answers = [
        Answer(str(i), f"{yaw} degrees", "a", ("a",) if yaw == 0 or i == 0 else ("b",), 1.0, 0.0, -1.0)
        for yaw in (0, 90)
        for i in range(4)
    ]
    scores = score_answers(answers)
    assert {name: each.value for name, each in scores.by.items()} == {"0 degrees": 1, "90 degrees": 0.25}


def test_clips_without_moves_or_findings_are_scored() -> None:
    silent = Cutting("a", (Interval(0, 1000 * MS, OTHER),), (), (), 1000 * MS)
    scores = score_cuttings([silent])
    assert scores.numbers["frame accuracy"].value == 1
    assert np.isnan(scores.numbers["segment IoU"].value)
    assert scores.reliability is None
