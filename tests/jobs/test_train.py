"""Training on Ray: data held out, a killed run that goes on, a bundle that comes out; a search that goes on."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cluster.library import TAXONOMY
from cluster.settings import Settings, TrackingSettings, settings
from dancecore.errors import DanceError
from dancecore.models.bundle import read_bundle
from dancecore.models.frames import labels_of
from dancecore.moves.taxonomy import load_taxonomy
from jobs import runs, tracking
from jobs.training_data import ROW, Data, Source, examples, prepare
from tests.conftest import ROOT

needs_synthetic = pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="needs the extra `synthetic`")
PATIENCE_S = 1200


def numbers(**changes: object) -> Settings:
    return settings().model_copy(update={"train": replace(settings().train, **changes)})


def every_label() -> tuple[tuple[str, bool], ...]:
    return labels_of((move_id, False) for move_id in load_taxonomy(TAXONOMY).moves)


def task(seed: int, split: str) -> dict[str, object]:
    return {"seed": seed, "split": split, "root": "", "name": f"syn_{seed}"}


@needs_synthetic
def test_whom_a_rendered_set_may_hold_is_never_trained_on() -> None:
    source = Source(numbers(people=8, held_out=4), TAXONOMY, every_label())
    rows = {split: [source.row(task(seed, split)) for seed in range(12)] for split in ("train", "validation")}
    numbered = {split: {int(row["creator"].removeprefix("cr_")) for row in made if row} for split, made in rows.items()}
    assert numbered["train"]
    assert min(numbered["train"]) >= 4
    assert max(numbered["validation"]) < 4
    assert None in rows["train"]
    assert None not in rows["validation"]


@needs_synthetic
def test_a_row_is_read_as_the_clip_it_is() -> None:
    source = Source(numbers(), TAXONOMY, every_label())
    table = pa.Table.from_pylist([source.row(task(3, "validation"))], schema=ROW)
    (clip,) = examples(table)
    assert len(clip.labels) > 100
    assert len(set(clip.labels.tolist())) > 1
    assert np.isfinite(clip.inputs).all()


def test_another_training_is_not_mixed_in(tmp_path: Path) -> None:
    data = Data(tmp_path, "feat-1.abc", every_label(), {})
    config = runs.claim(tmp_path / "run", settings().train, data)
    assert runs.claim(tmp_path / "run", settings().train, data) == config
    with pytest.raises(DanceError, match=r"INVALID_INPUT.*learning_rate"):
        runs.claim(tmp_path / "run", replace(settings().train, learning_rate=1.0), data)
    with pytest.raises(DanceError, match=r"INVALID_INPUT.*data_version"):
        runs.claim(tmp_path / "run", settings().train, replace(data, version="feat-1.def"))


def test_a_set_that_does_not_say_who_is_held_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DanceError, match="FILE_NOT_FOUND"):
        prepare(settings(), TAXONOMY, every_label(), tmp_path, [tmp_path])


def test_curves_are_kept_and_drawn(tmp_path: Path) -> None:
    curves = [{"epoch": k, "steps": 10 * k, "frame_loss": 1 / k, "frame_F1": 0.1 * k} for k in (1, 2)]
    runs.save_curves(tmp_path, curves)
    assert runs.read_curves(tmp_path) == curves
    assert (tmp_path / runs.PICTURE).read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="mlflow is installed")
def test_tracking_without_mlflow_is_refused(tmp_path: Path) -> None:
    tracking.log(tmp_path, None, TrackingSettings("", "danceapp"))  # type: ignore[arg-type]  # nobody is told
    with pytest.raises(DanceError, match="MISSING_EXTRA"):
        tracking.log(tmp_path, None, TrackingSettings("file:///tmp/x", "danceapp"))  # type: ignore[arg-type]


SMALL = {
    "CLIPS": "24", "VALIDATION_CLIPS": "6", "PEOPLE": "40", "HELD_OUT": "5", "EPOCHS": "4", "ARCH": "tcn-light",
    "BATCH": "8", "PRECISION": "fp32", "WORKER_THREADS": "1",
}  # fmt: skip


def start(words: str, home: Path, **more: str) -> subprocess.Popen[bytes]:
    """A command as a program in a process group of its own; what it says goes to the file `said` in `home`."""
    home.mkdir(exist_ok=True)
    ours = {"DANCEAPP_HOME": str(home), "PYTHONPATH": str(ROOT), "RAY_worker_niceness": "0"}
    ours |= {f"DANCEAPP_TRAIN__{name}": value for name, value in SMALL.items()} | more
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | ours
    with (home / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "jobs.cli", *words.split()], cwd=ROOT, env=env, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip


def epochs(run: Path) -> int:
    return len(runs.read_curves(run))


@pytest.mark.slow
@needs_synthetic
def test_a_killed_training_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    home = tmp_path / "home"
    assert start(f"train mv-0.0.1 --out {tmp_path / 'whole'}", home).wait(PATIENCE_S) == 0, (home / "said").read_text()
    out = tmp_path / "killed"
    run, deadline = start(f"train mv-0.0.1 --out {out}", home), time.monotonic() + PATIENCE_S
    while not epochs(out / "mv-0.0.1"):
        assert run.poll() is None, (home / "said").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    before = epochs(out / "mv-0.0.1")
    assert 1 <= before < int(SMALL["EPOCHS"])
    (home / "said").write_text("")
    assert start(f"train mv-0.0.1 --out {out}", home).wait(PATIENCE_S) == 0, (home / "said").read_text()
    assert "epoch 1/" not in (home / "said").read_text()  # it went on, and did not begin again
    whole, killed = (read_bundle(folder / "mv-0.0.1" / "bundle") for folder in (tmp_path / "whole", out))
    assert killed.sha256 == whole.sha256
    assert killed.train_data == whole.train_data
    assert json.loads((out / "mv-0.0.1" / "curves.json").read_text()) == json.loads(
        (tmp_path / "whole" / "mv-0.0.1" / "curves.json").read_text()
    )


@pytest.mark.slow
@needs_synthetic
def test_a_search_says_what_it_tried_and_is_not_begun_again(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    home, small = tmp_path / "home", {"DANCEAPP_TUNE__TRIALS": "2", "DANCEAPP_TRAIN__EPOCHS": "2"}
    words = f"tune first --out {tmp_path / 'runs'} --json"
    assert start(words, home, **small).wait(PATIENCE_S) == 0, (home / "said").read_text()
    trials = json.loads((tmp_path / "runs" / "first" / "trials.json").read_text())
    assert len(trials) == 2
    assert trials[0]["frame_F1"] >= trials[1]["frame_F1"]
    assert {"arch", "learning_rate"} <= set(trials[0]["settings"])
    assert start(words, home, **small).wait(PATIENCE_S) == 0, (home / "said").read_text()
    again = json.loads((tmp_path / "runs" / "first" / "trials.json").read_text())
    assert [trial["settings"] for trial in again] == [trial["settings"] for trial in trials]
