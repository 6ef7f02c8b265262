"""A Transformer encoder over frames (Vaswani et al. 2017), normalised before each part, with relative positions."""

import torch
from torch import Tensor, nn
from torch.nn import functional

REACH = 64
"""Frames; whatever is farther away is all as far."""


class Layer(nn.Module):
    """Self-attention with a learned bias for each distance and head (Raffel et al. 2020, section 2.1), then two linear
    maps, each beside the way around it."""

    def __init__(self, channels: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.gather = nn.Linear(channels, channels)
        self.bias = nn.Embedding(2 * REACH + 1, heads)
        self.between = nn.LayerNorm(channels)
        self.widen, self.narrow = nn.Linear(channels, hidden), nn.Linear(hidden, channels)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor, hide: Tensor) -> Tensor:
        """x (B, T, C); hide (B, 1, 1, T): a large negative number where there is only padding, else 0."""
        x = x + self.dropout(self._attend(self.before(x), hide))
        inner = functional.gelu(self.widen(self.between(x)))
        return x + self.dropout(self.narrow(self.dropout(inner)))

    def _attend(self, x: Tensor, hide: Tensor) -> Tensor:
        batch, frames, channels = x.shape
        parts = self.query_key_value(x).reshape(batch, frames, 3, self.heads, channels // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        at = torch.arange(frames, device=x.device)
        distance = (at[None] - at[:, None]).clamp(-REACH, REACH) + REACH
        alike = query @ key.transpose(2, 3) * (channels // self.heads) ** -0.5
        share = torch.softmax(alike + self.bias(distance).permute(2, 0, 1) + hide, dim=3)
        return self.gather((self.dropout(share) @ value).transpose(1, 2).reshape(batch, frames, channels))


class Transformer(nn.Module):
    """Frames (B, T, D) to hidden frames (B, T, C)."""

    def __init__(self, inputs: int, channels: int, heads: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, channels)
        self.layers = nn.ModuleList(Layer(channels, heads, hidden, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """x (B, T, D), valid (B, T) float."""
        hide = (valid[:, None, None] - 1) * 1e4
        hidden = self.enter(x)
        for layer in self.layers:
            hidden = layer(hidden, hide)
        return self.norm(hidden)
