"""Training the decoder: stretches of dances as batches, and steps down the loss."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dancecore.composer.decoder.network import Gpt
from dancecore.composer.decoder.settings import DecoderSettings
from dancecore.composer.decoder.tokens import AHEAD, ANY, Vocabulary, style_of
from dancecore.composer.steps import Choreography, Heard
from dancecore.types import Float, IntT

IGNORED = -100
"""What PyTorch's cross-entropy leaves out."""


def stretches(
    dances: Sequence[Choreography], words: Vocabulary, styles: Mapping[str, frozenset[str]], longest: int
) -> list[IntT]:
    """The tokens of every stretch between gaps, those that are too long cut in pieces; moves nobody knows are gaps."""
    found = []
    for dance in dances:
        style = style_of((step for step in dance.steps if step), styles)
        steps = tuple(step if step and step.move_id in words.move_number else None for step in dance.steps)
        for begins, run in Choreography(dance.id, steps).runs():
            for start in range(0, len(run), longest):
                piece: tuple[Heard, ...] = run[start : start + longest]
                found.append(words.encode(piece, style, begins and start == 0))
    return found


def batches(
    found: Sequence[IntT], settings: DecoderSettings, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Every stretch once, in any order, those of a length together so that little is padded: tokens (N, T) and what
    comes after each (N, T), IGNORED beyond an end and in place of style and beginning."""
    order = sorted(rng.permutation(len(found)), key=lambda i: len(found[i]))
    for start in settings.batch * rng.permutation(-(-len(order) // settings.batch)):
        some = [found[i] for i in order[start : start + settings.batch]]
        width = max(map(len, some))
        rows = np.stack([np.pad(tokens, (0, width - len(tokens)), constant_values=IGNORED) for tokens in some])
        after = rows[:, 1:].copy()
        after[:, : AHEAD - 1] = IGNORED
        rows = np.maximum(rows, 0)
        rows[rng.uniform(size=len(rows)) < settings.style_drop, 0] = ANY
        yield torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(after)


def optimiser(network: nn.Module, settings: DecoderSettings) -> torch.optim.AdamW:
    """AdamW, which leaves biases and norms as large as they are."""
    tables = [values for values in network.parameters() if values.ndim > 1]
    others = [values for values in network.parameters() if values.ndim <= 1]
    groups = [{"params": tables, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.95))


def take_step(
    network: nn.Module, optimiser: torch.optim.Optimizer, batch: tuple[Tensor, Tensor], done: float,
    settings: DecoderSettings,
) -> float:  # fmt: skip
    """One step, when so much of the training is done (0..1); the loss before it, nats a token."""
    rising = min(1.0, (done + 1e-3) / settings.warm_up)
    for group in optimiser.param_groups:
        group["lr"] = settings.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * done))
    network.train()
    tokens, after = batch
    loss = functional.cross_entropy(network(tokens).flatten(0, 1), after.flatten(), ignore_index=IGNORED)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def loss_of(network: nn.Module, found: Sequence[IntT], settings: DecoderSettings) -> float:
    """Nats a token on these stretches."""
    network.eval()
    told = DecoderSettings(**{**settings.__dict__, "style_drop": 0.0})
    total, count = 0.0, 0
    for tokens, after in batches(found, told, np.random.default_rng(0)):
        logits = network(tokens).flatten(0, 1)
        total += float(functional.cross_entropy(logits, after.flatten(), ignore_index=IGNORED, reduction="sum"))
        count += int((after != IGNORED).sum())
    return total / max(count, 1)


def weights_of(network: Gpt) -> dict[str, Float]:
    """Its state, for `running.Decoder`."""
    return {name: values.detach().cpu().numpy() for name, values in network.state_dict().items()}
