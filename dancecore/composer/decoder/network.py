"""The network in PyTorch, for training: a decoder-only Transformer as GPT-2 (Radford et al. 2019), layers normed before
attention and before the feed-forward part, output tied to the token embedding. `running.Decoder` runs it without
PyTorch."""

from torch import Tensor, nn
from torch.nn import functional

from dancecore.composer.decoder.settings import DecoderSettings
from dancecore.composer.decoder.tokens import A_STEP, AHEAD


class Gpt(nn.Module):
    """tokens (N, T) to logits (N, T, size) of the token after each."""

    def __init__(self, size: int, settings: DecoderSettings) -> None:
        super().__init__()
        width = settings.width
        self.token = nn.Embedding(size, width)
        self.place = nn.Embedding(AHEAD + A_STEP * settings.steps, width)
        self.blocks = nn.ModuleList(Block(width, settings.heads, settings.dropout) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(settings.dropout)
        for table in (self.token, self.place):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = self.drop(self.token(tokens) + self.place.weight[: tokens.shape[1]])
        for block in self.blocks:
            hidden = block(hidden)
        return self.norm(hidden) @ self.token.weight.T


class Block(nn.Module):
    """Attention to what came before, then a layer of its own for each token."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        n, t, width = hidden.shape
        asked = self.ask(self.norm1(hidden)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        drop = self.dropout if self.training else 0.0
        query, key, value = asked.unbind(0)
        seen = functional.scaled_dot_product_attention(query, key, value, dropout_p=drop, is_causal=True)
        hidden = hidden + self._dropped(self.join(seen.transpose(1, 2).reshape(n, t, width)))
        return hidden + self._dropped(self.down(functional.gelu(self.up(self.norm2(hidden)), approximate="tanh")))

    def _dropped(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, self.dropout, self.training)
