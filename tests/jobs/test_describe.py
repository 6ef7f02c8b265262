"""`danceapp data describe`: a table, JSON, a picture."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from dancecore.learning.datasets.folder import write_entry, write_splits
from dancecore.types import PoseTrack
from jobs.cli import app

TRACK = PoseTrack(
    np.arange(3) * 50_000_000, np.ones((3, 33, 2), np.float32), np.ones((3, 33, 3), np.float32),
    np.ones((3, 33), np.float32), np.zeros(3, np.bool_), 360, 640,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i, (creator, move) in enumerate([("ann", "mv_dab"), ("ann", "mv_floss"), ("bob", "mv_dab")]):
        segments = [{"start_ms": 0, "end_ms": 2000, "move_id": move, "mirror": i == 0}]
        labels = {"video_id": f"c{i}", "taxonomy": "tx-0.1", "fps": 30, "segments": segments, "creator": creator}
        write_entry(tmp_path, labels | {"views": [45.0 * i], "duration_ms": 60_000}, [TRACK], "p")
    write_splits(tmp_path, {"c0": "train", "c1": "train", "c2": "test"}, "dv-1")
    return tmp_path


def test_table(folder: Path) -> None:
    result = CliRunner().invoke(app, ["data", "describe", str(folder)])
    assert result.exit_code == 0, result.output
    assert "mv_dab" in result.output
    assert "3 clips, 2 creators, 3.0 minutes" in result.output
    assert "short segments of the rarest move: 1" in result.output


def test_json(folder: Path) -> None:
    found = json.loads(CliRunner().invoke(app, ["data", "describe", str(folder), "--json"]).output)
    assert found["moves"][0] == {
        "move_id": "mv_dab", "segments": 2, "creators": 2, "mirrored": 1, "minutes": 4 / 60,
        "splits": {"train": 1, "test": 1},
    }  # fmt: skip
    assert found["sides"] == {"front": 2, "left": 1}


def test_picture(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["data", "describe", str(folder), "--png", str(tmp_path / "set.png")])
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "set.png") as picture:
        assert picture.width == 1400


def test_nothing_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["data", "describe", str(tmp_path)])
    assert result.exit_code == 1
    assert "NOT_FOUND" in result.output
