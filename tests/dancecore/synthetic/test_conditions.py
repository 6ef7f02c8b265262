"""What each of the conditions leaves to chance."""

import pytest

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.synthetic.conditions import CONDITIONS
from dancecore.synthetic.dance import Knobs, draw_knobs

SEEDS = range(40)


def drawn(conditions: str) -> list[Knobs]:
    numbers, taxonomy = CONDITIONS[conditions](settings().synthetic), load_taxonomy(TAXONOMY)
    return [draw_knobs(seed, numbers, taxonomy) for seed in SEEDS]


@pytest.mark.parametrize(("conditions", "nearest", "farthest"), [("full-view", 0, 60), ("hard", 50, 70)])
def test_one_dancer_in_one_take_from_so_far_off_the_front(conditions: str, nearest: int, farthest: int) -> None:
    for knobs in drawn(conditions):
        (view,) = knobs.scene.views
        off = abs((view.yaw + 180) % 360 - 180)
        assert nearest <= off <= farthest
        assert len(knobs.dancers) == 1


def test_hard_dances_are_seen_from_both_sides() -> None:
    yaws = {knobs.scene.views[0].yaw < 180 for knobs in drawn("hard")}
    assert yaws == {False, True}


def test_usual_dances_are_those_of_the_settings() -> None:
    assert CONDITIONS["usual"](settings().synthetic) == settings().synthetic
