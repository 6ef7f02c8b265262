"""Bundles for the tests of the registry."""

from typing import Any

import numpy as np

from dancecore.features import FEATURE_VERSION
from dancecore.models.bundle import Bundle
from dancecore.types import OTHER

SCORES = {"seg_IoU": 0.81, "frame_F1": 0.9, "top1_acc": 0.92}


def a_bundle(model_id: str = "mv-0.1.0", **changes: Any) -> Bundle:
    """A bundle that can be registered, with a network that nobody runs."""
    fields: dict[str, Any] = {
        "model_id": model_id, "arch": "tcn", "feature_version": FEATURE_VERSION, "taxonomy": "tx-0.1",
        "labels": (("mv_dab", False), ("mv_dab", True), (OTHER, False)),
        "mean": np.zeros(3, np.float32), "std": np.ones(3, np.float32), "temperature": 1.3,
        "fusion": {"classifier": 0.7}, "mirrored": True, "window": 96, "hop": 48, "metrics": SCORES,
        "train_data": {"clips": 300, "segments": 4000}, "seeds": {"torch": 1}, "git_sha": "abc",
        "command": "danceapp train", "confusion": {"labels": [OTHER], "counts": [[2]]}, "network": model_id.encode(),
    }  # fmt: skip
    return Bundle(**fields | changes)
