"""kill -9 at each stage: the same command goes on and ends with the rows of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster.database import engine
from tests.conftest import ROOT, database_copy
from tests.jobs.conftest import Rows, stored

pytestmark = pytest.mark.slow
PATIENCE_S = 120
"""A run of three tiny clips takes 10 s on two free cores."""


def artifact(kind: str) -> Callable[[Path, str], bool]:
    return lambda home, said: bool(list(home.glob(f"objects/videos/*/{kind}/*")))


CASES = [
    ("probe", lambda home, said: "probe 1/3" in said, signal.SIGKILL),
    ("pose", artifact("pose"), signal.SIGKILL),
    ("pose", artifact("pose"), signal.SIGINT),  # Ctrl-C
    ("features", artifact("features"), signal.SIGKILL),
    ("segments", artifact("segments"), signal.SIGKILL),
    ("write", lambda home, said: "index 1/3" in said, signal.SIGKILL),
]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import numpy as np

    from dancecore.media.writing import write_video

    folder = tmp_path_factory.mktemp("clips")
    for shade in range(3):
        write_video(folder / f"{shade}.mp4", (np.full((64, 64, 3), 60 * shade, np.uint8) for _ in range(20)), fps=5)
    return folder


@pytest.fixture(scope="module")
def undisturbed(clips: Path, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    with database_copy(postgres_server) as url:
        home = tmp_path_factory.mktemp("home")
        assert start(clips, home, url).wait(PATIENCE_S) == 0
        said = (home / "said").read_text()
        ours = {"probe", "workers", "index", "clips", "pose", "errors"}
        assert {line.split()[0] for line in said.splitlines()} == ours, said
        return stored(engine(url))


@pytest.fixture
def own_database(postgres_url: str) -> Iterator[tuple[str, Engine]]:
    pool = engine(postgres_url)
    yield postgres_url, pool
    pool.dispose()


def start(clips: Path, home: Path, url: str) -> subprocess.Popen[bytes]:
    """The job as a program in a process group of its own; what it says goes to the file `said` in `home`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {
        "DANCEAPP_HOME": str(home), "DANCEAPP_DATABASE_URL": url, "PYTHONPATH": str(ROOT),
        "DANCEAPP_INDEX__REPORT_EVERY_S": "0", "DANCEAPP_INDEX__MANIFEST_EVERY_S": "0",
    }  # fmt: skip
    with (home / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.drive", str(clips)], cwd=ROOT, env=env, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip


@pytest.mark.parametrize(("stage", "reached", "how"), CASES, ids=[f"{case[0]}-{case[2].name}" for case in CASES])
def test_a_killed_run_is_resumed(
    stage: str, reached: Callable[[Path, str], bool], how: signal.Signals, clips: Path, undisturbed: Rows,
    own_database: tuple[str, Engine], tmp_path: Path,
) -> None:  # fmt: skip
    url, pool = own_database
    run = start(clips, tmp_path, url)
    deadline = time.monotonic() + PATIENCE_S
    while not reached(tmp_path, (tmp_path / "said").read_text()):
        assert run.poll() is None, (tmp_path / "said").read_text()
        assert time.monotonic() < deadline, f"{stage} was not reached"
        time.sleep(0.01)
    run.send_signal(how)
    assert run.wait(PATIENCE_S) != 0 or stage == "write"  # the last clip may be written before the signal arrives
    assert stored(pool) != undisturbed or stage == "write"
    assert start(clips, tmp_path, url).wait(PATIENCE_S) == 0, (tmp_path / "said").read_text()
    assert stored(pool) == undisturbed
    assert len([row for row in undisturbed if row[0].startswith("vid_")]) == 3
