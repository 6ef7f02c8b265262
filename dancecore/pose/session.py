"""ONNX Runtime on the processor or a CUDA card: chosen by what is there, said in one line."""

import warnings
from functools import cache

import onnxruntime as ort

from dancecore.errors import DanceError
from dancecore.settings import PoseSettings

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


@cache
def _cuda_trouble() -> str:
    """Why CUDA cannot be used here, empty when it can: learned by opening a session of one node on it.

    ONNX Runtime lists the provider whenever it is built in, and falls back without an error where the card, its driver
    or cuDNN is missing.
    """
    if PROVIDERS["cuda"] not in ort.get_available_providers():
        return "the ONNX Runtime that is installed has no CUDA"
    from onnx import TensorProto, helper  # slow to import, and seldom needed

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "trial", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.log_severity_level = 4  # the trouble is said in our own line
    with warnings.catch_warnings(action="ignore"):
        session = ort.InferenceSession(model.SerializeToString(), options, providers=[PROVIDERS["cuda"]])
    if PROVIDERS["cuda"] in session.get_providers():
        return ""
    return "CUDA does not start: no card, or its driver, CUDA 13 or cuDNN 9 is missing"


def choose(provider: str = "auto") -> str:
    """Turn "auto", "cpu" or "cuda" into "cpu" or "cuda".

    Raises DanceError("PROVIDER_MISSING") when CUDA is asked for and is not there, "INVALID_INPUT" for another word.
    """
    if provider not in ("auto", *PROVIDERS):
        raise DanceError("INVALID_INPUT", f"pose provider must be auto, cpu or cuda, not {provider!r}")
    if provider == "cuda" and _cuda_trouble():
        built_in = PROVIDERS["cuda"] in ort.get_available_providers()
        remedy = "" if built_in else "install the extra `gpu` in place of `cpu`, or "
        raise DanceError("PROVIDER_MISSING", f"CUDA was asked for, but {_cuda_trouble()}: {remedy}ask for cpu")
    return "cuda" if provider == "cuda" or (provider == "auto" and not _cuda_trouble()) else "cpu"


def describe(provider: str = "auto") -> str:
    """One line for logs and `danceapp doctor`: where pose runs and why."""
    chosen = choose(provider)
    reason = "as asked" if provider != "auto" else _cuda_trouble() or "a CUDA card is there"
    return f"pose runs on {chosen} by ONNX Runtime {ort.__version__} ({reason})"


def open_session(model: bytes, settings: PoseSettings, provider: str = "auto") -> ort.InferenceSession:
    """An inference session for a converted model, with the threads the settings give and none that spin."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=[PROVIDERS[choose(provider)]])
