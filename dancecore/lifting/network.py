"""The lifting network as torch sees it; needed for training only."""

import torch
from torch import Tensor, nn

from dancecore.lifting import inputs, outputs


class Block(nn.Module):
    """What the frames `dilation` before and after add to each frame."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(channels)
        self.near = nn.Linear(3 * channels, channels)
        self.mix = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, C)."""
        d = self.dilation
        padded = nn.functional.pad(self.norm(x), (0, 0, d, d))
        around = torch.cat([padded[:, : -2 * d], padded[:, d:-d], padded[:, 2 * d :]], dim=-1)
        return x + self.mix(nn.functional.relu(self.near(around)))


class Lifter(nn.Module):
    """inputs (B, T, 136) -> (B, T, 105): a residual network of dilated convolutions over time (Bai et al. 2018)."""

    def __init__(self, channels: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs.WIDTH, channels)
        self.blocks = nn.Sequential(*(Block(channels, d) for d in dilations))
        self.norm = nn.LayerNorm(channels)
        self.leave = nn.Linear(channels, outputs.WIDTH)

    def forward(self, shown: Tensor) -> Tensor:
        return self.leave(self.norm(self.blocks(self.enter(shown))))
