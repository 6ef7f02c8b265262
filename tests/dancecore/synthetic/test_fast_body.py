"""The body without a mesh does what the body with one does."""

import numpy as np
import pytest

from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX as J
from dancecore.synthetic.body import Body
from dancecore.synthetic.fast_body import calibrated


def test_its_joints_are_those_of_the_body(body: Body, taxonomy: Taxonomy) -> None:
    """Half of them within 2 mm, nearly all within 8; joints that bend the skin most within 4 cm."""
    fast = calibrated(body)
    apart = np.concatenate([
        np.linalg.norm(body.joints(body.transforms(move.motion)) - fast.joints(move.motion), axis=-1)
        for move in list(taxonomy.moves.values())[::6]
    ])  # fmt: skip
    assert np.median(apart) < 0.002
    assert np.quantile(apart, 0.95) < 0.008
    assert apart.max() < 0.04


@pytest.mark.parametrize("move", ["mv_jumping_jack", "mv_two_step"])
def test_it_stands_where_the_body_stands(move: str, body: Body, taxonomy: Taxonomy) -> None:
    motion = taxonomy.moves[move].motion
    feet = [J[f"{side}_{part}"] for side in ("left", "right") for part in ("heel", "foot_index")]
    slow, fast = body.joints(body.transforms(motion))[:, feet, 1], calibrated(body).joints(motion)[:, feet, 1]
    np.testing.assert_allclose(fast, slow, atol=0.012)
