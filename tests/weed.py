"""A real S3 server for tests: SeaweedFS from its wheel, which checks signatures and policies."""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import urllib3
from minio import Minio

ACCESS, SECRET = "test-access", "test-secret-never-shown"
BUCKET = "dance"


class Weed:
    """A SeaweedFS in a folder, which holds what it kept when it is killed and started again."""

    def __init__(self, folder: Path) -> None:
        identity = {"name": "test", "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}], "actions": ["Admin"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        master, volume, filer, s3 = _free_ports(4)
        self.folder, self.address = folder, f"127.0.0.1:{s3}"
        self.command = [
            str(Path(sys.executable).parent / "weed"), "server", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}",
            f"-s3.port={s3}", "-s3", f"-s3.config={folder / 's3.json'}", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.server = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        _make_bucket(self.address, time.monotonic() + 60)

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # it was killed already
            os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()


@contextmanager
def weed() -> Iterator[Weed]:
    """A server with the bucket BUCKET."""
    made = Weed(Path(tempfile.mkdtemp(prefix="danceapp-s3-")))
    made.start()
    try:
        yield made
    finally:
        made.kill()
        shutil.rmtree(made.folder)


def _free_ports(count: int) -> list[int]:
    """Ports, held together so that they differ, of which that 10000 above is free too: the server takes it as well."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            with suppress(OSError, OverflowError):
                held.enter_context(socket.create_server(("127.0.0.1", port + 10_000)))
                found.append(port)
    return found


def _make_bucket(endpoint: str, until: float) -> None:
    impatient = urllib3.PoolManager(retries=False, timeout=5)
    client = Minio(endpoint, ACCESS, SECRET, secure=False, region="us-east-1", http_client=impatient)
    while True:
        try:
            if not client.bucket_exists(BUCKET):
                client.make_bucket(BUCKET)
            client.put_object(BUCKET, "ready", io.BytesIO(), 0)
            client.remove_object(BUCKET, "ready")
            impatient.clear()
            return
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
