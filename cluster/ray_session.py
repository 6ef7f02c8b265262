"""The Ray that a job runs on: one of this machine by default, a cluster by address. Token authentication stays on."""

import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cluster.placement import Node
from cluster.settings import ClusterSettings, home
from dancecore.errors import DanceError

WORKER_ENV = {
    "OMP_NUM_THREADS": "1",  # parallelism is by actors; threads that spin fight over the cores
    "OPENBLAS_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONDONTWRITEBYTECODE": "",  # empty is unset: a worker that finds no bytecode compiles every import again
}

KNOCK_S = 5
"""How long somebody at an address may take to open the door: a lost packet is sent again after 1 and 3 s."""


@contextmanager
def session(address: str | None, settings: ClusterSettings) -> Iterator[list[Node]]:
    """Start or join Ray for a block of code and yield its nodes; leave it (and stop what was started) afterwards.

    `address` wins over `settings.address`, which wins over RAY_ADDRESS; with none of them a Ray of our own is started.
    Raises DanceError("CLUSTER_UNREACHABLE") when there is nobody at the address or it refuses our token.
    """
    connect(address, settings)
    import ray

    try:
        yield nodes()
    finally:
        ray.shutdown()


def connect(address: str | None, settings: ClusterSettings) -> None:
    """Start or join Ray; see `session`, which also leaves it."""
    target = address or settings.address or os.environ.get("RAY_ADDRESS", "")
    secure(local=not target)
    import ray

    if not target:
        ray.init(
            address="local", include_dashboard=False, object_store_memory=settings.object_store_mb * 1_000_000,
            logging_level=logging.ERROR, log_to_driver=False, namespace="danceapp",
        )  # fmt: skip
        return
    try:
        _knock(target)
        ray.init(
            address=target, logging_level=logging.ERROR, log_to_driver=False, namespace="danceapp",
            runtime_env={"env_vars": _shared_env()},
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DanceError("CLUSTER_UNREACHABLE", f"no Ray at {target!r}: {reason}", {"address": target}) from error


def _knock(address: str) -> None:
    """Raise OSError when nobody listens at host:port; Ray itself would ask again for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()


def secure(local: bool) -> None:
    """Set the environment that Ray reads: authentication by token, no usage reports.

    A Ray of our own always checks tokens: starting one, Ray turns them on unless RAY_AUTH_MODE is set. For a cluster
    that is joined, RAY_AUTH_MODE as its owner set it is kept; it is read when Ray is first imported.
    """
    os.environ.update(WORKER_ENV)
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Ray's own log files keep the rest out of the terminal
    if local:
        os.environ.pop("RAY_AUTH_MODE", None)
    if os.environ.get("RAY_AUTH_MODE", "token") == "token" and not os.environ.get("RAY_AUTH_TOKEN"):
        os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(token_file()))
    if not local:
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def token_file() -> Path:
    """The file that holds our token, readable by its owner alone; made with a new token when it is not there."""
    path = home() / "ray-token"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:  # mode 0600
            file.write(secrets.token_hex(32))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)  # whole or not at all, and the first of two processes wins
    return path


def nodes() -> list[Node]:
    """The living nodes of the Ray that this process has joined, in the order of their names."""
    import ray

    found = []
    for node in ray.nodes():
        have = node["Resources"]
        if node["Alive"]:
            found.append(
                Node(node["NodeManagerHostname"], have.get("CPU", 0), have.get("GPU", 0), int(have.get("memory", 0)))
            )
    return sorted(found, key=lambda node: node.name)


def _shared_env() -> dict[str, str]:
    """Workers elsewhere get our settings too; the token stays out, it is theirs already."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("DANCEAPP_")}
    return WORKER_ENV | ours
