"""Sets of synthetic dances: whole, resumable, the same from the same recipe, and never another in the same folder."""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cluster.library import TAXONOMY
from cluster.settings import Settings, settings
from cluster.weights import weights_dir
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import SPLITS
from dancecore.learning.datasets.folder import (
    joints_path,
    keypoints_path,
    labels_path,
    read_folder,
    read_splits,
    video_path,
)
from dancecore.learning.datasets.joints import read_joints
from dancecore.media import probe
from dancecore.types import MS
from jobs.data_commands import synthesise as command
from jobs.making import Maker, Order, room_in
from jobs.synthesise import Made, fill, make_samples, ordered, print_made
from jobs.synthetic_set import SET_FILE, Recipe, claim, in_batches, stamped, with_creators
from tests.jobs.making_quickly import QuickMaker

needs_anny = pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="anny is not installed")
WEIGHTS = weights_dir()
"""Before a fixture sets another home."""

SIX = Recipe("keypoints", first_seed=0, clips=6)
TWELVE = Recipe("keypoints", first_seed=3, clips=12)


@pytest.fixture
def numbers() -> Settings:
    """Settings for small sets: few in a batch, few creators, short clips of small pictures."""
    every = settings()
    synthetic = with_creators(every, 4).synthetic
    synthetic = replace(
        synthetic,
        dance=replace(synthetic.dance, seconds=(3.2, 4.5)),
        scene=replace(synthetic.scene, sizes=((96, 128),), fps=(24,)),
    )
    cluster = replace(every.cluster, observed_per_batch=3)
    return every.model_copy(update={"synthetic": synthetic, "cluster": cluster})


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a set, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(out: Path) -> list[dict]:
    return pq.read_table(out / "index.parquet").to_pylist()


def one_by_one(order: Order) -> list[dict]:
    """What the job does, in this process."""
    maker = Maker(order)
    return [maker.ready(row) for table in in_batches(order.recipe, 1) for row in table.to_pylist()]


# What a set is made of


def changed(recipe: Recipe, numbers: Settings, semver: str = "tx-0.1") -> str:
    return str(stamped(recipe, numbers, semver)["data_version"])


def test_the_same_recipe_is_the_same_version(numbers: Settings) -> None:
    again = numbers.model_copy(
        update={"synthetic": replace(numbers.synthetic, sample_seeds=(1,)), "pose": replace(numbers.pose, threads=7)}
    )
    assert changed(SIX, numbers) == changed(replace(SIX), again)


OTHERS: list[tuple[str, Callable[[Recipe, Settings, Path], tuple[Recipe, Settings]]]] = [
    ("seeds", lambda r, n, tx: (replace(r, first_seed=1), n)),
    ("clips", lambda r, n, tx: (replace(r, clips=7), n)),
    ("form", lambda r, n, tx: (replace(r, form="video"), n)),
    ("creators", lambda r, n, tx: (r, with_creators(n, 5))),
    ("errors", lambda r, n, tx: (r, n.model_copy(update={"observe": replace(n.observe, missed_share=0.5)}))),
    ("a move", lambda r, n, tx: (replace(r, taxonomy=tx), n)),
]


@pytest.mark.parametrize(("what", "other"), OTHERS, ids=[name for name, _ in OTHERS])
def test_another_recipe_is_another_version(
    what: str, other: Callable[[Recipe, Settings, Path], tuple[Recipe, Settings]], numbers: Settings, tmp_path: Path
) -> None:
    shutil.copytree(TAXONOMY, tmp_path / "tx", ignore=shutil.ignore_patterns("templates", "exemplars"))
    (tmp_path / "tx" / "mv_new.yaml").write_text("another move")
    assert changed(*other(SIX, numbers, tmp_path / "tx")) != changed(SIX, numbers)


def test_poses_are_no_part_of_the_version(numbers: Settings) -> None:
    videos = Recipe("video", 0, 6)
    assert changed(replace(videos, poses=True), numbers) == changed(videos, numbers)


def test_a_folder_is_claimed_once(tmp_path: Path, numbers: Settings) -> None:
    out, mine = tmp_path / "set", stamped(SIX, numbers, "tx-0.1")
    claim(out, mine)
    claim(out, mine)
    with pytest.raises(DanceError) as caught:
        claim(out, stamped(replace(SIX, clips=7, first_seed=2), numbers, "tx-0.1"))
    assert caught.value.code == "INVALID_INPUT"
    assert caught.value.details["differs"] == "first_seed 0, not 2, clips 6, not 7"
    assert json.loads((out / SET_FILE).read_text())["data_version"] == mine["data_version"]


def test_clips_of_others_are_left_alone(tmp_path: Path, numbers: Settings) -> None:
    (tmp_path / "videos").mkdir()
    with pytest.raises(DanceError, match="no known data version"):
        claim(tmp_path, stamped(SIX, numbers, "tx-0.1"))


def test_batches_hold_every_clip_once() -> None:
    tables = in_batches(replace(SIX, clips=7), 3)
    assert [len(table) for table in tables] == [3, 3, 1]
    clips = [row["clip"] for table in tables for row in table.to_pylist()]
    assert clips == [f"syn_{seed:06d}" for seed in range(7)]


def test_a_bad_taxonomy_is_refused_before_any_work(tmp_path: Path, numbers: Settings) -> None:
    (tmp_path / "tx").mkdir()
    with pytest.raises(DanceError) as caught:
        ordered(tmp_path / "out", replace(SIX, taxonomy=tmp_path / "tx"), numbers)
    assert caught.value.code == "BAD_TAXONOMY"
    assert not (tmp_path / "out").exists()


def test_only_videos_can_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    import typer

    with pytest.raises(typer.Exit):
        command(keypoints_only=True, poses=True)
    assert capsys.readouterr().err.startswith("danceapp: INVALID_INPUT: --poses")


# The job, with clips that take no time


@pytest.fixture
def make(numbers: Settings, ray_here: None) -> Callable[[Path], Made]:
    return lambda out: fill(ordered(out, TWELVE, numbers), QuickMaker)


@pytest.fixture
def undisturbed(make: Callable[[Path], Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole set, made once."""
    out = tmp_path_factory.getbasetemp() / "undisturbed"
    if not out.exists():
        make(out)
    return out


def test_a_whole_set(make: Callable[[Path], Made], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result, index = make(tmp_path), rows(tmp_path)
    assert "synthesise 12/12" in capfd.readouterr().err
    assert (result.made, result.counts["clips"], result.counts["creators"], result.counts["moves"]) == (12, 12, 5, 3)
    assert [row["seed"] for row in index] == list(range(3, 15))
    assert {row["data_version"] for row in index} == {result.data_version}
    listed = {file["path"]: (file["sha256"], file["bytes"]) for row in index for file in row["files"]}
    below = {name: data for name, data in contents(tmp_path).items() if name.startswith("videos/")}
    assert listed == {name: (sha256(data).hexdigest(), len(data)) for name, data in below.items()}
    assert len(listed) == 3 * 12
    splits = read_splits(tmp_path)
    assert {row["clip"]: row["split"] for row in index} == splits
    assert [entry.split for entry in read_folder(tmp_path)] == [row["split"] for row in index]
    assert result.splits == {name: list(splits.values()).count(name) for name in SPLITS}
    for creator in {row["creator"] for row in index}:
        assert len({splits[row["clip"]] for row in index if row["creator"] == creator}) == 1
    said = json.loads((tmp_path / SET_FILE).read_text())
    assert (said["data_version"], said["counts"], said["poses"]) == (result.data_version, result.counts, ["obs-1"])
    assert said["packages"]["numpy"] == np.__version__


def test_what_is_missing_is_made_again_and_nothing_else(
    make: Callable[[Path], Made], undisturbed: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(undisturbed, tmp_path / "set")
    times = {path: path.stat().st_mtime_ns for path in (out / "videos").rglob("*.*")}
    shutil.rmtree(out / "videos" / "syn_000003")
    labels_path(out, "syn_000004", "tx-0.1").unlink()
    joints_path(out, "syn_000005").write_bytes(b"")
    keypoints_path(out, "syn_000006", "obs-1").unlink()
    joints_path(out, "syn_000007").with_name(".joints.npz.1234abcd").write_bytes(b"of a worker that was killed")
    assert make(out).made == 4
    assert contents(out) == contents(undisturbed)
    kept = [path for path in times if path.parts[-3] not in [f"syn_00000{n}" for n in (3, 4, 5, 6)]]
    assert len(kept) == 3 * 8
    assert all(path.stat().st_mtime_ns == times[path] for path in kept)


def test_a_run_that_dies_and_fails_ends_as_an_undisturbed_one(
    make: Callable[[Path], Made], undisturbed: Path, tmp_path: Path
) -> None:
    """One clip kills the first worker that makes it, another every one; then the disk is full; then all is well."""
    stumble, poison, full = (tmp_path / name for name in ("stumble-5", "poison-7", "full-7"))
    stumble.touch(), poison.touch()
    with pytest.raises(DanceError) as caught:
        make(tmp_path)
    assert (caught.value.code, caught.value.details) == ("WORKER_DIED", {"clips": ["syn_000007"]})
    assert not stumble.exists()
    assert not (tmp_path / "index.parquet").exists()
    poison.rename(full)
    with pytest.raises(DanceError) as caught:
        make(tmp_path)
    assert caught.value.code == "STORAGE_FULL"
    assert not labels_path(tmp_path, "syn_000007", "tx-0.1").exists()
    full.unlink()
    assert make(tmp_path).made == 1
    assert contents(tmp_path) == contents(undisturbed)


def test_other_failures_of_the_system_are_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), room_in(tmp_path):
        raise PermissionError(13, "Permission denied")


# Real clips


@needs_anny
def test_keypoints(tmp_path: Path, numbers: Settings, ray_here: None) -> None:
    order = ordered(tmp_path / "one", SIX, numbers)
    alone = one_by_one(order)
    assert all(row["made"] for row in alone)
    for entry in read_folder(order.out):
        track, joints = entry.track(), read_joints(joints_path(order.out, entry.clip))
        truth = json.loads(labels_path(order.out, entry.clip, "tx-0.1").read_text())
        assert truth["data_version"] == order.data_version
        assert {"fps", "flags", "beats_ms", "bpm", "knobs"} <= truth.keys()
        assert entry.creator == truth["knobs"]["dancers"][0]["creator"]
        assert list(entry.views) == [view["yaw"] for view in truth["knobs"]["scene"]["views"]]
        assert entry.labels[-1].end_ms == entry.duration_ms == pytest.approx(len(track) * 50, abs=100)
        np.testing.assert_array_equal(track.time_ns, joints.time_ns)
        off = np.linalg.norm(track.xy_px - joints.xy_px[0], axis=-1)
        assert np.nanmedian(off) < 0.05 * np.median(np.ptp(joints.xy_px[0][..., 1], axis=1))
    result = fill(ordered(tmp_path / "two", SIX, numbers))
    assert result.made == 6
    ours = {name: data for name, data in contents(tmp_path / "two").items() if name.startswith("videos/")}
    assert ours == {name: data for name, data in contents(tmp_path / "one").items() if name.startswith("videos/")}


@needs_anny
@pytest.mark.skipif(not WEIGHTS.is_dir(), reason="no pose weights: make demo fetches them")
def test_videos_and_then_their_poses(tmp_path: Path, numbers: Settings) -> None:
    videos = Recipe("video", 1, 2)
    plain = ordered(tmp_path, videos, numbers)
    assert all(row["made"] for row in one_by_one(plain))
    seen = {path: path.read_bytes() for path in (tmp_path / "videos").rglob("*.*")}
    for entry in read_folder(tmp_path):
        info = probe(video_path(tmp_path, entry.clip), numbers.media)
        joints = read_joints(joints_path(tmp_path, entry.clip))
        assert (info.width, info.height, round(info.fps, 3)) == (96, 128, 24.0)
        assert info.duration_ms == pytest.approx(entry.duration_ms, abs=1000 / 24 + 1)
        assert joints.time_ns[-1] // MS == pytest.approx(info.duration_ms - 1000 / 24, abs=2)
    looked = replace(ordered(tmp_path, replace(videos, poses=True), numbers), weights=WEIGHTS)
    assert [row["made"] for row in one_by_one(looked)] == [True, True]
    assert [row["made"] for row in one_by_one(looked)] == [False, False]
    assert {path: path.read_bytes() for path in seen} == seen
    assert all(len(entry.track()) > 50 for entry in read_folder(tmp_path, pose=looked.pose))


@needs_anny
def test_samples_are_plain_files(tmp_path: Path, numbers: Settings) -> None:
    (path,) = make_samples(replace(numbers.synthetic, sample_seeds=(5,)), tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["syn_000005.json", "syn_000005.mp4"]
    assert json.loads(path.with_suffix(".json").read_text())["video_id"] == path.stem


def test_how_a_run_ended(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    counts = {"clips": 20, "creators": 4, "moves": 30, "segments": 90, "seconds": 240, "bytes": 1}
    print_made(tmp_path, Made("syn-1.0", counts, {"train": 14, "validation": 3, "test": 3}, made=5, seconds=10.0))
    assert capsys.readouterr().out.splitlines() == [
        "clips    20   made 5 in 10 s   0.5 clips/s",
        "set      4 minutes   30 moves   4 creators   train 14, validation 3, test 3",
        f"version  syn-1.0 in {tmp_path}",
    ]


FULL_DISK = """
import resource, sys
from pathlib import Path
from cluster.settings import settings
from dancecore.errors import DanceError
from jobs.making import Maker
from jobs.synthesise import ordered
from jobs.synthetic_set import Recipe, in_batches
out = Path(sys.argv[1])
maker = Maker(ordered(out, Recipe(sys.argv[2], 0, 1), settings()))
(row,) = in_batches(maker.order.recipe, 1)[0].to_pylist()
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # the system itself stops the write half way
try:
    maker.ready(row)
except DanceError as error:
    print(error.code, sorted(path.name for path in (out / "videos").rglob("*.*")))
"""


@needs_anny
@pytest.mark.parametrize("form", ["keypoints", "video"])
def test_a_disk_that_is_full_in_the_middle_of_a_file(form: str, tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path), form], capture_output=True, text=True)
    assert ran.stdout == "STORAGE_FULL []\n", ran.stderr
