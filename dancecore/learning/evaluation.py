"""Puts the questions of a protocol to a recogniser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.errors import DanceError
from dancecore.learning import metrics
from dancecore.learning.answers import Answer, score_answers
from dancecore.learning.cuttings import Cutting, labelled_time, score_cuttings
from dancecore.learning.metrics import Interval, Label
from dancecore.learning.protocols.plan import Fold, Performance, Protocol, asked, by_move
from dancecore.learning.protocols.stage import Stage, span_of
from dancecore.learning.recognisers.recogniser import Recogniser, Teach
from dancecore.learning.scores import Scores
from dancecore.matching.enrol import Exemplar
from dancecore.types import OTHER, SECOND, Candidate


@dataclass(frozen=True, slots=True)
class Judge:
    """What counts as right: the move alone, or where a set has sides the move and its side; moves that are `straight`
    have none."""

    sides: bool
    straight: frozenset[str] = frozenset()

    def label(self, move_id: str, mirror: bool | None) -> Label:
        if not self.sides or move_id == OTHER:
            return move_id
        return move_id, bool(mirror) and move_id not in self.straight

    def interval(self, start_ns: int, end_ns: int, move_id: str, mirror: bool | None) -> Interval:
        return Interval(start_ns, end_ns, self.label(move_id, mirror))

    def ranking(self, candidates: Sequence[Candidate]) -> dict[Label, tuple[float, float]]:
        """Nearest distance and whole probability of each label, best first."""
        found: dict[Label, tuple[float, float]] = {}
        for each in candidates:
            label = self.label(each.move_id, each.mirror)
            distance, probability = found.get(label, (each.distance, 0.0))
            found[label] = min(distance, each.distance), probability + each.probability
        return found


def evaluate(protocol: Protocol, stage: Stage, teach: Teach, advance: Callable[[str], None]) -> Scores:
    """The scores of what `teach` makes of each fold's exemplars. `advance` is called after each question."""
    performances = [each for fold in protocol.folds for each in fold.queries]
    judge = Judge(any(each.mirror is not None for each in performances), protocol.straight)
    answers: list[Answer] = []
    cuttings: list[Cutting] = []
    for fold in protocol.folds:
        recogniser = teach(_shown(fold, stage), protocol.mirrored)
        for question in asked(fold, protocol.boundaries):
            if protocol.boundaries == "true":
                answers.append(_answer(question[0], protocol, stage, recogniser, judge))
            else:
                cuttings.append(_cutting(question, protocol, stage, recogniser, judge))
            advance(fold.name)
    return score_answers(answers) if answers else score_cuttings(cuttings)


def _shown(fold: Fold, stage: Stage) -> dict[str, list[Exemplar]]:
    """The exemplars of each move, without those in which too little of the dancer is seen; one must be left."""
    shown: dict[str, list[Exemplar]] = {}
    for move, parts in by_move(fold.exemplars).items():
        tried = [_exemplar(each, stage) for each in parts]
        shown[move] = [each for each in tried if isinstance(each, Exemplar)]
        if not shown[move]:
            raise next(each for each in tried if isinstance(each, DanceError))
    return shown


def _exemplar(performance: Performance, stage: Stage) -> Exemplar | DanceError:
    try:
        return stage.exemplar(performance)
    except DanceError as error:
        if error.code != "INVALID_INPUT":
            raise
        return error


def _answer(query: Performance, protocol: Protocol, stage: Stage, recogniser: Recogniser, judge: Judge) -> Answer:
    found = judge.ranking(recogniser.rank(stage.track(query), span_of(query), stage.beats(query)))
    taught = query.move_id not in protocol.without
    truth = judge.label(query.move_id, query.mirror) if taught else OTHER
    ranked = tuple(found)
    others = [-distance for label, (distance, _) in found.items() if label != truth]
    distance, confidence = found[ranked[0]] if ranked else (float("nan"), 0.0)
    unknown = max(others, default=float("nan"))
    known = -distance if truth != OTHER else float("nan")
    if protocol.without:
        unknown = float("nan") if taught else -distance
    condition = "" if query.yaw is None else f"{query.yaw:g} degrees"
    return Answer(_unit(query, protocol), condition, truth, ranked, min(confidence, 1.0), known, unknown)


def _cutting(
    question: Sequence[Performance], protocol: Protocol, stage: Stage, recogniser: Recogniser, judge: Judge
) -> Cutting:
    track = stage.track(question[0])
    step = int(np.median(np.diff(track.time_ns))) if len(track) > 1 else SECOND
    segments = recogniser.segments(track, stage.beats(question[0]))
    truth = metrics.joined(
        judge.interval(span_of(q).start_ns, span_of(q).end_ns, q.move_id, q.mirror) for q in question
    )
    duration_ns = max(int(track.time_ns[-1]) + step, *(part.end_ns for part in truth))
    found = tuple(judge.interval(s.start_ns, s.end_ns, s.move_id, s.mirror) for s in segments)
    sure = tuple(each.confidence for each in segments)
    cutting = Cutting(_unit(question[0], protocol), tuple(truth), found, sure, duration_ns)
    return labelled_time(cutting) if question[0].partial else cutting


def _unit(query: Performance, protocol: Protocol) -> str:
    return query.performer if protocol.unit == "performer" else query.clip
