"""The networks by name, with the heads that both kinds have."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dancecore.errors import DanceError
from dancecore.models.tcn import TCN
from dancecore.models.transformer import Transformer

DILATIONS = (1, 2, 4, 8, 16, 32)

ENCODERS: dict[str, tuple[int, Callable[[int, float], nn.Module]]] = {
    "tcn": (256, lambda inputs, dropout: TCN(inputs, 256, DILATIONS, dropout)),
    "tcn-light": (160, lambda inputs, dropout: TCN(inputs, 160, DILATIONS, dropout)),
    "transformer": (256, lambda inputs, dropout: Transformer(inputs, 256, 8, 1024, 4, dropout)),
    "transformer-light": (160, lambda inputs, dropout: Transformer(inputs, 160, 8, 640, 4, dropout)),
}
"""Of each architecture the width of its hidden frames, and how it is made. The light ones have under 1.5 M numbers."""


class Network(nn.Module):
    """Frames to the logits of every label, and of a boundary: that a segment begins here.

    `mean`, `std` (D,): what the inputs are normalised by, kept with the weights.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, arch: str, mean: Tensor, std: Tensor, labels: int, dropout: float) -> None:
        super().__init__()
        width, make = ENCODERS[arch]
        self.register_buffer("mean", mean.clone())
        self.register_buffer("std", std.clone())
        self.encoder = make(len(mean), dropout)
        self.frame, self.boundary = nn.Linear(width, labels), nn.Linear(width, 1)

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """logits (B, T, C) and boundary (B, T) of inputs (B, T, D) as they are; valid (B, T): 0 for padding, else 1."""
        hidden = self.encoder((x - self.mean) / self.std * valid[..., None], valid)
        return self.frame(hidden), self.boundary(hidden).squeeze(2)


def build(arch: str, mean: Tensor, std: Tensor, labels: int, dropout: float, seed: int) -> Network:
    """A network; `seed` gives its first weights. Raises DanceError("INVALID_INPUT") for an unknown `arch`."""
    if arch not in ENCODERS:
        raise DanceError("INVALID_INPUT", f"no architecture {arch!r}: want one of {', '.join(ENCODERS)}")
    torch.manual_seed(seed)
    return Network(arch, mean, std, labels, dropout)


def size(network: nn.Module) -> int:
    """How many numbers were trained."""
    return sum(each.numel() for each in network.parameters())
