"""From segments to steps: gaps, and lengths on the clip's own beats."""

import numpy as np
import pytest

from dancecore.composer.found import beat_at, steps_of
from dancecore.composer.steps import Heard
from dancecore.types import MS, OTHER, SECOND, BeatGrid, Segment

GRID = BeatGrid(120.0, np.array([1000, 1500, 2000, 2600, 3200, 3800]) * MS, 0.8)


def segment(move: str, start_ms: int, end_ms: int, mirror: bool = False) -> Segment:
    return Segment(start_ms * MS, end_ms * MS, move, 0.9, mirror, ())


CASES = [
    ("one after the other", [("a", 0, 2000), ("b", 2000, 3800)], ["a", "b"]),
    ("a short pause", [("a", 0, 2000), (OTHER, 2000, 2900), ("b", 3000, 3800)], ["a", "b"]),
    ("a long stretch that nobody can name", [("a", 0, 1000), (OTHER, 1000, 3000), ("b", 3000, 4000)], ["a", None, "b"]),
    ("a late beginning", [("a", 2000, 3000)], [None, "a"]),
    ("nothing but others", [(OTHER, 0, 9000)], []),
    ("out of order", [("b", 2000, 3000), ("a", 0, 2000)], ["a", "b"]),
]


@pytest.mark.parametrize(("name", "spans", "moves"), CASES, ids=[case[0] for case in CASES])
def test_gaps(name: str, spans: list, moves: list) -> None:
    found = steps_of("vid", [segment(*span) for span in spans], None, 1000)
    assert [step and step.move_id for step in found.steps] == moves
    assert all(step is None or step.beats is None for step in found.steps)


def test_lengths_are_beats_of_the_grid_where_the_tempo_changes_too() -> None:
    found = steps_of("vid", [segment("a", 1010, 1990, True), segment("b", 2000, 3790)], GRID, 1000)
    assert found.steps == (None, Heard("a", 2.0, True), Heard("b", 3.0))


@pytest.mark.parametrize(("ms", "beat"), [(1000, 0), (1250, 0.5), (2300, 2.5), (3800, 5), (0, -2), (4800, 7)])
def test_beats_go_on_outside_of_the_grid(ms: int, beat: float) -> None:
    assert beat_at(GRID, ms * MS) == pytest.approx(beat)
    assert beat_at(BeatGrid(120.0, np.array([], np.int64), 0.1), SECOND) == 2
