"""Which files hold the pose weights, and how they are proved whole. Fetching them is set-up, not done here."""

import hashlib
from pathlib import Path

from dancecore.errors import DanceError

POSE_VERSION = "1"
"""Grows when the same frames may give other landmarks."""

VARIANTS = ("lite", "full", "heavy")
"""The landmark models, quick to accurate."""

DETECTOR = "pose_detection"


def version(variant: str) -> str:
    """The pose version that travels with results, such as "1-full"."""
    return f"{POSE_VERSION}-{landmarks_name(variant).removeprefix('pose_landmark_')}"


def landmarks_name(variant: str) -> str:
    """The name of a variant's landmark model. Raises DanceError("INVALID_INPUT") for an unknown variant."""
    if variant not in VARIANTS:
        raise DanceError("INVALID_INPUT", f"pose variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    return f"pose_landmark_{variant}"


def onnx_path(folder: Path, name: str) -> Path:
    """Where the converted model `name` lies; beside it `.sha256` holds its digest."""
    return folder / f"{name}.v{POSE_VERSION}.onnx"


def digest_path(model: Path) -> Path:
    """The file that holds the sha256 of `model`, written once it was verified."""
    return model.with_suffix(".sha256")


def read_whole(model: Path) -> bytes:
    """The converted model's bytes. Raises DanceError("WEIGHTS_MISSING") if it is not there or not what was written."""
    digest = digest_path(model)
    if not (model.is_file() and digest.is_file()):
        raise DanceError("WEIGHTS_MISSING", f"no pose weights at {model}: run `python -m cluster.weights`")
    data = model.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest.read_text().strip():
        raise DanceError("WEIGHTS_MISSING", f"{model} is damaged: run `python -m cluster.weights`")
    return data
