"""What is verified becomes a labelled set: one approval changes it, and what is trained on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Engine

from cluster import accounts, annotations, keys, videos
from cluster.accounts import User
from cluster.database import engine
from cluster.index import write_clip
from cluster.library import TAXONOMY
from cluster.objects import LocalObjects
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.folder import read_folder
from dancecore.models.frames import SKIPPED, UNKNOWN, labels_of
from dancecore.pose.packing import pack_tracks
from dancecore.types import OTHER
from jobs.export import export_verified
from jobs.training_data import ROW, Source, examples
from tests.cluster.stored import V1, catalogue, clip, own
from tests.jobs.quick import dance

LABELS = labels_of([("mv_dab", False), ("mv_dab", True), ("mv_floss", False)])


@pytest.fixture
def pool(postgres_url: str) -> Iterator[Engine]:
    made = engine(postgres_url)
    catalogue(made)
    yield made
    made.dispose()


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


@pytest.fixture
def ann(pool: Engine) -> User:
    return accounts.register(pool, "ann@example.org", "ann", None)


@pytest.fixture
def eve(pool: Engine) -> User:
    accounts.register(pool, "eve@example.org", "eve", None)
    return accounts.set_role(pool, "eve", "annotator")


def indexed(pool: Engine, store: LocalObjects, name: str, owner: User, *spans: tuple[str, int, int]) -> str:
    """The id of a clip that was analysed."""
    video = write_clip(pool, clip(name, *spans)).video_id
    own(pool, name, owner=owner.user_id)
    store.put(keys.keypoints(video, V1.pose), pack_tracks([dance(1)]))
    return video


def said(pool: Engine, by: User, video: str, lo: int, hi: int, move: str, mirror: bool | None = None) -> str:
    return annotations.create(pool, video, by.user_id, lo, hi, move, "", mirror).annotation_id


def trained_on(out: Path, video: str) -> dict[tuple[str, bool] | None, int]:
    """How many frames of a clip count as what in training; None: those that do not count."""
    row = Source(settings(), TAXONOMY, LABELS).row({"root": str(out), "name": video, "seed": 0, "split": "train"})
    (example,) = examples(pa.Table.from_pylist([row], schema=ROW))
    values, counts = np.unique(example.labels, return_counts=True)
    return {None if k == SKIPPED else LABELS[k]: int(n) for k, n in zip(values, counts, strict=True)}


def test_one_approval_changes_what_is_trained_on(
    pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path
) -> None:
    """What is found wrongly is corrected; before the review it changes nothing, after it everything that matters."""
    video = indexed(pool, store, "a.mp4", ann, ("mv_floss", 0, 1000), ("mv_floss", 1000, 2000))
    first = said(pool, ann, video, 0, 1000, "mv_floss")
    correction = said(pool, ann, video, 1000, 2000, "mv_dab", mirror=True)
    annotations.review(pool, first, eve, "approve", "")
    before = export_verified(tmp_path / "before", pool, store, "tx-0.1")
    assert trained_on(tmp_path / "before", video) == {None: 60, ("mv_floss", False): 20}
    annotations.review(pool, correction, eve, "approve", "")
    after = export_verified(tmp_path / "after", pool, store, "tx-0.1")
    assert trained_on(tmp_path / "after", video) == {None: 40, ("mv_floss", False): 20, ("mv_dab", True): 20}
    assert (before.segments, after.segments) == (1, 2)
    assert before.data_version != after.data_version
    versions = [
        json.loads((tmp_path / name / "splits.json").read_text())["data_version"] for name in ("before", "after")
    ]
    assert versions == [before.data_version, after.data_version]


def test_that_it_is_no_known_move_is_trained_on_too(
    pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path
) -> None:
    video = indexed(pool, store, "a.mp4", ann, ("mv_floss", 0, 1000))
    for lo, hi, move in ((0, 1000, OTHER), (1000, 2000, "mv_floss")):
        annotations.review(pool, said(pool, ann, video, lo, hi, move), eve, "approve", "")
    assert [each.move_id for each in annotations.of_video(pool, video, None, 9)] == [OTHER, "mv_floss"]
    assert export_verified(tmp_path / "set", pool, store, "tx-0.1").segments == 2
    assert trained_on(tmp_path / "set", video) == {None: 40, UNKNOWN: 20, ("mv_floss", False): 20}


def test_an_export_replaces_the_one_before(
    pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path
) -> None:
    one = indexed(pool, store, "a.mp4", ann, ("mv_floss", 0, 1000))
    two = indexed(pool, store, "b.mp4", eve, ("mv_floss", 0, 1000))
    names = [said(pool, ann, video, 0, 1000, "mv_floss") for video in (one, two)]
    for name in names:
        annotations.review(pool, name, eve, "approve", "")
    first = export_verified(tmp_path / "set", pool, store, "tx-0.1")
    assert {entry.clip: entry.creator for entry in read_folder(tmp_path / "set")} == {
        one: ann.user_id, two: eve.user_id,
    }  # fmt: skip
    assert export_verified(tmp_path / "set", pool, store, "tx-0.1") == first
    annotations.review(pool, names[0], eve, "reject", "it is a dab")
    export_verified(tmp_path / "set", pool, store, "tx-0.1")
    assert [entry.clip for entry in read_folder(tmp_path / "set")] == [two]


SIDES: dict[str, tuple[bool | None, str, bool | None]] = {
    "as was said": (True, "mv_dab", True),
    "as was found": (None, "mv_dab", False),
    "of another move than was found": (None, "mv_spin", None),
}


@pytest.mark.parametrize("case", SIDES)
def test_which_way_round(
    pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path, case: str
) -> None:  # fmt: skip
    mirror, move, expected = SIDES[case]
    video = indexed(pool, store, "a.mp4", ann, ("mv_dab", 0, 1000))
    annotations.review(pool, said(pool, ann, video, 0, 1000, move, mirror), eve, "approve", "")
    export_verified(tmp_path / "set", pool, store, "tx-0.1")
    (entry,) = read_folder(tmp_path / "set")
    assert [label.mirror for label in entry.labels] == [expected]


def test_where_two_contradict_each_other_the_newer_one_counts(
    pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path
) -> None:
    video = indexed(pool, store, "a.mp4", ann, ("mv_dab", 0, 1000))
    for lo, hi, move in ((0, 1000, "mv_dab"), (500, 1500, "mv_floss"), (1500, 2000, "mv_dab")):
        annotations.review(pool, said(pool, ann, video, lo, hi, move, False), eve, "approve", "")
    export_verified(tmp_path / "set", pool, store, "tx-0.1")
    (entry,) = read_folder(tmp_path / "set")
    assert [(label.start_ms, label.move_id) for label in entry.labels] == [(500, "mv_floss"), (1500, "mv_dab")]


def test_what_is_left_out(pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path) -> None:
    """What nobody verified, what was never analysed, and what its owner deleted."""
    video = indexed(pool, store, "a.mp4", ann, ("mv_dab", 0, 1000))
    name = said(pool, ann, video, 0, 1000, "mv_dab")
    with pytest.raises(DanceError, match="NOT_FOUND"):
        export_verified(tmp_path / "set", pool, store, "tx-0.1")
    annotations.review(pool, name, eve, "approve", "")
    with pytest.raises(DanceError, match="NOT_FOUND"):
        export_verified(tmp_path / "set", pool, store, "tx-9")
    own(pool, "a.mp4", indexed_by=None)
    with pytest.raises(DanceError, match="NOT_FOUND"):
        export_verified(tmp_path / "set", pool, store, "tx-0.1")


def test_a_deleted_video_is_no_example(pool: Engine, store: LocalObjects, ann: User, eve: User, tmp_path: Path) -> None:
    kept, gone = (indexed(pool, store, name, ann, ("mv_dab", 0, 1000)) for name in ("a.mp4", "b.mp4"))
    for video in (kept, gone):
        annotations.review(pool, said(pool, ann, video, 0, 1000, "mv_dab"), eve, "approve", "")
    videos.delete(pool, gone, datetime.now(UTC))
    export_verified(tmp_path / "set", pool, store, "tx-0.1")
    assert [entry.clip for entry in read_folder(tmp_path / "set")] == [kept]


def test_a_folder_of_something_else_is_left_alone(pool: Engine, store: LocalObjects, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(DanceError, match=r"INVALID_INPUT.*another folder"):
        export_verified(tmp_path, pool, store, "tx-0.1")
