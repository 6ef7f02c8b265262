"""A trained network as ONNX, for ONNX Runtime."""

import io
import warnings

import numpy as np
import torch

from dancecore.models.network import Network
from dancecore.models.session import run, session_of

TOLERANCE = 1e-4
"""Between the logits of torch and ONNX Runtime; both compute in float32 but add in other orders."""


def to_onnx(network: Network) -> bytes:
    """The network as ONNX: inputs `inputs` (B, T, D) and `valid` (B, T), outputs `logits` (B, T, C) and `boundary`
    (B, T), any B and T.

    Raises RuntimeError when ONNX Runtime computes anything else than torch, at a length that was not exported too.
    """
    network = network.eval().cpu()
    sample = _sample(network, 2, 96)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter needs another package and writes no smaller file
        torch.onnx.export(
            network, sample, out, dynamo=False, opset_version=17, input_names=["inputs", "valid"],
            output_names=["logits", "boundary"],
            dynamic_axes={name: {0: "B", 1: "T"} for name in ("inputs", "valid", "logits", "boundary")},
        )  # fmt: skip
    made = out.getvalue()
    for batch, frames in ((1, 7), (3, 150)):
        off = difference(network, made, batch, frames)
        if off > TOLERANCE:
            raise RuntimeError(f"ONNX differs from torch by {off:.1e} over {frames} frames")
    return made


@torch.no_grad()
def difference(network: Network, made: bytes, batch: int, frames: int) -> float:
    """The greatest difference of any logit or boundary between torch and ONNX Runtime."""
    x, valid = _sample(network, batch, frames)
    theirs = run(session_of(made), x.numpy(), valid.numpy())
    ours = network(x, valid)
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours, theirs, strict=True))


def _sample(network: Network, batch: int, frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs as spread as those of training, the last frame of the last row padding."""
    noise = torch.randn((batch, frames, len(network.mean)), generator=torch.Generator().manual_seed(0))
    valid = torch.ones((batch, frames))
    valid[-1, -1] = 0
    return noise * network.std + network.mean, valid
