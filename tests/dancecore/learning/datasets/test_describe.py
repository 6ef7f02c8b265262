"""Sets are counted by move, person and side, and compared with what is wanted."""

from dataclasses import replace
from pathlib import Path

import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.describe import SIDES, UNKNOWN, describe, entries_of, side_of
from dancecore.learning.datasets.entries import Entry, Label, Split
from dancecore.types import OTHER

WANTED = settings().datasets


def entry(creator: str, *moves: str, views: tuple[float, ...] = (0.0,), split: Split | None = None) -> Entry:
    labels = tuple(Label(1000 * i, 1000 * i + 500, move, i % 2 == 1) for i, move in enumerate(moves))
    return Entry("c", creator, views, 60_000, labels, split, None)


def test_counts() -> None:
    entries = [
        entry("ann", "dab", "dab", OTHER, views=(10.0, 100.0), split="train"),
        entry("bob", "floss", views=(), split="test"),
        entry("ann", "dab", views=(-190.0,), split="train"),
    ]
    found = describe(entries, WANTED)
    assert (found.clips, found.creators, found.minutes, found.other_ms) == (3, 2, 3.0, 500)
    dab, floss = found.moves
    assert (dab.move_id, dab.creators, dab.mirrored, dab.lengths_ms) == ("dab", 1, 1, (500, 500, 500))
    assert dab.splits == {"train": 3}
    assert floss.splits == {"test": 1}
    assert found.sides == {"front": 1, "left": 1, UNKNOWN: 1, "back": 1}
    assert found.yaws == (10.0, 100.0, 170.0)


def test_minutes_are_those_of_which_somebody_said_what_is_danced() -> None:
    told = replace(entry("ann", *["dab", OTHER] * 6), partial=True)
    found = describe([told, entry("bob", "dab")], WANTED)
    assert (found.minutes, found.other_ms) == (1.1, 3000)


@pytest.mark.parametrize(
    ("yaw", "side"),
    [(0, "front"), (44, "front"), (-44, "front"), (46, "left"), (-46, "right"), (179, "back"), (-136, "back")],
)  # fmt: skip
def test_sides(yaw: float, side: str) -> None:
    assert side_of(yaw) == side
    assert side_of(yaw + 360) == side


def test_targets() -> None:
    moves = [f"mv_{i}" for i in range(WANTED.min_moves)]
    enough = [
        entry(f"cr_{i}", *moves, views=(90.0 * (i % WANTED.min_sides),))
        for i in range(max(WANTED.min_creators, WANTED.min_segments))
    ]
    assert all(target.met for target in describe(enough, WANTED).targets)
    missing = {target.name for target in describe(enough[:-1], WANTED).targets if not target.met}
    assert missing == {"segments of the rarest move"}
    assert not any(target.met for target in describe([], WANTED).targets)


def test_no_such_file() -> None:
    with pytest.raises(DanceError) as caught:
        entries_of(Path("nowhere.npz"), settings().media)
    assert caught.value.code == "FILE_NOT_FOUND"


def test_real_packs_and_table(real_data: Path) -> None:
    packs = [describe(entries_of(path, settings().media), WANTED) for path in (real_data / "motion").glob("*.npz")]
    assert sum(found.clips for found in packs) == 1434
    bachata = describe(entries_of(real_data / "video" / "bachata.csv", settings().media), WANTED)
    assert (bachata.clips, len(bachata.moves)) == (76, 16)


def test_side_names() -> None:
    assert {side_of(90 * i) for i in range(4)} == set(SIDES)
