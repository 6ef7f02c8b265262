"""A trained classifier as a folder: its network, and all that is needed to use it, judge it and make it again.

model.onnx        input (B, T, D) and valid (B, T) to logits (B, T, C) and boundary (B, T), any B and T
bundle.json       the fields of `Bundle`, and the sha256 of model.onnx
confusion.json    {labels, counts}: frames of the validation clips, true label by predicted label
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from dancecore.errors import DanceError
from dancecore.features import FEATURE_VERSION
from dancecore.types import OTHER, Float, Reading, check_shape

MODEL, DESCRIPTION, CONFUSION = "model.onnx", "bundle.json", "confusion.json"

MODEL_ID = re.compile(r"mv-\d+\.\d+\.\d+")

SCHEMA = "bundle.v1"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A classifier of C labels over D inputs a frame.

    `network`: the bytes of model.onnx. `labels`: a reading for each logit, the last (OTHER, False). mean, std (D,)
    float32: what the inputs are normalised by. `temperature` > 0 divides the logits. `fusion`: weights of the
    classifier beside other evidence, by name. `mirrored`: whether the mirror image is classified too and averaged.
    `window` and `hop`: frames of the windows that long clips are classified in. `metrics`: on clips that training never
    saw; `train_data` {clips, segments, taxonomy, data_version}.
    """

    model_id: str
    arch: str
    feature_version: str
    taxonomy: str
    labels: tuple[Reading, ...]
    mean: Float
    std: Float
    temperature: float
    fusion: dict[str, float]
    mirrored: bool
    window: int
    hop: int
    metrics: dict[str, float]
    train_data: dict[str, Any]
    seeds: dict[str, int]
    git_sha: str
    command: str
    confusion: dict[str, Any]
    network: bytes

    def __post_init__(self) -> None:
        check_shape("mean", self.mean, (-1,), np.float32)
        check_shape("std", self.std, self.mean.shape, np.float32)
        wrong = [
            said
            for said, so in {
                f"{self.model_id!r} is no model id such as mv-0.1.0": not MODEL_ID.fullmatch(self.model_id),
                f"temperature {self.temperature} must be above 0": not self.temperature > 0,
                "every std must be above 0": not (self.std > 0).all(),
                f"the last label must be {OTHER!r} and no label come twice": not _fit(self.labels),
                f"windows need 0 < hop <= window, not {self.hop}, {self.window}": not 0 < self.hop <= self.window,
            }.items()
            if so
        ]
        if wrong:
            raise DanceError("BAD_BUNDLE", "; ".join(wrong))

    @property
    def sha256(self) -> str:
        """Of the network."""
        return sha256(self.network).hexdigest()

    @classmethod
    def from_json(cls, told: dict[str, Any], confusion: dict[str, Any], network: bytes) -> Self:
        """The bundle that `described` told of. Raises KeyError, TypeError or ValueError for anything else."""
        normalisation = told["normalisation"]
        labels = tuple((OTHER, False) if each == OTHER else (str(each[0]), bool(each[1])) for each in told["labels"])
        return cls(
            labels=labels,
            mean=np.array(normalisation["mean"], np.float32),
            std=np.array(normalisation["std"], np.float32),
            temperature=float(told["temperature"]),
            confusion=confusion,
            network=network,
            **{name: told[name] for name in PLAIN},
        )


PLAIN = (
    "model_id", "arch", "feature_version", "taxonomy", "fusion", "mirrored", "window", "hop", "metrics", "train_data",
    "seeds", "git_sha", "command",
)  # fmt: skip
"""The fields that are in JSON as they are."""


def described(bundle: Bundle) -> dict[str, Any]:
    """What bundle.json says."""
    return {
        "schema": SCHEMA,
        **{name: getattr(bundle, name) for name in PLAIN},
        "labels": [OTHER if move_id == OTHER else [move_id, mirror] for move_id, mirror in bundle.labels],
        "normalisation": {"mean": bundle.mean.tolist(), "std": bundle.std.tolist()},
        "temperature": bundle.temperature,
        "sha256": bundle.sha256,
    }


def write_bundle(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle; the description last, so that a folder that has it is whole. The folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION).unlink(missing_ok=True)
    (folder / MODEL).write_bytes(bundle.network)
    (folder / CONFUSION).write_text(json.dumps(bundle.confusion) + "\n", encoding="utf-8")
    (folder / DESCRIPTION).write_text(json.dumps(described(bundle), indent=1) + "\n", encoding="utf-8")
    return folder


def read_bundle(folder: Path, *, taxonomy: str | None = None) -> Bundle:
    """Read a bundle for the features of this program and, when given, for a version of the taxonomy.

    Raises DanceError: FILE_NOT_FOUND when a file of it is missing, BAD_BUNDLE when it is damaged (the network's sha256
    is another), or was trained on other features, or for another taxonomy.
    """
    for name in (DESCRIPTION, MODEL, CONFUSION):
        if not (folder / name).is_file():
            raise DanceError("FILE_NOT_FOUND", f"there is no {folder / name}")
    network = (folder / MODEL).read_bytes()
    try:
        told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        confusion = json.loads((folder / CONFUSION).read_text(encoding="utf-8"))
        schema, digest = told["schema"], told["sha256"]
        bundle = Bundle.from_json(told, confusion, network)
    except (KeyError, TypeError, ValueError) as error:
        raise DanceError("BAD_BUNDLE", f"{folder}: not a bundle: {error!r}") from error
    for what, got, want in (
        ("schema", schema, SCHEMA),
        ("sha256 of the network", bundle.sha256, digest),
        ("feature version", bundle.feature_version, FEATURE_VERSION),
        ("taxonomy", bundle.taxonomy, taxonomy or bundle.taxonomy),
    ):
        if got != want:
            raise DanceError("BAD_BUNDLE", f"{folder}: its {what} is {got}, not {want}")
    return bundle


def _fit(labels: tuple[Reading, ...]) -> bool:
    return len(labels) > 1 and labels[-1] == (OTHER, False) and len(set(labels)) == len(labels)
