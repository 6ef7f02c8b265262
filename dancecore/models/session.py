"""Running the network of a bundle by ONNX Runtime."""

import numpy as np
import onnxruntime

from dancecore.pose.session import PROVIDERS, choose
from dancecore.types import Float


def session_of(network: bytes, provider: str = "cpu") -> onnxruntime.InferenceSession:
    """A session of one thread: parallelism is by actors. `provider`: "auto", "cpu" or "cuda", see `pose.session`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(network, options, providers=[PROVIDERS[choose(provider)]])


def run(session: onnxruntime.InferenceSession, inputs: Float, valid: Float) -> tuple[Float, Float]:
    """logits (B, T, C) and boundary logits (B, T) of inputs (B, T, D) and valid (B, T)."""
    logits, boundary = session.run(["logits", "boundary"], {"inputs": inputs, "valid": valid})
    return np.asarray(logits), np.asarray(boundary)
