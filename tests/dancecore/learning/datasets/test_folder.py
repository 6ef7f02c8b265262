"""Folders of clips: what is written is read, splits keep creators apart and are never reshuffled."""

import errno
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Entry, Label
from dancecore.learning.datasets.folder import (
    SHARES,
    read_folder,
    read_splits,
    split_by_creator,
    write_entry,
    write_splits,
    write_whole,
)
from dancecore.types import PoseTrack

TRACK = PoseTrack(
    np.arange(3) * 50_000_000, np.ones((3, 33, 2), np.float32), np.ones((3, 33, 3), np.float32),
    np.ones((3, 33), np.float32), np.zeros(3, np.bool_), 360, 640,
)  # fmt: skip


def truth(clip: str = "clip_1", **more: Any) -> dict[str, Any]:
    segments = [{"start_ms": 0, "end_ms": 900, "move_id": "mv_dab", "mirror": True}]
    return {"video_id": clip, "taxonomy": "tx-0.1", "fps": 30, "segments": segments, "flags": []} | more


def entry(clip: str, creator: str, *moves: str) -> Entry:
    labels = tuple(Label(1000 * i, 1000 * i + 900, move, None) for i, move in enumerate(moves))
    return Entry(clip, creator, (), 10_000, labels, None, None)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_entry(tmp_path, truth(creator="cr_1", views=[0.0, 90.0], duration_ms=1000), [TRACK], "p1")
    (found,) = read_folder(tmp_path)
    assert (found.clip, found.creator, found.views, found.duration_ms) == ("clip_1", "cr_1", (0.0, 90.0), 1000)
    assert found.labels == (Label(0, 900, "mv_dab", True),)
    np.testing.assert_array_equal(found.track().xy_px, TRACK.xy_px)


def test_only_what_contracts_ask_for(tmp_path: Path) -> None:
    write_entry(tmp_path, truth(), [TRACK], "p1")
    (found,) = read_folder(tmp_path)
    assert (found.creator, found.views, found.duration_ms, found.split) == ("clip_1", (), 900, None)


def test_two_versions_of_the_poses(tmp_path: Path) -> None:
    for pose in ("p1", "p2"):
        write_entry(tmp_path, truth(), [TRACK], pose)
    with pytest.raises(DanceError, match="several versions, name one: p1, p2"):
        read_folder(tmp_path)
    found = read_folder(tmp_path, pose="p2")[0].keypoints
    assert found is not None
    assert found.name == "keypoints_vp2.npz"


def test_a_clip_without_poses(tmp_path: Path) -> None:
    write_entry(tmp_path, truth(), [TRACK], "p1")
    (tmp_path / "videos" / "clip_1" / "pose" / "keypoints_vp1.npz").unlink()
    with pytest.raises(DanceError, match="no poses yet"):
        read_folder(tmp_path)[0].track()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a" / "b.json", b"old")

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a" / "b.json", b"newer")
    assert (tmp_path / "a" / "b.json").read_text() == "old"
    assert len(list((tmp_path / "a").iterdir())) == 1


@pytest.mark.parametrize("clip", ["../up", "a/b", "", ".hidden"])
def test_an_id_cannot_leave_the_folder(tmp_path: Path, clip: str) -> None:
    with pytest.raises(DanceError, match="not the id of a clip"):
        write_entry(tmp_path, truth(clip), [TRACK], "p1")


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{", "cannot be read"), ("[]", "want a JSON object"), ('{"video_id": "a"}', "not ground truth"),
     ('{"video_id": "a", "segments": [{"start_ms": 5, "end_ms": 5, "move_id": "x"}]}', "0 <= start < end")],
)  # fmt: skip
def test_labels_that_are_none(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "videos" / "a" / "labels" / "segments_tx-0.1.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(DanceError, match=reason):
        read_folder(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DanceError) as caught:
        read_folder(tmp_path)
    assert caught.value.code == "NOT_FOUND"


def test_splits_come_back(tmp_path: Path) -> None:
    write_entry(tmp_path, truth(), [TRACK], "p1")
    write_splits(tmp_path, {"clip_1": "test"}, "dv-1")
    assert read_splits(tmp_path) == {"clip_1": "test"}
    assert read_folder(tmp_path)[0].split == "test"


def test_splits_are_not_reshuffled(tmp_path: Path) -> None:
    write_splits(tmp_path, {"a": "test"}, "dv-1")
    write_splits(tmp_path, {"a": "test"}, "dv-1")
    with pytest.raises(DanceError, match="already at data version dv-1"):
        write_splits(tmp_path, {"a": "train"}, "dv-1")
    write_splits(tmp_path, {"a": "train"}, "dv-2")


def test_a_clip_in_two_splits(tmp_path: Path) -> None:
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["a"], "test": ["a"]}))
    with pytest.raises(DanceError, match="more than one split"):
        read_splits(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.sampled_from("abcd"), min_size=1, max_size=4)), max_size=40))
def test_a_creator_is_in_one_split_whatever_the_order(made: list[tuple[int, list[str]]]) -> None:
    entries = [entry(f"clip_{i}", f"cr_{creator}", *moves) for i, (creator, moves) in enumerate(made)]
    splits = split_by_creator(entries)
    assert set(splits) == {each.clip for each in entries}
    assert all(len({splits[e.clip] for e in entries if e.creator == c}) == 1 for c in {e.creator for e in entries})
    assert split_by_creator([replace(each) for each in reversed(entries)]) == splits


def test_splits_have_their_shares_of_every_move() -> None:
    rng = np.random.default_rng(0)
    entries = [entry(f"clip_{i}", f"cr_{i % 60}", *rng.choice(list("abcdefgh"), 5)) for i in range(600)]
    splits = split_by_creator(entries)
    total = Counter(label.move_id for each in entries for label in each.labels)
    for split, share in SHARES.items():
        part = Counter(label.move_id for each in entries if splits[each.clip] == split for label in each.labels)
        for move, n in total.items():
            assert part[move] / n == pytest.approx(share, abs=0.05), (split, move)
