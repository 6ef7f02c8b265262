"""Room on the floor: what steps take of it, and where there is some left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.moves.body import NEUTRAL, joints
from dancecore.moves.sequence import around, mirrored, placed
from dancecore.moves.taxonomy import Taxonomy
from dancecore.synthetic.generators import Step
from dancecore.synthetic.placing import NEAREST_M, clear, room

TALL = NEUTRAL.varied(height=1.12)


@given(st.integers(0, 999), st.booleans(), st.integers(1, 3), st.floats(-180, 180))
def test_a_step_stays_within_its_room(taxonomy: Taxonomy, which: int, mirror: bool, times: int, turn: float) -> None:
    move = list(taxonomy.moves.values())[which % len(taxonomy.moves)]
    (box,) = room([Step(move.move_id, times * move.beats, mirror, True)], turn, taxonomy)
    motion = around(mirrored(move.motion) if mirror else move.motion, np.arange(0, times * move.beats, 0.25))
    floor = joints(placed(motion, np.radians(turn), np.zeros(3)), TALL)[..., [0, 2]].reshape(-1, 2)
    assert (floor >= box[:2]).all()
    assert (floor <= box[2:]).all()


def test_steps_follow_where_the_one_before_left_the_dancer(taxonomy: Taxonomy) -> None:
    """A moonwalk carries backwards: what follows needs room there."""
    away, stays = Step("mv_moonwalk", 8, False, True), Step("mv_clap", 4, False, True)
    gone, after = room([away, stays], 0.0, taxonomy)
    alone = room([stays], 0.0, taxonomy)[0]
    assert after[1] < alone[1] - 0.5
    assert after[2] - after[0] == pytest.approx(alone[2] - alone[0])
    assert gone[1] < after[3]


boxes = st.lists(
    st.tuples(st.floats(-2, 0), st.floats(-2, 0), st.floats(0.1, 2), st.floats(0.1, 2)).map(np.array),
    min_size=1, max_size=4,
).map(np.array)  # fmt: skip


@given(boxes, boxes, st.floats(-180, 180))
def test_there_is_room_where_somebody_is_put(mine: np.ndarray, theirs: np.ndarray, bearing: float) -> None:
    place = clear(mine, [(theirs, (0.3, -0.2))], bearing)
    x, z = place
    assert np.hypot(x, z) >= NEAREST_M - 1e-9
    assert np.degrees(np.arctan2(x, z)) == pytest.approx(bearing, abs=1e-6) or abs(abs(bearing) - 180) < 1e-6
    here, there = mine + np.array([x, z, x, z]), theirs + np.array([0.3, -0.2, 0.3, -0.2])
    for i, a in enumerate(here):
        for j, b in enumerate(there):
            if len(mine) != len(theirs) or abs(i - j) <= 1:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_nobody_stands_farther_off_than_they_must(taxonomy: Taxonomy) -> None:
    still = room([Step("nd_stand_still", 16, False, False)], 0.0, taxonomy)
    x, z = clear(still, [(still, (0.0, 0.0))], 90.0)
    assert z == pytest.approx(0, abs=1e-9)
    assert 0.7 <= x < 1.6
