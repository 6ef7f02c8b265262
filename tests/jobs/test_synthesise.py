"""The program that makes synthetic clips."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from jobs.synthesise import synthesise

ALL = settings().synthetic
NUMBERS = replace(
    ALL, dance=replace(ALL.dance, seconds=(3.2, 4.5)), scene=replace(ALL.scene, sizes=((64, 96),), fps=(24,))
)
needs_anny = pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="anny is not installed")


@needs_anny
def test_each_seed_becomes_a_clip_with_its_truth(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    paths = synthesise(tmp_path, [5, 3], NUMBERS, with_joints=True)
    assert [path.name for path in paths] == ["syn_000005.mp4", "syn_000003.mp4"]
    for path in paths:
        assert all(path.with_suffix(end).stat().st_size > 0 for end in (".mp4", ".json", ".npz"))
    assert "2/2" in capfd.readouterr().err


@needs_anny
@pytest.mark.slow
def test_processes_make_what_one_makes(tmp_path: Path) -> None:
    alone = synthesise(tmp_path / "one", [1, 2], NUMBERS)
    shared = synthesise(tmp_path / "two", [1, 2], NUMBERS, workers=2)
    for one, two in zip(alone, shared, strict=True):
        assert one.read_bytes() == two.read_bytes()
        assert one.with_suffix(".json").read_text() == two.with_suffix(".json").read_text()


def test_a_seed_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DanceError, match="-4"):
        synthesise(tmp_path, [1, -4], NUMBERS)
    assert not list(tmp_path.iterdir())


def test_a_bad_taxonomy_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "tx").mkdir()
    with pytest.raises(DanceError) as caught:
        synthesise(tmp_path / "out", [1], NUMBERS, taxonomy=tmp_path / "tx")
    assert caught.value.code == "BAD_TAXONOMY"
    assert not (tmp_path / "out").exists()
