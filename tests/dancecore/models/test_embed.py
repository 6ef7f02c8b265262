"""Vectors of segments: of length one, near where the same is danced, whatever the side, and of many moves too."""

from dataclasses import replace

import numpy as np
import pytest

from dancecore.models.classify import FrameScores
from dancecore.models.embed import ROOT, SIZE, embed
from dancecore.types import MS, OTHER, Reading, Span

FRAMES = 40
WHOLE = Span(0, FRAMES * 50 * MS)


def readings(moves: int) -> tuple[Reading, ...]:
    return (*((f"mv_{k}", side) for k in range(moves) for side in (False, True)), (OTHER, False))


def said(probability: np.ndarray, moves: int) -> FrameScores:
    """The same of every frame; probability (2 moves + 1,)."""
    logp = np.log(np.tile(probability, (FRAMES, 1))).astype(np.float32)
    return FrameScores(np.arange(FRAMES) * 50 * MS, logp, np.full(FRAMES, 0.5, np.float32), readings(moves))


def drawn(moves: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(2 * moves + 1, 0.05)) + 1e-9


def rooted(probability: np.ndarray) -> np.ndarray:
    """From the definition, of length one."""
    of_move = np.append(probability[:-1].reshape(-1, 2).sum(axis=1), probability[-1]) ** ROOT
    return of_move / np.linalg.norm(of_move)


@pytest.mark.parametrize(("moves", "off"), [(2, 1e-6), (80, 1e-6), (SIZE - 1, 1e-6), (400, 0.35)])
def test_cosines_are_those_of_the_moves(moves: int, off: float) -> None:
    draws = [drawn(moves, seed) for seed in range(6)]
    vectors = np.stack([embed(said(p, moves), [WHOLE])[0] for p in draws])
    assert vectors.shape == (6, SIZE)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    wanted = np.stack([rooted(p) for p in draws])
    np.testing.assert_allclose(vectors @ vectors.T, wanted @ wanted.T, atol=off)


def test_the_side_does_not_matter() -> None:
    probability = drawn(30, 1)
    swapped = np.append(probability[:-1].reshape(-1, 2)[:, ::-1], probability[-1])
    np.testing.assert_allclose(*(embed(said(p, 30), [WHOLE]) for p in (probability, swapped)), atol=1e-6)


def test_spans_are_told_apart_and_what_holds_no_frame_is_nothing() -> None:
    one, other = drawn(30, 1), drawn(30, 2)
    half = FRAMES // 2
    first, second = said(one, 30), said(other, 30)
    both = replace(first, logp=np.concatenate([first.logp[:half], second.logp[half:]]))
    middle, end = WHOLE.end_ns // 2, WHOLE.end_ns
    vectors = embed(both, [Span(0, middle), Span(middle, end), Span(2 * end, 3 * end)])
    np.testing.assert_allclose(vectors[0], embed(said(one, 30), [WHOLE])[0], atol=1e-6)
    np.testing.assert_allclose(vectors[1], embed(said(other, 30), [WHOLE])[0], atol=1e-6)
    assert not vectors[2].any()
    assert embed(both, []).shape == (0, SIZE)
