"""ONNX Runtime on the processor or a CUDA card: chosen by what is there, said in one line."""

from functools import cache

import onnxruntime as ort

from dancecore.errors import DanceError
from dancecore.settings import PoseSettings

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


@cache
def _cuda_works() -> bool:
    """The CUDA provider is built in and a card answers: ONNX Runtime lists the provider with no card there."""
    if PROVIDERS["cuda"] not in ort.get_available_providers():
        return False
    kinds = {device.device.type for device in ort.get_ep_devices() if device.ep_name == PROVIDERS["cuda"]}
    return ort.OrtHardwareDeviceType.GPU in kinds


def choose(provider: str = "auto") -> str:
    """Turn "auto", "cpu" or "cuda" into "cpu" or "cuda".

    Raises DanceError("PROVIDER_MISSING") when CUDA is asked for and is not there, "INVALID_INPUT" for another word.
    """
    if provider not in ("auto", *PROVIDERS):
        raise DanceError("INVALID_INPUT", f"pose provider must be auto, cpu or cuda, not {provider!r}")
    if provider == "cuda" and not _cuda_works():
        raise DanceError(
            "PROVIDER_MISSING",
            f"CUDA was asked for, but ONNX Runtime {ort.__version__} here offers only "
            f"{', '.join(ort.get_available_providers())}: install the extra `gpu` in place of `cpu`, or ask for cpu",
        )
    return "cuda" if provider == "cuda" or (provider == "auto" and _cuda_works()) else "cpu"


def describe(provider: str = "auto") -> str:
    """One line for logs and `danceapp doctor`: where pose runs and why."""
    chosen = choose(provider)
    reason = "as asked" if provider != "auto" else "a card was found" if chosen == "cuda" else "no CUDA card was found"
    return f"pose runs on {chosen} by ONNX Runtime {ort.__version__} ({reason})"


def open_session(model: bytes, settings: PoseSettings, provider: str = "auto") -> ort.InferenceSession:
    """An inference session for a converted model, with the threads the settings give and none that spin."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=[PROVIDERS[choose(provider)]])
