"""The bundles that are shipped: whole, small, and for the moves there are."""

from pathlib import Path

import numpy as np
import pytest

from cluster.library import TAXONOMY
from dancecore.models.bundle import MODEL, read_bundle
from dancecore.models.classify import classify
from dancecore.models.frames import INPUTS, UNKNOWN
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.types import MS, Features

BUNDLES = sorted(TAXONOMY.glob("models/*"))


def test_there_is_one() -> None:
    assert BUNDLES


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_a_shipped_bundle_is_whole_and_small(folder: Path) -> None:
    taxonomy = load_taxonomy(TAXONOMY)
    bundle = read_bundle(folder, taxonomy=taxonomy.semver)
    assert bundle.model_id == folder.name
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 12_000_000
    assert (folder / MODEL).stat().st_size > 100_000
    assert {move_id for move_id, _ in bundle.labels[:-1]} == {
        name for name, move in taxonomy.moves.items() if not move.deprecated
    }
    assert len(bundle.mean) == INPUTS
    assert {"frame_F1", "seg_IoU", "top1_acc"} <= set(bundle.metrics)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_a_shipped_bundle_runs(folder: Path) -> None:
    rng = np.random.default_rng(0)
    values, mask = rng.standard_normal((100, 128)).astype(np.float32), np.ones((100, 33), np.float32)
    scores = classify(Features(np.arange(100) * 50 * MS, values, mask), read_bundle(folder))
    np.testing.assert_allclose(np.exp(scores.logp).sum(1), 1, atol=1e-4)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_where_nobody_is_seen_nothing_is_named(folder: Path) -> None:
    nobody = Features(np.arange(100) * 50 * MS, np.zeros((100, 128), np.float32), np.zeros((100, 33), np.float32))
    scores = classify(nobody, read_bundle(folder))
    assert {scores.readings[k] for k in scores.logp.argmax(1)} == {UNKNOWN}
