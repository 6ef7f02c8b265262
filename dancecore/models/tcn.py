"""A temporal convolutional network: dilated residual blocks (Bai et al. 2018, section 3; not causal, as in MS-TCN)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUPS = 8


class FrameNorm(nn.Module):
    """GroupNorm (Wu & He 2018) of each frame by itself: neither padding nor the length of a window changes a frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, T)."""
        batch, channels, frames = x.shape
        groups = x.reshape(batch, GROUPS, channels // GROUPS, frames)
        centred = groups - groups.mean(2, keepdim=True)
        scaled = centred * torch.rsqrt(centred.square().mean(2, keepdim=True) + 1e-5)
        return scaled.reshape(batch, channels, frames) * self.gain[:, None] + self.shift[:, None]


class Block(nn.Module):
    """Two convolutions of three frames, `dilation` apart, beside the way around them."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation) for _ in range(2)
        )
        self.norms = nn.ModuleList(FrameNorm(channels) for _ in range(2))
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x (B, C, T), valid (B, 1, T): 0 where there is only padding, which counts as nothing seen."""
        inner = x
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            inner = self.dropout(functional.relu(norm(convolution(inner * valid))))
        return x + inner


class TCN(nn.Module):
    """Frames (B, T, D) to hidden frames (B, T, C)."""

    def __init__(self, inputs: int, channels: int, dilations: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.enter = nn.Conv1d(inputs, channels, 1)
        self.blocks = nn.ModuleList(Block(channels, dilation, dropout) for dilation in dilations)
        self.norm = FrameNorm(channels)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x (B, T, D), valid (B, T) float."""
        mask = valid[:, None]
        hidden = self.enter(x.transpose(1, 2))
        for block in self.blocks:
            hidden = block(hidden, mask)
        return self.norm(hidden).transpose(1, 2)
