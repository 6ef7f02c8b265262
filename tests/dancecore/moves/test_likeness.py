"""Which moves look alike."""

from dataclasses import replace

import numpy as np
import pytest

from dancecore.moves.likeness import apart
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import mirrored, sample
from dancecore.moves.taxonomy import Move, Taxonomy


def later(move: Move) -> Move:
    """The phrase begun on its second beat."""
    beats = np.concatenate([np.arange(16, 16 * move.beats), np.arange(17)])
    picked = sample(move.motion, beats / 16)
    return replace(move, motion=Motion(move.motion.beats.copy(), picked.rotation, picked.root))


def other_side(move: Move) -> Move:
    signature = {
        name.replace("left", "x").replace("right", "left").replace("x", "right"): weight
        for name, weight in move.signature.items()
    }
    return replace(move, motion=mirrored(move.motion), signature=signature)


SAME = [("itself", lambda move: move), ("begun later", later), ("mirrored", other_side)]


@pytest.mark.parametrize(("_name", "changed"), SAME, ids=[name for name, _ in SAME])
@pytest.mark.parametrize("move_id", ["mv_dab", "mv_grapevine", "mv_floss"])
def test_a_move_is_like_itself(taxonomy: Taxonomy, move_id: str, _name: str, changed) -> None:  # type: ignore[no-untyped-def]
    move = taxonomy.moves[move_id]
    assert apart([move, changed(move)])[0, 1] == pytest.approx(0, abs=1e-3)


def test_distances_are_symmetric(taxonomy: Taxonomy) -> None:
    distance = apart(list(taxonomy.moves.values()))
    assert distance == pytest.approx(distance.T, abs=1e-9)
    assert distance.diagonal() == pytest.approx(0, abs=1e-4)
    assert distance[np.triu_indices(len(distance), 1)].min() > 0.3, "no two moves are nearly one"


def test_what_shares_its_steps_is_nearer(taxonomy: Taxonomy) -> None:
    two_step, milly_rock, swim = (taxonomy.moves[f"mv_{name}"] for name in ("two_step", "milly_rock", "swim"))
    distance = apart([two_step, milly_rock, swim])
    assert distance[0, 1] < 0.8 * distance[0, 2]
