"""Which moves have a side."""

import pytest

from dancecore.moves.sides import has_sides, without_sides
from dancecore.moves.taxonomy import Taxonomy

CASES = {
    "the same half a phrase later": ("mv_two_step", False),
    "after a turn the same": ("mv_three_step_turn", False),
    "a beat later": ("mv_running_man", False),
    "its own mirror image": ("mv_jumping_jack", False),
    "one arm": ("mv_dab", True),
    "one way round": ("mv_hip_circle", True),
    "the hands change, the hips too, the order does not": ("mv_floss", True),
    "one hand begins": ("mv_arm_wave", True),
    "lower and lower": ("mv_chicken_wing", True),
}


@pytest.mark.parametrize(("move_id", "sided"), CASES.values(), ids=CASES)
def test_who_has_sides(taxonomy: Taxonomy, move_id: str, sided: bool) -> None:
    assert has_sides(taxonomy.moves[move_id]) is sided


def test_the_moves_without_sides(taxonomy: Taxonomy) -> None:
    straight = without_sides(taxonomy.moves.values())
    assert {name for name, move in taxonomy.moves.items() if not move.mirrorable} < straight < set(taxonomy.moves)


def test_no_move_is_nearly_its_own_mirror_image(taxonomy: Taxonomy) -> None:
    """Twice as strict or five times as lenient a bound would tell the same moves apart."""
    import dancecore.moves.sides as sides

    found = []
    for bound in (0.005, 0.05):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sides, "ITSELF_M", bound)
            found.append(without_sides(taxonomy.moves.values()))
    assert found[0] == found[1]
