"""The two networks of BlazePose, ready to run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from dancecore.pose import weights
from dancecore.pose.session import choose, open_session
from dancecore.settings import PoseSettings


@dataclass(frozen=True, slots=True)
class PoseModel:
    """A loaded pose model: where it runs ("cpu" or "cuda"), which variant and version it is. Not to be pickled.

    `batch` is how many inferences one call makes at most.
    """

    variant: str
    provider: str
    version: str
    batch: int
    detector: ort.InferenceSession
    landmarks: ort.InferenceSession


def load(variant: str, folder: Path, settings: PoseSettings, provider: str = "auto") -> PoseModel:
    """Load `variant` (lite, full, heavy) from the folder that set-up filled.

    Raises DanceError: "WEIGHTS_MISSING" when set-up has not run or a file is damaged, "PROVIDER_MISSING" when CUDA
    is asked for and absent, "INVALID_INPUT" for an unknown variant or provider. OpenCV's threads in this process are
    set to the same number.
    """
    cv2.setNumThreads(settings.threads)
    names = (weights.DETECTOR, weights.landmarks_name(variant))
    data = [weights.read_whole(folder, name) for name in names]
    detector, landmarks = (open_session(model, settings, provider) for model in data)
    chosen = choose(provider)
    batch = settings.batch_cuda if chosen == "cuda" else settings.batch_cpu
    return PoseModel(variant, chosen, weights.version(variant), batch, detector, landmarks)


def forward(model: PoseModel) -> None:
    """One inference of the landmark network, of a grey picture: the least that a model in health can do."""
    taken = model.landmarks.get_inputs()[0]
    model.landmarks.run(None, {taken.name: np.full([1, *taken.shape[1:]], 128, np.uint8)})


def run(
    session: ort.InferenceSession, outputs: Sequence[str], images: NDArray[np.uint8], batch: int
) -> list[NDArray[np.float32]]:
    """The named outputs for images (N, S, S, 3), at most `batch` of them a call."""
    parts = [session.run(outputs, {"images": images[i : i + batch]}) for i in range(0, len(images), batch)]
    return parts[0] if len(parts) == 1 else [np.concatenate(column) for column in zip(*parts, strict=True)]
