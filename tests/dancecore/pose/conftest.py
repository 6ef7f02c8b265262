"""The pose model, and people to look at."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from cluster.settings import settings
from cluster.weights import fetch
from dancecore import pose
from dancecore.media import frames
from dancecore.pose import PoseModel
from dancecore.types import Image


@pytest.fixture(scope="session")
def model() -> PoseModel:
    return pose.load("full", fetch(["full"]), settings().pose, "cpu")


def twelve(clip: Path) -> Image:
    """(12, H, W, 3): the first pictures of a clip at the analysis rate."""
    return np.stack(list(islice((image for batch in frames(clip, 20) for image in batch.images), 12)))


@pytest.fixture(scope="session")
def squats(real_data: Path) -> Image:
    """(12, 1280, 720, 3): a real person doing squats, at the analysis rate."""
    return twelve(real_data / "video/solo/pose_squats.mp4")


@pytest.fixture(scope="session")
def poses(real_data: Path) -> Image:
    """(12, 576, 576, 3): the same person elsewhere."""
    return twelve(real_data / "video/solo/pose_1.mp4")


@pytest.fixture(scope="session")
def couple(squats: Image) -> Image:
    """(12, 1280, 1440, 3): the person of `squats` twice, side by side."""
    return np.concatenate([squats, squats], axis=2)
