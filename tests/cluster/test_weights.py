"""Setting the pose weights up: fetched, proved, converted, kept; and what is said when that fails."""

import hashlib
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cluster import weights as setup
from cluster.settings import settings
from dancecore import pose
from dancecore.errors import DanceError
from dancecore.pose.weights import DETECTOR, onnx_path

FULL = "pose_landmark_full"


@pytest.fixture(scope="module")
def published() -> dict[str, bytes]:
    return setup.fetch_raw("full")


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without weights; returns where they will be kept."""
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path / "home"))
    return tmp_path / "home/weights"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: dict[str, bytes]) -> Callable[..., Path]:
    """A registry in a folder: the returned function sets what its wheel holds, and gives the log of downloads."""
    log = tmp_path / "downloads"

    def serve(**changed: bytes) -> Path:
        wheel = tmp_path / "package.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, member in setup.PIP.members.items():
                archive.writestr(member, (published | changed)[name])
        script = f"import shutil; shutil.copy({str(wheel)!r}, '.'); open({str(log)!r}, 'a').write('x')"
        monkeypatch.setattr(setup, "PIP", replace(setup.PIP, command=(sys.executable, "-c", script)))
        return log

    return serve


def failing(monkeypatch: pytest.MonkeyPatch, package: str, *command: str) -> None:
    monkeypatch.setattr(setup, package, replace(getattr(setup, package), command=command))


def test_fetched_once_then_quick(empty_home: Path, registry: Callable[..., Path]) -> None:
    log = registry()
    assert setup.fetch(["full"]) == empty_home
    assert pose.load("full", empty_home, settings().pose, "cpu").version == pose.version("full")
    start = time.perf_counter()
    setup.fetch(["full"])
    assert time.perf_counter() - start < 5
    assert log.read_text() == "x"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "emptied": lambda path: path.write_bytes(b""),
    "one bit turned": lambda path: path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1])),
    "removed": lambda path: path.unlink(),
    "without its digest": lambda path: path.with_suffix(".sha256").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_seen_and_repaired(
    damage: Callable[[Path], object], empty_home: Path, registry: Callable[..., Path]
) -> None:
    registry()
    setup.fetch(["full"])
    path = onnx_path(empty_home, FULL)
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    damage(path)
    with pytest.raises(DanceError, match=r"cluster\.weights") as raised:
        pose.load("full", empty_home, settings().pose, "cpu")
    assert raised.value.code == "WEIGHTS_MISSING"
    setup.fetch(["full"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == whole
    pose.load("full", empty_home, settings().pose, "cpu")


def test_a_damaged_original_is_fetched_again(empty_home: Path, registry: Callable[..., Path]) -> None:
    log = registry()
    setup.fetch(["full"])
    for name in (DETECTOR, FULL):
        (empty_home / f"{name}.tflite").write_bytes(b"half a file")
        onnx_path(empty_home, name).unlink()
    setup.fetch(["full"])
    assert log.read_text() == "xx"


def test_a_package_that_holds_another_file(empty_home: Path, registry: Callable[..., Path]) -> None:
    registry(**{FULL: b"not the network"})
    with pytest.raises(DanceError, match=r"pose_landmark_full in mediapipe==0\.10\.21 is not the file") as raised:
        setup.fetch(["full"])
    assert raised.value.code == "WEIGHTS_UNREACHABLE"
    assert not onnx_path(empty_home, FULL).exists()


def test_no_network(empty_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys; sys.exit('much talk\\nName or service not known')"
    failing(monkeypatch, "PIP", sys.executable, "-c", script)
    assert setup.main(["full"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "pose weights full: mediapipe==0.10.21 could not be fetched, is the network there? (Name or service not known)"
    ]


def test_without_npm_full_goes_on(
    empty_home: Path, registry: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry()
    failing(monkeypatch, "NPM", "npm-that-is-not-there", "pack")
    assert setup.main([]) == 0
    said = capsys.readouterr()
    assert said.out == f"pose weights full: {empty_home}\n"
    reason = f"left out, npm-that-is-not-there is not installed: {setup.NPM.name} needs it"
    assert said.err.splitlines() == [f"pose weights {variant}: {reason}" for variant in ("lite", "heavy")]
    assert setup.main(["lite"]) == 1


def test_unknown_variant(empty_home: Path) -> None:
    with pytest.raises(DanceError, match="lite, full, heavy, not 'huge'") as raised:
        setup.fetch(["huge"])
    assert raised.value.code == "INVALID_INPUT"
