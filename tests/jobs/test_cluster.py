"""On a cluster: by `ray job submit`, on two nodes, and on one node fewer than the run began with."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from cluster.database import engine
from cluster.weights import weights_dir
from dancecore.media.writing import write_video
from tests.conftest import ROOT, database_copy
from tests.jobs.conftest import Rows, stored

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
PATIENCE_S = 180
"""A node is up in 10 s and eight slow clips take 30 s on two free cores."""


@dataclass
class Cluster:
    """Nodes of one core each on this machine, started as the README says, and a database of their own."""

    folder: Path
    url: str
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    gcs: int = 0
    dashboard: int = 0

    def __post_init__(self) -> None:
        self.gcs, self.dashboard = free_port(), free_port()

    @property
    def env(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        return ours | {
            "DANCEAPP_HOME": str(self.folder), "DANCEAPP_DATABASE_URL": self.url, "DANCEAPP_INDEX__REPORT_EVERY_S": "0",
            "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.folder / "ray-token"),
            "PYTHONPATH": str(ROOT), "PATH": f"{BIN}:{os.environ['PATH']}",
        }  # fmt: skip

    def start_head(self) -> None:
        (self.folder / "ray-token").write_text("0123456789abcdef" * 4)
        ports = [f"--port={self.gcs}", f"--dashboard-port={self.dashboard}", f"--ray-client-server-port={free_port()}"]
        self._start("--head", f"--temp-dir={self.folder}", *ports)

    def join(self) -> None:
        self._start(f"--address=127.0.0.1:{self.gcs}")

    def _start(self, *words: str) -> None:
        log = self.folder / f"node-{len(self.nodes)}"
        words = (*words, "--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats", "--block")
        words = (*words, f"--dashboard-agent-listen-port={free_port()}")
        with log.open("wb") as said:
            node = subprocess.Popen([BIN / "ray", "start", *words], env=self.env, stdout=said, stderr=said)
        self.nodes.append(node)
        wait_until(lambda: "Ray runtime started" in log.read_text() or node.poll() is not None, "a node")
        assert node.poll() is None, log.read_text()

    def cut_power(self, node: int) -> None:
        """Kill every process of a node at once."""
        for process in family(self.nodes[node]):
            process.kill()

    def stop(self) -> None:
        everything = [process for node in self.nodes for process in family(node)]
        for process in everything:
            process.kill()
        psutil.wait_procs(everything)
        for node in self.nodes:
            node.wait()

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a program that joins the cluster only if it is told to; what it says goes to the file `said`."""
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen([BIN / words[0], *words[1:]], env=self.env, stdout=said, stderr=said)

    def said(self) -> str:
        return (self.folder / "said").read_text()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("", 0))
        return int(listener.getsockname()[1])


def family(node: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """All processes of a node: those that `ray start` began, and their workers."""
    if node.poll() is not None:
        return []
    parent = psutil.Process(node.pid)
    return [parent, *parent.children(recursive=True)]


def wait_until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, f"{what} was not reached"
        time.sleep(0.05)


@pytest.fixture
def cluster(postgres_url: str) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="danceapp-") as folder:  # pytest's own is too deep for a socket
        cluster = Cluster(Path(folder), postgres_url)
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for shade in range(8):
        frames = (np.full((64, 64, 3), 30 * shade, np.uint8) for _ in range(20))
        write_video(folder / f"slow{shade}.mp4", frames, fps=5)
    return folder


@pytest.fixture(scope="module")
def local(clips: Path, postgres_server: str) -> Rows:
    """The rows of a run on this machine alone."""
    with database_copy(postgres_server) as url, tempfile.TemporaryDirectory() as folder:
        alone = Cluster(Path(folder), url)
        assert alone.run("python", "-m", "tests.jobs.drive", str(clips)).wait(PATIENCE_S) == 0, alone.said()
        return stored(engine(url))


@pytest.mark.parametrize("power_cut", [False, True], ids=["two nodes", "then one"])
def test_nodes_share_the_clips(power_cut: bool, cluster: Cluster, clips: Path, local: Rows) -> None:
    """The same rows as on one machine, also when one of the nodes is gone in the middle."""
    cluster.start_head()
    cluster.join()
    for mark in clips.glob("*.seen-*"):
        mark.unlink()
    run = cluster.run("python", "-m", "tests.jobs.drive", str(clips), f"127.0.0.1:{cluster.gcs}")
    wait_until(lambda: run.poll() is not None or len(seen(clips)) == 2, "work on both nodes")
    assert run.poll() is None, cluster.said()
    if power_cut:
        cluster.cut_power(1)
    assert run.wait(PATIENCE_S) == 0, cluster.said()
    assert stored(engine(cluster.url)) == local
    assert "errors   none" in cluster.said()
    assert len([row for row in local if row[0].startswith("vid_")]) == 8


def seen(clips: Path) -> set[str]:
    """The nodes that quick workers had clips on."""
    return {mark.suffix for mark in clips.glob("*.seen-*")}


def test_a_job_is_submitted(cluster: Cluster) -> None:
    """One core is enough, and nobody submits without the token."""
    if not weights_dir().is_dir():
        pytest.skip(f"no pose weights at {weights_dir()}: make demo fetches them")
    (cluster.folder / "weights").symlink_to(weights_dir())
    cluster.start_head()
    clip = min((ROOT / "tests/data/clips").glob("*.mp4"))
    words = ["job", "submit", f"--address=http://127.0.0.1:{cluster.dashboard}", "--", "danceapp", "index", str(clip)]
    (cluster.folder / "other-token").write_text("f" * 64)
    stranger = cluster.env | {"RAY_AUTH_TOKEN_PATH": str(cluster.folder / "other-token")}
    refused = subprocess.run([BIN / "ray", *words], env=stranger, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "Invalid authentication token" in refused.stderr
    assert cluster.run("ray", *words).wait(PATIENCE_S) == 0, cluster.said()
    assert "clips    1   indexed 1 " in cluster.said()
    assert len(stored(engine(cluster.url))) > 2
