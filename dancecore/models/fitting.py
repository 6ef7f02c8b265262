"""One step of training, the pace of all of them, and what a network says of whole clips."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from math import cos, pi

import numpy as np
import torch
from torch import Tensor, nn

from dancecore.models.frames import Example
from dancecore.models.loss import Loss, loss
from dancecore.models.windows import Batch
from dancecore.settings import TrainSettings
from dancecore.types import Float, IntT


def class_weights(counts: IntT, power: float) -> Tensor:
    """(C,) float32: a label counts by its share of all frames to the power -`power`, 1 in the mean over frames.
    A label without frames counts as one with a single frame."""
    share = np.maximum(counts, 1) / max(1, counts.sum())
    weights = share**-power
    return torch.tensor(weights / (weights * share).sum(), dtype=torch.float32)


def optimiser(network: nn.Module, settings: TrainSettings) -> torch.optim.AdamW:
    """AdamW; its learning rate is set for each step."""
    return torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)


def learning_rate(step: int, steps: int, settings: TrainSettings) -> float:
    """Rising over `warm_up` steps, or a tenth of all if that is fewer, then half a cosine down to 0."""
    warm = max(1, min(settings.warm_up, steps // 10))
    if step < warm:
        return settings.learning_rate * (step + 1) / warm
    return settings.learning_rate * (1 + cos(pi * min(1.0, (step - warm) / max(1, steps - warm)))) / 2


def take_step(
    network: nn.Module, optimiser: torch.optim.Optimizer, batch: Batch, weights: Tensor, rate: float,
    settings: TrainSettings,
) -> Loss:  # fmt: skip
    """Lower the loss of this batch by one step at this learning rate; the loss before it."""
    network.train()
    device = weights.device
    x, labels, boundary, valid = (
        torch.from_numpy(each).to(device) for each in (batch.inputs, batch.labels, batch.boundary, batch.valid)
    )
    with mixed(device, settings):
        logits, begins = network(x, valid)
    found = loss(logits, begins, labels, boundary, valid, weights, settings)
    optimiser.zero_grad()
    found.total.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), settings.clip_gradient)
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.step()
    return found


def mixed(device: torch.device, settings: TrainSettings) -> AbstractContextManager[None]:
    """bfloat16 where that is the quicker: on GPUs, and on processors with matrix units for it."""
    quick = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    on = settings.precision == "bf16" or (settings.precision == "auto" and quick)
    return torch.autocast(device.type, torch.bfloat16, enabled=on)


@torch.no_grad()
def logits_of(network: nn.Module, clips: Iterable[Example]) -> list[tuple[Float, Float]]:
    """logits (T, C) and boundary (T,) of each clip, as a whole."""
    network.eval()
    device = next(network.parameters()).device
    said = []
    for clip in clips:
        x = torch.from_numpy(clip.inputs.astype(np.float32))[None].to(device)
        logits, begins = network(x, torch.ones(x.shape[:2], device=device))
        said.append((logits[0].cpu().numpy(), begins[0].cpu().numpy()))
    return said


def runner(network: nn.Module) -> Callable[[Float], tuple[Float, Float]]:
    """The network as `classify.in_windows` runs it, without ONNX."""

    @torch.no_grad()
    def run(windows: Float) -> tuple[Float, Float]:
        network.eval()
        logits, begins = network(torch.from_numpy(windows), torch.ones(windows.shape[:2]))
        return logits.numpy(), begins.numpy()

    return run


def count_labels(clips: Sequence[Example], labels: int) -> IntT:
    """(C,) frames of each label."""
    return np.sum([np.bincount(clip.labels, minlength=labels) for clip in clips], axis=0)
