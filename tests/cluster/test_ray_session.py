"""The Ray of a job: tokens stay on, workers get what they need, an absent cluster is one plain error."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import ray_session
from tests.conftest import ROOT


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path / "home"))
    path = ray_session.token_file()
    token = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(token) == 64
    assert ray_session.token_file().read_text() == token
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


ENVIRONMENTS = [
    ("our own Ray checks tokens", True, {}, None),
    ("even where they were turned off", True, {"RAY_AUTH_MODE": "disabled"}, None),
    ("a cluster is shown our token", False, {}, "token"),
    ("unless its owner turned tokens off", False, {"RAY_AUTH_MODE": "disabled"}, "disabled"),
]


@pytest.mark.parametrize(("local", "given", "mode"), [e[1:] for e in ENVIRONMENTS], ids=[e[0] for e in ENVIRONMENTS])
def test_secure(
    local: bool, given: dict[str, str], mode: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without RAY_AUTH_MODE a Ray that is started turns tokens on; test_tokens_are_on sees it do so."""
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name in (*ray_session.WORKER_ENV, "RAY_BACKEND_LOG_LEVEL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    ray_session.secure(local)
    assert os.environ.get("RAY_AUTH_MODE") == mode
    assert ("RAY_AUTH_TOKEN_PATH" in os.environ) == (mode != "disabled")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_secrets_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray shows what it passes on to all who may look."""
    secret = {"DATABASE_URL", "SLACK_URL", "DISCORD_URL", "OIDC_CLIENT_SECRET"}
    for name in (*secret, "POSE__VARIANT"):
        monkeypatch.setenv(f"DANCEAPP_{name}", "heavy")
    passed = ray_session._shared_env()
    assert passed["DANCEAPP_POSE__VARIANT"] == "heavy"
    assert not {f"DANCEAPP_{name}" for name in secret} & set(passed)


@pytest.mark.usefixtures("ray_here")
def test_tokens_are_on() -> None:
    """A program that knows the address and shows another token is turned away."""
    import ray

    address = ray.get_runtime_context().gcs_address
    assert _joins(address, ray_session.token_file().read_text()) == "joined"
    assert _joins(address, "0" * 64).startswith("CLUSTER_UNREACHABLE")


def _joins(address: str, token: str) -> str:
    code = (
        "from cluster.ray_session import session; from cluster.settings import settings\n"
        "from dancecore.errors import DanceError\n"
        "try:\n"
        f"    with session({address!r}, settings().cluster): print('joined')\n"
        "except DanceError as error: print(error)\n"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")} | {"RAY_AUTH_TOKEN": token}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    return (done.stdout + done.stderr).strip()  # Ray itself says nothing


@pytest.mark.usefixtures("ray_here")
def test_workers_keep_to_one_thread_and_keep_their_bytecode() -> None:
    import ray

    names = ["OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "RAY_AUTH_MODE"]
    seen = ray.get(ray.remote(lambda: [os.environ.get(name) for name in names]).remote())
    assert seen == ["1", "", "token"]


@pytest.mark.usefixtures("ray_here")
def test_nodes() -> None:
    (node,) = ray_session.nodes()
    assert node.cpus >= 1
    assert node.memory > 10**8


def test_nobody_at_the_address() -> None:
    code = (
        "from cluster.ray_session import connect; from cluster.settings import settings\n"
        "connect('127.0.0.1:1', settings().cluster)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "DanceError: CLUSTER_UNREACHABLE: no Ray at '127.0.0.1:1'" in done.stderr.splitlines()[-1]
