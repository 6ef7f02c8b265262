"""Rotations against SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dancecore.moves.rotations import between, fade, from_rotvecs, rotvecs

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.sampled_from([1e-12, 1e-6, 0.1, 1.0, np.pi - 1e-9, np.pi]))
def test_vectors_and_back(seed: int, angle: float) -> None:
    axes = np.random.default_rng(seed).normal(size=(5, 3))
    vectors = angle * axes / np.linalg.norm(axes, axis=1, keepdims=True)
    turned = from_rotvecs(vectors)
    np.testing.assert_allclose(turned, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(from_rotvecs(rotvecs(turned)), turned, atol=1e-12)
    assert np.linalg.norm(rotvecs(turned), axis=1) == pytest.approx(np.full(5, angle), abs=1e-7)


@given(seeds, st.floats(0, 1))
def test_between_two_rotations(seed: int, share: float) -> None:
    a, b = Rotation.random(2, rng=np.random.default_rng(seed))
    middle = Rotation.from_matrix(between(a.as_matrix(), b.as_matrix(), np.array(share)))
    whole = (a.inv() * b).magnitude()
    assert (a.inv() * middle).magnitude() == pytest.approx(share * whole, abs=1e-6)
    assert (middle.inv() * b).magnitude() == pytest.approx((1 - share) * whole, abs=1e-6)


@given(seeds)
def test_a_fade_goes_from_one_to_the_other(seed: int) -> None:
    draw = np.random.default_rng(seed)
    a, b = (Rotation.random(6, rng=draw).as_matrix().reshape(3, 2, 3, 3) for _ in range(2))
    share = draw.uniform(size=(3, 2))
    np.testing.assert_allclose(fade(a, b, np.zeros((3, 2))), a, atol=1e-12)
    np.testing.assert_allclose(fade(a, b, np.ones((3, 2))), b, atol=1e-9)
    np.testing.assert_allclose(fade(a, b, share)[0], between(a, b, share)[0], atol=1e-12)


def test_a_fade_past_half_a_turn_keeps_its_way_round() -> None:
    """An arm that swings right round, against one that hangs: no frame jumps to the other side."""
    angle = np.linspace(0.9, 1.1, 21) * np.pi
    swung = Rotation.from_euler("Z", angle[:, None]).as_matrix()[:, None]
    faded = fade(swung, np.tile(np.eye(3), (21, 1, 1, 1)), np.full((21, 1), 0.5))
    turn = np.unwrap(np.arctan2(faded[:, 0, 1, 0], faded[:, 0, 0, 0]))
    np.testing.assert_allclose(turn, angle / 2, atol=1e-9)
