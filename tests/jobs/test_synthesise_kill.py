"""kill -9 in the middle of a set of keypoints: the same command goes on and ends with the set of an undisturbed run."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="anny is not installed"),
]
CLIPS, PATIENCE_S = 60, 300
"""An undisturbed run takes 20 s on two free cores."""


def start(out: Path, home: Path) -> subprocess.Popen[bytes]:
    """The command as a program in a process group of its own; what it says goes to the file `said` in `home`."""
    ours = {"DANCEAPP_HOME": str(home), "PYTHONPATH": str(ROOT), "DANCEAPP_INDEX__REPORT_EVERY_S": "0"}
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | ours
    words = f"-m jobs.cli synthesise --clips {CLIPS} --keypoints-only --creators 20 --out".split()
    home.mkdir(exist_ok=True)
    with (home / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, *words, out], cwd=ROOT, env=env, stdout=said, stderr=said, start_new_session=True
        )


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def labelled(out: Path) -> int:
    return len(list(out.glob("videos/*/labels/*.json")))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert start(folder / "set", folder).wait(PATIENCE_S) == 0, (folder / "said").read_text()
    assert labelled(folder / "set") == CLIPS
    return contents(folder / "set")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda how: how.name)
def test_a_killed_run_is_resumed(how: signal.Signals, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    out, home = tmp_path / "set", tmp_path / "home"
    run, deadline = start(out, home), time.monotonic() + PATIENCE_S
    while labelled(out) < CLIPS // 4:
        assert run.poll() is None, (home / "said").read_text()
        assert time.monotonic() < deadline, "no clip was made"
        time.sleep(0.01)
    run.send_signal(how)
    assert run.wait(PATIENCE_S) == (130 if how is signal.SIGINT else -signal.SIGKILL)
    said = (home / "said").read_text()
    assert not (out / "index.parquet").exists()
    assert (how is signal.SIGINT) == ("danceapp: interrupted; give the same command again\n" in said)
    assert "Traceback" not in said
    assert start(out, home).wait(PATIENCE_S) == 0, (home / "said").read_text()
    again = (home / "said").read_text()[len(said) :]
    made = re.search(rf"^clips +{CLIPS}   made (\d+) ", again, re.MULTILINE)
    assert made is not None
    assert 0 < int(made[1]) <= CLIPS - CLIPS // 4
    assert contents(out) == undisturbed
