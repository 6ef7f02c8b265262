"""A bundle is read as it was written, and refused when it is damaged or was made for something else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.features import FEATURE_VERSION
from dancecore.models.bundle import CONFUSION, DESCRIPTION, MODEL, Bundle, described, read_bundle, write_bundle
from dancecore.types import OTHER


def a_bundle(**changes: Any) -> Bundle:
    fields: dict[str, Any] = {
        "model_id": "mv-0.1.0", "arch": "tcn", "feature_version": FEATURE_VERSION, "taxonomy": "tx-0.1",
        "labels": (("mv_dab", False), ("mv_dab", True), (OTHER, False)),
        "mean": np.array([0.5, -1.25, 0.1], np.float32), "std": np.array([1.0, 2.0, 0.3], np.float32),
        "temperature": 1.3, "fusion": {"classifier": 0.7}, "mirrored": True, "window": 96, "hop": 48,
        "metrics": {"frame_F1": 0.9}, "train_data": {"clips": 3, "taxonomy": "tx-0.1"}, "seeds": {"torch": 1},
        "git_sha": "abc", "command": "danceapp train", "confusion": {"labels": [OTHER], "counts": [[2]]},
        "network": b"not really one",
    }  # fmt: skip
    return Bundle(**fields | changes)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    bundle = a_bundle()
    read = read_bundle(write_bundle(bundle, tmp_path / "mv-0.1.0"), taxonomy="tx-0.1")
    assert described(read) == described(bundle)
    assert (read.network, read.confusion, read.labels) == (bundle.network, bundle.confusion, bundle.labels)
    np.testing.assert_array_equal(read.mean, bundle.mean)


WRONG = {
    "a name": {"model_id": "model"},
    "no temperature": {"temperature": 0.0},
    "other comes last": {"labels": ((OTHER, False), ("mv_dab", False))},
    "a label twice": {"labels": (("mv_dab", False), ("mv_dab", False), (OTHER, False))},
    "a column that never varies": {"std": np.array([1.0, 0.0, 1.0], np.float32)},
    "windows that leave gaps": {"hop": 97},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_what_is_no_bundle_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DanceError, match="BAD_BUNDLE"):
        a_bundle(**changes)


def test_normalisation_fits_together() -> None:
    with pytest.raises(DanceError, match="std must be"):
        a_bundle(std=np.ones(2, np.float32))


def edit(folder: Path, **changes: Any) -> None:
    told = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(told | changes))


DAMAGE = {
    "another network": lambda folder: (folder / MODEL).write_bytes(b"another"),
    "other features": lambda folder: edit(folder, feature_version="fv-0"),
    "a later form": lambda folder: edit(folder, schema="bundle.v2"),
    "another taxonomy": lambda folder: edit(folder, taxonomy="tx-0.2"),
    "half a file": lambda folder: (folder / DESCRIPTION).write_text('{"schema": "bundle.v1", '),
    "a field less": lambda folder: edit(folder, labels=None),
    "a list": lambda folder: (folder / DESCRIPTION).write_text("[]"),
    "no confusion table": lambda folder: (folder / CONFUSION).write_text("no"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_bundle_is_refused(damage: Any, tmp_path: Path) -> None:
    folder = write_bundle(a_bundle(), tmp_path)
    damage(folder)
    with pytest.raises(DanceError, match="BAD_BUNDLE"):
        read_bundle(folder, taxonomy="tx-0.1")


@pytest.mark.parametrize("name", [MODEL, DESCRIPTION, CONFUSION])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    folder = write_bundle(a_bundle(), tmp_path)
    (folder / name).unlink()
    with pytest.raises(DanceError, match=f"FILE_NOT_FOUND.*{name}"):
        read_bundle(folder)


def test_any_taxonomy_will_do_when_none_is_asked_for(tmp_path: Path) -> None:
    assert read_bundle(write_bundle(replace(a_bundle(), taxonomy="tx-9"), tmp_path)).taxonomy == "tx-9"
