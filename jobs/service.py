"""The service in one command: Ray, the database, the deployments with their workers, and one port."""

import signal
from contextlib import suppress
from importlib import import_module

from cluster.migrate import migrate
from cluster.ray_session import session
from cluster.settings import Settings

WIRING = "serve.app"
"""Found by its name: jobs and serve never import each other."""


def run(settings: Settings, host: str, port: int, address: str | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Raises DanceError: CLUSTER_UNREACHABLE, DATABASE_UNAVAILABLE."""
    from ray import serve

    migrate()
    with session(address, settings.cluster):
        serve.start(http_options={"host": host, "port": port})
        try:
            serve.run(import_module(WIRING).build(settings.serve), name="danceapp", route_prefix="/")
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
