"""What templates and the classifier say together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.settings import settings
from dancecore.decoding.decode import UNKNOWN
from dancecore.decoding.fusion import disagreement, fused, likelihoods, widened
from dancecore.models.classify import FrameScores
from dancecore.types import MS, OTHER, Float64, Reading, Segment, Span

NUMBERS = replace(
    settings().decoding, template_weight=0.3, classifier_weight=1.0, boundary_weight=0.5, other_distance=0.62,
    segment_penalty=2.0, temperature=1.0,
)  # fmt: skip
A, A_MIRRORED, B, OWN = ("mv_a", False), ("mv_a", True), ("mv_b", False), ("mv_own", False)
READINGS = (A, A_MIRRORED, B, OWN)
KNOWN = (A, A_MIRRORED, B, UNKNOWN)
STEP = 50 * MS


def said(*parts: tuple[Reading, int], sure: float = 0.9) -> FrameScores:
    """A classifier that is so sure of each reading for so many frames, and sees where each begins."""
    frames = sum(count for _, count in parts)
    p = np.full((frames, len(KNOWN)), (1 - sure) / (len(KNOWN) - 1))
    boundary, at = np.full(frames, 0.02, np.float32), 0
    for reading, count in parts:
        p[at : at + count, KNOWN.index(reading)] = sure
        boundary[at] = 0.9
        at += count
    return FrameScores(np.arange(frames, dtype=np.int64) * STEP, np.log(p).astype(np.float32), boundary, KNOWN)


def spans(*frames: tuple[int, int]) -> list[Span]:
    return [Span(first * STEP, end * STEP) for first, end in frames]


def decoded(scores: FrameScores, where: list[Span], distance: Float64, **changed: float) -> list[Segment]:
    return fused(scores, where, distance, READINGS, None, 24.0, replace(NUMBERS, **changed))


ALIKE = np.full((2, 4), 0.6)


def test_without_an_opinion_of_the_templates_the_classifier_decides() -> None:
    found = decoded(said((A, 40), (B, 40)), spans((0, 40), (40, 80)), ALIKE, other_distance=0.6)
    assert [(part.move_id, part.mirror) for part in found] == [A, B]
    assert found[0].end_ns == found[1].start_ns == 40 * STEP
    assert all(part.confidence > 0.7 for part in found)


def test_without_an_opinion_of_the_classifier_the_templates_decide() -> None:
    near = np.array([[0.6, 0.3, 0.6, 0.6], [0.6, 0.6, 0.3, 0.6]])
    found = decoded(said((A, 40), (B, 40), sure=0.25), spans((0, 40), (40, 80)), near)
    assert [(part.move_id, part.mirror) for part in found] == [A_MIRRORED, B]


def test_a_move_the_classifier_never_learned_is_found_by_its_templates() -> None:
    near = np.array([[0.6, 0.6, 0.6, 0.2], [0.6, 0.6, 0.3, 0.6]])
    found = decoded(said((A, 40), (B, 40), sure=0.7), spans((0, 40), (40, 80)), near)
    assert [part.move_id for part in found] == ["mv_own", "mv_b"]


def test_what_nobody_knows_is_other() -> None:
    far = np.full((2, 4), 0.9)
    found = decoded(said((UNKNOWN, 80)), spans((0, 40), (40, 80)), far)
    assert [(part.move_id, part.mirror) for part in found] == [(OTHER, False)]


def test_nothing_is_found_where_there_is_no_span() -> None:
    scores = said((A, 30), (B, 50), (A, 30))
    found = decoded(scores, spans((0, 30), (80, 110)), ALIKE, other_distance=0.6)
    assert [(part.start_ns // STEP, part.end_ns // STEP) for part in found] == [(0, 30), (80, 110)]
    assert decoded(scores, [], np.empty((0, 4))) == []


@given(st.lists(st.floats(0, 2) | st.just(np.inf), min_size=1, max_size=6), st.floats(0.1, 1.5))
def test_likelihoods_are_probabilities_that_fall_with_distance(far: list[float], other: float) -> None:
    (likely,) = likelihoods(np.array([far]), 24.0, other)
    assert likely.sum() == pytest.approx(1)
    every = np.array([*far, other])
    assert (np.diff(likely[np.argsort(every, kind="stable")]) <= 1e-12).all()
    assert (likely[np.isinf(every)] == 0).all()


def test_what_the_classifier_never_learned_takes_its_share_from_the_rest() -> None:
    by_template = np.array([[0.1, 0.1, 0.1, 0.6, 0.1]])
    (p,) = widened(said((A, 1), sure=0.7), slice(0, 1), (*READINGS, UNKNOWN), by_template)
    np.testing.assert_allclose(p, [0.28, 0.04, 0.04, 0.6, 0.04], atol=1e-6)


DIFFER = {
    "they agree, whatever the side": (said((A, 40), (B, 40)), [A_MIRRORED, B], 4000, 0),
    "on one span they do not": (said((A, 40), (B, 40)), [A, A], 4000, 2000),
    "nobody names the second span": (said((A, 40), (UNKNOWN, 40)), [A, None], 2000, 0),
    "only the classifier names it": (said((A, 40), (B, 40)), [A, None], 4000, 2000),
    "what it never learned is not held against it": (said((A, 40), (B, 40)), [A, OWN], 4000, 2000),
}  # fmt: skip


@pytest.mark.parametrize(("scores", "nearest", "named", "differing"), DIFFER.values(), ids=DIFFER)
def test_disagreement(scores: FrameScores, nearest: list[Reading | None], named: int, differing: int) -> None:
    distance = np.array([[0.3 if reading == near else 0.7 for reading in READINGS] for near in nearest])
    found = disagreement(scores, spans((0, 40), (40, 80)), distance, READINGS, 0.6)
    assert found == {"named_ms": named, "differing_ms": differing}
