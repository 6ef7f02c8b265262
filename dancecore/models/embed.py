"""A segment as 128 numbers, near those of segments in which the same is danced, for "find moves like this"."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from dancecore.models.classify import FrameScores
from dancecore.types import Float, Float64, Segment, Span

EMBEDDING_VERSION = "moves-1"

SIZE = 128

ROOT = 1 / 3
"""Power of the probabilities. 1/2 would make cosines Bhattacharyya's coefficient; the smaller it is, the more counts
what else a dance is taken for: all there is to know of a move that the classifier never saw."""


def embed(said: FrameScores, spans: Sequence[Span | Segment]) -> Float:
    """(N, SIZE) float32 unit vectors of spans: what the classifier takes them for, whoever dances and on what side.

    The mean probability of each move over the frames, both sides together, to the power ROOT. All zero where a span
    holds no frame. Those of two classifiers do not compare.
    """
    moves = list(dict.fromkeys(move_id for move_id, _ in said.readings))
    of_move = np.array([[move_id == move for move in moves] for move_id, _ in said.readings], np.float64)
    likely = np.exp(said.logp.astype(np.float64)) @ of_move
    edges = np.searchsorted(said.time_ns, [[span.start_ns, span.end_ns] for span in spans]).reshape(-1, 2)
    rooted = np.array([likely[lo:hi].mean(axis=0) if hi > lo else np.zeros(len(moves)) for lo, hi in edges]) ** ROOT
    vectors = rooted.reshape(len(spans), len(moves)) @ _basis(len(moves))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


@cache
def _basis(moves: int) -> Float64:
    """(moves, SIZE): a random rotation, always the same. Of at most SIZE moves it keeps every cosine; of more, nearly
    (Johnson & Lindenstrauss 1984)."""
    size = max(moves, SIZE)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((size, size)))[0]
    return np.asarray(rotation[:moves, :SIZE])
