"""The two networks of BlazePose, ready to run."""

from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from dancecore.pose import weights
from dancecore.pose.session import choose, open_session
from dancecore.settings import PoseSettings


@dataclass(frozen=True, slots=True)
class PoseModel:
    """A loaded pose model: where it runs ("cpu" or "cuda"), which variant and version it is. Not to be pickled."""

    variant: str
    provider: str
    version: str
    detector: ort.InferenceSession
    landmarks: ort.InferenceSession


def load(variant: str, folder: Path, settings: PoseSettings, provider: str = "auto") -> PoseModel:
    """Load `variant` (lite, full, heavy) from the folder that set-up filled.

    Raises DanceError: "WEIGHTS_MISSING" when set-up has not run or a file is damaged, "PROVIDER_MISSING" when CUDA
    is asked for and absent, "INVALID_INPUT" for an unknown variant or provider.
    """
    names = (weights.DETECTOR, weights.landmarks_name(variant))
    data = [weights.read_whole(weights.onnx_path(folder, name)) for name in names]
    detector, landmarks = (open_session(model, settings, provider) for model in data)
    return PoseModel(variant, choose(provider), weights.version(variant), detector, landmarks)
