"""`danceapp compare`: compositions beside each other, what is printed and drawn; and filmed takes (slow)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cluster.library import TAXONOMY
from cluster.settings import settings
from dancecore.composer.composition import Composition, to_json
from dancecore.composer.dancing import at_rate, danced
from dancecore.composer.steps import Step
from dancecore.media.writing import write_video
from dancecore.moves.body import joints
from dancecore.moves.draw import fitting
from dancecore.moves.taxonomy import load_taxonomy
from jobs.cli import app
from tests.dancecore.composer.test_comparing import late_at

NOW = datetime(2026, 11, 28, tzinfo=UTC)
STEPS = (Step("mv_floss", 4), Step("mv_running_man", 4), Step("mv_two_step", 4, True), Step("mv_swim", 4))


def danceapp(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def written(folder: Path, name: str, *steps: Step) -> Path:
    path = folder / name
    path.write_text(to_json(Composition("x", 112.0, steps, "tx-0.1", NOW)))
    return path


def test_compositions_beside_each_other(tmp_path: Path) -> None:
    one = written(tmp_path, "one.json", *STEPS)
    other = written(tmp_path, "other.json", *STEPS[:1], Step("mv_running_man", 4), Step("mv_clap", 4), STEPS[3])
    same = danceapp("compare", str(one), str(one))
    assert same.exit_code == 0, same.output
    assert same.stdout == "timing 100%, shape 100%; all of the take is +0 ms later\nno count differs\n"
    png = tmp_path / "differs.png"
    found = danceapp("compare", str(one), str(other), "--png", str(png), "--json")
    counts = json.loads(found.stdout)["counts"]
    assert len(counts) == 16
    assert {c["count"] for c in counts if c["off_shape"]} <= {8, 9, 10, 11, 12, 13}
    assert any(c["off_shape"] for c in counts[9:12])
    picture = cv2.imread(str(png))
    assert picture.shape == (600, 1200, 3)
    assert ((picture[300:].max(axis=2).astype(int) - picture[300:].min(axis=2)) > 90).sum() > 300, "figures in colour"
    assert "°" in danceapp("compare", str(one), str(other)).stdout


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    one = written(tmp_path, "one.json", *STEPS)
    (tmp_path / "bad.json").write_text("{}")
    for words, line in [((one, "none.mp4"), "FILE_NOT_FOUND"), ((tmp_path / "bad.json", one), "INVALID_INPUT")]:
        said = danceapp("compare", *map(str, words))
        assert said.exit_code == 1
        assert said.stderr.startswith(f"danceapp: {line}: ")


@pytest.mark.slow
def test_filmed_takes(tmp_path: Path) -> None:
    """A rendered dancer seen by BlazePose: with itself within a frame, and where counts 5 and 13 come 120 ms late."""
    mannequin = pytest.importorskip("dancecore.synthetic.mannequin")
    numbers, taxonomy = settings(), load_taxonomy(TAXONOMY)
    motion = danced(STEPS, taxonomy, 112.0, numbers.media.rate_hz, numbers.composer).motion
    paths = []
    for name, each in (("even.mp4", motion), ("late.mp4", late_at(motion, (5, 13), 120.0))):
        shown = at_rate(each, 112.0, 25)
        camera = fitting(joints(shown), 360, 480, 0.0)
        paths.append(tmp_path / name)
        write_video(paths[-1], mannequin.preview(each, np.array(shown.beats), camera), 25)
    even, late = map(str, paths)
    model = str(written(tmp_path, "dance.json", *STEPS))
    same = json.loads(danceapp("compare", even, even, "--bpm", "112", "--json").stdout)
    assert max(abs(c["late_ms"]) for c in same["counts"]) <= 50
    assert same["shape"] == 1
    for beside in ((even, "--bpm", "112"), (model,)):
        found = json.loads(danceapp("compare", beside[0], late, *beside[1:], "--json").stdout)
        assert [c["count"] for c in found["counts"] if c["off_time"]] == [5, 13], beside
