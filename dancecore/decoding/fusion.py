"""What templates and the classifier say of the same frames, weighed against each other, becomes segments."""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from dancecore.decoding.decode import UNKNOWN
from dancecore.decoding.semi_markov import segments_of
from dancecore.models.classify import FrameScores
from dancecore.settings import DecodingSettings
from dancecore.types import MS, BeatGrid, Float64, Reading, Segment, Span

LEAST = 1e-6
"""A probability below it is none: one source alone cannot rule a reading out."""


def fused(
    said: FrameScores, spans: Sequence[Span], distance: Float64, readings: Sequence[Reading], beats: BeatGrid | None,
    alpha: float, settings: DecodingSettings,
) -> list[Segment]:  # fmt: skip
    """Segments of one clip in order of time, over the stretches that `spans` (S, in order) cover.

    `said`: the classifier's word; distance (S, R): how far each span is from each of the `readings`, infinite where it
    cannot be compared. Frames are scored by `pooled`, decoding is `segments_of`.
    """
    every = (*readings, UNKNOWN)
    likely = likelihoods(distance, alpha, settings.other_distance)
    found: list[Segment] = []
    for stretch in _stretches(spans):
        first, end = np.searchsorted(said.time_ns, [spans[stretch[0]].start_ns, spans[stretch[-1]].end_ns])
        time_ns = said.time_ns[first:end]
        starts = np.array([spans[s].start_ns for s in stretch])
        by_template = likely[np.array(stretch)[np.searchsorted(starts, time_ns, side="right") - 1]]
        scores = pooled(said, slice(int(first), int(end)), every, by_template, settings)
        begins = said.boundary[first:end].astype(np.float64).clip(LEAST, 1 - LEAST)
        odds = settings.boundary_weight * (np.log(begins) - np.log1p(-begins))
        found += segments_of(scores, odds, time_ns, every, settings, bpm=beats.bpm if beats else None)
    return found


def disagreement(
    said: FrameScores, spans: Sequence[Span], distance: Float64, readings: Sequence[Reading], other_distance: float
) -> dict[str, float]:
    """How templates and the classifier differ on one clip: `named_ms`, the time to which either gives a move, and
    `differing_ms`, the part of it to which they give different ones.

    Each names a whole span: the templates by the nearest reading, the classifier by its mean probabilities. Arguments
    as `fused` has them; sides are not compared, and of moves that the classifier never learned it is not asked.
    """
    learned = [k for k, reading in enumerate(readings) if reading in said.readings]
    by_template = np.column_stack([distance[:, learned], np.full(len(distance), other_distance)]).argmin(axis=1)
    names = [*(readings[k][0] for k in learned), UNKNOWN[0]]
    moves = list(dict.fromkeys(move for move, _ in said.readings))
    of_move = np.array([[move == each for each in moves] for move, _ in said.readings], np.float64)
    likely = np.exp(said.logp.astype(np.float64)) @ of_move
    named = differing = 0
    for span, nearest in zip(spans, by_template, strict=True):
        first, end = np.searchsorted(said.time_ns, [span.start_ns, span.end_ns])
        pair = names[nearest], moves[likely[first:end].sum(axis=0).argmax()]
        named += span.length_ns * (pair != (UNKNOWN[0], UNKNOWN[0]))
        differing += span.length_ns * (pair[0] != pair[1])
    return {"named_ms": named / MS, "differing_ms": differing / MS}


def pooled(
    said: FrameScores, frames: slice, every: Sequence[Reading], by_template: Float64, settings: DecodingSettings
) -> Float64:
    """(T, C) scores of some frames: the log-linear pool of the templates' probabilities (T, C) of `every` reading and
    of the classifier's (Genest & Zidek 1986, section 3), with the weights of the settings."""
    by_classifier = widened(said, frames, every, by_template)
    scores = settings.template_weight * np.log(by_template.clip(min=LEAST))
    return np.asarray(scores + settings.classifier_weight * np.log(by_classifier.clip(min=LEAST)))


def likelihoods(distance: Float64, alpha: float, other_distance: float) -> Float64:
    """(S, R + 1): softmax(-alpha x distance) of each span over all readings, with OTHER, the last one, as a reading
    that is always `other_distance` away."""
    every = np.column_stack([distance, np.full(len(distance), other_distance)])
    likely = np.exp(-alpha * (every - every.min(axis=1, keepdims=True)))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def widened(said: FrameScores, frames: slice, every: Sequence[Reading], by_template: Float64) -> Float64:
    """(T, C): the classifier's probabilities of some frames over `every` reading.

    Of what it never learned, such as a user's own moves, it has no opinion: there the templates' (T, C) stand, and what
    they leave is shared out as the classifier says.
    """
    column = {reading: k for k, reading in enumerate(said.readings)}
    known = np.array([reading in column for reading in every])
    own = np.where(known, 0.0, by_template)
    shares = np.exp(said.logp[frames].astype(np.float64))[:, [column[r] for r in every if r in column]]
    own[:, known] = (1 - own.sum(axis=1, keepdims=True)) * shares / shares.sum(axis=1, keepdims=True)
    return own


def _stretches(spans: Sequence[Span]) -> list[list[int]]:
    """The numbers of spans that follow each other without a gap."""
    gaps = [0, *np.cumsum([a.end_ns != b.start_ns for a, b in pairwise(spans)]).tolist()]
    return [[k for k, _ in run] for _, run in groupby(enumerate(gaps[: len(spans)]), key=lambda pair: pair[1])]
