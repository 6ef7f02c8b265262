"""The converted networks against LiteRT running the published ones."""

from collections.abc import Iterator

import numpy as np
import onnxruntime
import pytest
import tflite
from ai_edge_litert.interpreter import Interpreter

from cluster.settings import settings
from cluster.weights import fetch_raw
from dancecore.errors import DanceError
from dancecore.pose.convert import EMIT, convert
from dancecore.pose.session import open_session
from dancecore.pose.weights import DETECTOR, NETWORKS
from dancecore.types import Image

TOLERANCE = {
    "boxes": 0.005,  # pixels of 224; the values reach 370
    "scores": 0.005,  # logits; the values reach 326
    "landmarks": 0.05,  # pixels of 256
    "presence": 1e-4,
    "heatmap": 0.005,  # logits; the values reach 112
    "world": 5e-4,  # metres
}

CASES = [("full", DETECTOR), *((variant, f"pose_landmark_{variant}") for variant in ("lite", "full", "heavy"))]


def pictures(size: int) -> Image:
    """(3, size, size, 3): coarse noise, noise and a gradient."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (size // 16, size // 16, 3)).repeat(16, 0).repeat(16, 1)
    gradient = np.broadcast_to(np.linspace(0, 255, size)[:, None, None], (size, size, 3))
    return np.stack([coarse, rng.integers(0, 256, (size, size, 3)), gradient]).astype(np.uint8)


def published(model: bytes, name: str, images: Image) -> Iterator[dict[str, np.ndarray]]:
    """What LiteRT makes of each image, by our output names, channels first."""
    network = NETWORKS[name]
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    for image in images:
        scaled = ((image[None].astype(np.float32) - network.mean) * network.scale).astype(np.float32)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], scaled)
        interpreter.invoke()
        details = {d["name"]: d["index"] for d in interpreter.get_output_details()}
        values = {new: interpreter.get_tensor(details[old])[0] for old, new in network.outputs.items()}
        yield {new: v.transpose(2, 0, 1) if v.ndim == 3 else v for new, v in values.items()}


def session_of(variant: str, name: str) -> tuple[onnxruntime.InferenceSession, bytes]:
    try:
        model = fetch_raw(variant)[name]
    except DanceError as error:
        if variant == settings().pose.variant:
            raise
        pytest.skip(error.message)
    network = NETWORKS[name]
    return open_session(convert(model, network.outputs, network.mean, network.scale), settings().pose, "cpu"), model


@pytest.mark.parametrize(("variant", "name"), CASES, ids=[name for _, name in CASES])
def test_equals_litert(variant: str, name: str) -> None:
    session, model = session_of(variant, name)
    outputs = list(NETWORKS[name].outputs.values())
    images = pictures(session.get_inputs()[0].shape[1])
    batch = dict(zip(outputs, session.run(outputs, {"images": images}), strict=True))
    for i, expected in enumerate(published(model, name, images)):
        for output in outputs:
            np.testing.assert_allclose(batch[output][i], expected[output], atol=TOLERANCE[output], rtol=0)


def test_an_operator_outside_the_twelve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(EMIT, tflite.BuiltinOperator.ADD)
    network = NETWORKS["pose_landmark_full"]
    with pytest.raises(KeyError):
        convert(fetch_raw("full")["pose_landmark_full"], network.outputs, network.mean, network.scale)
