"""Which files hold the pose weights, and how they are proved whole. Fetching them is set-up, not done here."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dancecore.errors import DanceError

POSE_VERSION = "2"
"""Grows when the same frames may give other landmarks."""

VARIANTS = ("lite", "full", "heavy")
"""The landmark models, quick to accurate."""

DETECTOR = "pose_detection"
SETUP = "run `python -m cluster.weights`"


@dataclass(frozen=True)
class Network:
    """One published network: the digest of its TFLite file, the outputs kept under new names, its input scaling."""

    sha256: str
    outputs: Mapping[str, str]
    mean: float
    scale: float


def _landmarks(sha256: str) -> Network:
    """Without Identity_2, the segmentation mask, which costs a decoder up to the full 256 x 256."""
    outputs = {"Identity": "landmarks", "Identity_1": "presence", "Identity_3": "heatmap", "Identity_4": "world"}
    return Network(sha256, outputs, 0.0, 1 / 255)


NETWORKS = {
    DETECTOR: Network(
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        {"Identity": "boxes", "Identity_1": "scores"},
        127.5,
        1 / 127.5,
    ),
    "pose_landmark_lite": _landmarks("f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61"),
    "pose_landmark_full": _landmarks("e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"),
    "pose_landmark_heavy": _landmarks("59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"),
}


def version(variant: str) -> str:
    """The pose version that travels with results, such as "1-full"."""
    return f"{POSE_VERSION}-{landmarks_name(variant).removeprefix('pose_landmark_')}"


def landmarks_name(variant: str) -> str:
    """The name of a variant's landmark network. Raises DanceError("INVALID_INPUT") for an unknown variant."""
    if variant not in VARIANTS:
        raise DanceError("INVALID_INPUT", f"pose variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    return f"pose_landmark_{variant}"


def onnx_path(folder: Path, name: str) -> Path:
    """Where the converted network `name` lies; beside it `.sha256` holds its digest."""
    return folder / f"{name}.v{POSE_VERSION}.onnx"


def read_whole(folder: Path, name: str) -> bytes:
    """A converted network. Raises DanceError("WEIGHTS_MISSING") if it is not there or not what was written."""
    path = onnx_path(folder, name)
    digest = path.with_suffix(".sha256")
    if not (path.is_file() and digest.is_file()):
        raise DanceError("WEIGHTS_MISSING", f"no pose weights at {path}: {SETUP}")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest.read_text().strip():
        raise DanceError("WEIGHTS_MISSING", f"{path} is damaged: {SETUP}")
    return data


def write_whole(folder: Path, name: str, data: bytes) -> None:
    """Keep a converted network so that it is seen complete or not at all, whenever this is interrupted."""
    path = onnx_path(folder, name)
    digest = path.with_suffix(".sha256")
    digest.unlink(missing_ok=True)
    write_atomically(path, data)
    write_atomically(digest, hashlib.sha256(data).hexdigest().encode() + b"\n")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is seen with all of `data` or not at all, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
