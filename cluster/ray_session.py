"""The Ray that a job runs on: one of this machine by default, a cluster by address. Token authentication stays on."""

import logging
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from cluster.placement import Node
from cluster.settings import ClusterSettings, Settings, home
from dancecore.errors import DanceError

WORKER_ENV = {
    "OMP_NUM_THREADS": "1",  # parallelism is by actors; threads that spin fight over the cores
    "OPENBLAS_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_LOG_LEVEL": "ERROR",  # it tells of every step on stderr
    "PYTHONDONTWRITEBYTECODE": "",  # empty is unset: a worker that finds no bytecode compiles every import again
}

SECRETS = {f"DANCEAPP_{name.upper()}" for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
"""Settings that stay on the machine where they are set."""

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
    if not target:
        _init(address="local", include_dashboard=False, object_store_memory=settings.object_store_mb * 1_000_000)
        return
    try:
        _knock(target)
        os.environ["RAY_OVERRIDE_JOB_RUNTIME_ENV"] = "1"  # `ray job submit` may have set what we pass on, to the same
        _init(address=target, runtime_env={"env_vars": _shared_env()})
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DanceError("CLUSTER_UNREACHABLE", f"no Ray at {target!r}: {reason}", {"address": target}) from error


def _init(**where: Any) -> None:
    """Join or start Ray, which then speaks on the terminal only when we call it in vain."""
    import ray
    import ray._private.worker

    with _without("Set ray log level from environment variable"):
        ray.init(logging_level=logging.ERROR, log_to_driver=False, namespace="danceapp", **where)
    ray._private.worker._worker_logs_enabled = False  # else it tells on stdout, even where JSON goes, who was restarted


@contextmanager
def _without(words: str) -> Iterator[None]:
    """Keep lines with these words off stderr; what else is said there, by C++ code too, is passed on at the end."""
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            said.seek(0)
            for line in said:
                if words.encode() not in line:
                    os.write(2, line)


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
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # restarts are ours to report, see jobs.guard
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
    """Workers elsewhere get our settings too, but no secret: Ray shows this to all who may look."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("DANCEAPP_") and name not in SECRETS}
    return WORKER_ENV | ours
