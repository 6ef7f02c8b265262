import numpy as np
import pytest

from dancecore.features.columns import (
    COLUMN_JOINTS,
    COLUMNS,
    GROUPS,
    MIRROR_FROM,
    MIRROR_SIGN,
    SCALE,
    confidence,
)
from dancecore.skeleton import INDEX, JOINTS, TWIN

SIZES = {"angles": 24, "motion": 48, "distances": 18, "symmetry": 12, "energy": 6, "view_robust": 20}


@pytest.mark.parametrize(("group", "size"), SIZES.items())
def test_group_has_its_size_and_stands_together(group: str, size: int) -> None:
    assert [c.group for c in COLUMNS[GROUPS[group]]] == [group] * size


def test_names_are_unique_and_every_joint_exists() -> None:
    assert len({c.name for c in COLUMNS}) == len(COLUMNS) == 128
    assert all(c.joints and set(c.joints) <= set(JOINTS) for c in COLUMNS)
    assert (SCALE > 0).all()


def test_mirror_rule_is_an_involution() -> None:
    assert (MIRROR_FROM[MIRROR_FROM] == np.arange(128)).all()
    assert (MIRROR_SIGN * MIRROR_SIGN[MIRROR_FROM] == 1).all()


def test_a_column_and_its_twin_measure_twin_joints() -> None:
    assert (COLUMN_JOINTS[MIRROR_FROM] == COLUMN_JOINTS[:, TWIN]).all()
    assert (SCALE[MIRROR_FROM] == SCALE).all()


def test_confidence_is_that_of_the_worst_joint() -> None:
    mask = np.ones((2, 33), np.float32)
    mask[1, INDEX["left_wrist"]] = 0.25
    trust = confidence(mask)
    assert (trust[0] == 1).all()
    assert (trust[1] == np.where(COLUMN_JOINTS[:, INDEX["left_wrist"]], 0.25, 1)).all()
