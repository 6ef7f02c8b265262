"""Moves on paper."""

import numpy as np
import pytest

from dancecore.moves.draw import INK
from dancecore.moves.strip import SIDE, phases, strip, telling_yaw
from dancecore.moves.taxonomy import Taxonomy

SIDES = [
    ("mv_moonwalk", SIDE),
    ("mv_pelvic_thrust", SIDE),
    ("mv_body_roll", SIDE),
    ("mv_jumping_jack", 0.0),
    ("mv_ymca", 0.0),
]


@pytest.mark.parametrize(("move_id", "yaw"), SIDES)
def test_moves_are_drawn_from_the_side_that_tells_them(taxonomy: Taxonomy, move_id: str, yaw: float) -> None:
    assert telling_yaw(taxonomy.moves[move_id]) == yaw


def test_phases_begin_with_the_first_pose_and_stay_in_the_phrase(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        beats = phases(move.motion, 5)
        assert beats[0] == 0, move.move_id
        assert list(beats) == sorted(set(beats)), move.move_id
        assert beats[-1] < move.beats, move.move_id


def test_phases_show_what_differs(taxonomy: Taxonomy) -> None:
    """A dab is struck on the second beat, a jumping jack is open in the middle."""
    assert 1 <= phases(taxonomy.moves["mv_dab"].motion, 2)[1] <= 3
    assert phases(taxonomy.moves["mv_jumping_jack"].motion, 2) == (0.0, 1.0)


def test_strip_has_a_figure_over_each_count(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        drawn = strip(move, 480, 170)
        assert drawn.image.shape == (170, 480, 3)
        assert 4 <= len(drawn.beats) <= 5, move.move_id
        inked = (drawn.image == INK.middle).all(axis=2).any(axis=0)
        gaps = [(a + b) // 2 for a, b in zip(drawn.centres, drawn.centres[1:], strict=False)]
        parts = np.split(inked, gaps)
        assert all(part.any() for part in parts), move.move_id


def test_no_ink_is_cut_off(taxonomy: Taxonomy) -> None:
    for move in taxonomy.moves.values():
        image = strip(move, 480, 170).image
        frame = np.concatenate([image[0], image[-1], image[:150, 0], image[:150, -1]])
        assert (frame == INK.paper).all(), move.move_id
