"""The composer from clips to practice: index the samples, learn, plan, take everything away, compare a take."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cluster import embedded
from cluster.library import TAXONOMY
from cluster.settings import settings
from cluster.weights import weights_dir
from dancecore.composer.composition import Composition, from_json
from dancecore.composer.dancing import danced
from dancecore.composer.exports.making import EVERY
from dancecore.composer.exports.table import from_csv
from dancecore.composer.filming import film
from dancecore.composer.preview import Stage
from dancecore.moves.taxonomy import load_taxonomy
from jobs.cli import app
from tests.dancecore.composer.test_comparing import BPM, late_at

pytestmark = pytest.mark.slow

CLIPS = Path(__file__).parent.parent / "data/clips"
SHOWN = Stage(480, 480, figure="body", side_deg=0.0)
"""A take as somebody films themselves: from the front."""


def danceapp(*words: str) -> Result:
    said = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert said.exit_code == 0, said.output
    return said


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own in which the samples are indexed."""
    folder = tmp_path_factory.mktemp("composer", numbered=False)
    (folder / "weights").symlink_to(weights_dir().resolve())
    return folder


def filmed(path: Path, made: Composition, *late: int) -> str:
    """A take of the dance, these counts 120 ms late, as a video with clicks."""
    numbers, taxonomy = settings(), load_taxonomy(TAXONOMY)
    motion = danced(made.steps, taxonomy, made.bpm, numbers.media.rate_hz, numbers.composer).motion
    if late:
        motion = late_at(motion, late, 120.0)
    film(path, made, motion, {}, stage=SHOWN)
    return str(path)


def test_from_clips_to_practice(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dancecore.synthetic.mannequin")
    monkeypatch.setenv("DANCEAPP_HOME", str(home))
    monkeypatch.delenv("DANCEAPP_DATABASE_URL", raising=False)
    try:
        danceapp("index", str(CLIPS))
        learned = json.loads(danceapp("choreograph", "--json").stdout)
        assert (learned["dances"], learned["new"]) == (len(list(CLIPS.glob("*.mp4"))), 0), "indexing learned them"
        assert learned["transitions"]
        out = tmp_path / "dance"
        danceapp("compose", "--bars", "8", "--bpm", f"{BPM:g}", "--energy", "build", "--max-difficulty", "2",
                 "--formats", ",".join(EVERY), "--out", str(out))  # fmt: skip
    finally:
        embedded.stop(home / "postgres")
    assert {path.name for path in out.iterdir()} == {f"dance.{name}" for name in EVERY}
    made = from_json((out / "dance.json").read_text())
    assert (made.beats, made.bpm) == (32, BPM)
    assert [(s.move_id, s.beats) for s in from_csv((out / "dance.csv").read_text())] == [
        (s.move_id, s.beats) for s in made.steps
    ]
    assert all(path.stat().st_size > 200 for path in out.iterdir())
    even, late = filmed(tmp_path / "even.mp4", made), filmed(tmp_path / "late.mp4", made, 5, 13)
    same = json.loads(danceapp("compare", even, even, "--bpm", f"{BPM:g}", "--json").stdout)
    assert max(abs(count["late_ms"]) for count in same["counts"]) <= 50, "within a frame"
    assert (same["timing"], same["shape"]) == (1, 1)
    beside = json.loads(danceapp("compare", even, late, "--bpm", f"{BPM:g}", "--json").stdout)
    assert [count["count"] for count in beside["counts"] if count["off_time"]] == [5, 13]
    practised = json.loads(danceapp("compare", str(out / "dance.json"), even, "--json").stdout)
    assert np.mean([abs(count["late_ms"]) <= 50 for count in practised["counts"]]) > 0.9
