"""What is worked out once for each motion, and how much of it is kept."""

import numpy as np
import pytest

from dancecore.moves import memory
from dancecore.moves.memory import once_each
from dancecore.moves.motion import RIG, Motion


def motion(height: float) -> Motion:
    return Motion(np.zeros(1), np.tile(np.eye(3), (1, len(RIG), 1, 1)), np.array([[0.0, height, 0.0]]))


def test_it_is_worked_out_once_and_only_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REMEMBERED", 3)
    asked: list[float] = []

    def work(each: Motion) -> list[float]:
        asked.append(float(each.root[0, 1]))
        return asked[-1:]

    remembered = once_each(work)
    motions = [motion(height) for height in range(5)]
    for each in motions:
        assert remembered(each) is remembered(each)
    assert asked == [0, 1, 2, 3, 4]
    remembered(motions[2])
    remembered(motions[0])
    assert asked == [0, 1, 2, 3, 4, 0], "the first ones were forgotten"


def test_another_motion_in_the_place_of_a_forgotten_one_is_another() -> None:
    """Ids are given again once an object is gone: what is remembered must not be mistaken for what came later."""
    height = once_each(lambda each: float(each.root[0, 1]))
    assert [height(motion(each)) for each in range(50)] == list(range(50))
