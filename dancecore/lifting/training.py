"""Training of the lifting network: poses by regression, the embedding by telling instants of a dance apart.

Two frames of a pair are alike if they show the same instant of the same dance, whoever dances it and wherever the
camera stands; all other frames of the batch differ (InfoNCE, van den Oord et al. 2018), but for those whose poses,
before and after too, are as near as those of the two: repeats of a move.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dancecore.lifting import inputs
from dancecore.lifting.network import Lifter
from dancecore.lifting.outputs import EMBEDDING, FACING, MIRROR_FROM, MIRROR_SIGN, POSE, SPREAD, TRAVEL
from dancecore.lifting.settings import LiftingSettings

Data = Mapping[str, NDArray[np.generic]]
"""The fields of `Sample`, (P, 2, T, ...) each, of P pairs."""

WARM_UP = 150
"""Steps in which the learning rate rises."""

AVERAGED = 0.998
"""Of the average of the weights, that each step keeps: the network is the mean of the last 500 steps or so, which
settles it as a falling learning rate would (Izmailov et al. 2018), whenever training ends."""

STRIDE, AROUND = 5, 4
"""Frames between the anchors of a window, and before and after them where their poses are compared too."""

ALIKE = 0.25
"""Root mean square, torso lengths: poses as near as this are not told apart."""

WEIGHT = {"pose": 1.0, "facing": 0.5, "travel": 0.3}
"""Of the parts of the loss beside the likelihood of the poses."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Means over the steps since the last report: pose error in torso lengths, and the loss of the embedding."""

    step: int
    error: float
    embedding: float
    state: dict[str, NDArray[np.float32]]


def train(
    data: Data, settings: LiftingSettings, seed: int, report: Callable[[Progress], None]
) -> dict[str, NDArray[np.float32]]:
    """The network's state after `settings.steps` steps on one thread; the same seed gives the same."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Lifter(settings.channels, settings.dilations)
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(AVERAGED))
    warmth = torch.nn.Parameter(torch.tensor(float(np.log(0.1))))
    grown = torch.optim.AdamW(net.parameters(), weight_decay=settings.weight_decay, betas=(0.9, 0.98))
    grown.add_param_group({"params": [warmth], "weight_decay": 0.0})
    told: list[tuple[float, float]] = []
    for step in range(1, settings.steps + 1):
        for group in grown.param_groups:
            group["lr"] = settings.learning_rate * min(1.0, step / WARM_UP)
        batch = draw(data, rng, settings)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            said = net(batch["inputs"].flatten(0, 1))
        said = said.float().unflatten(0, (-1, 2))
        poses, apart = pose_loss(said, batch)
        alike = embedding_loss(said[..., EMBEDDING], batch, warmth.exp().clamp(0.03, 1.0))
        grown.zero_grad()
        (poses + settings.embedding_weight * alike).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        grown.step()
        mean.update_parameters(net)
        told.append((apart, float(alike.detach())))
        if step % settings.report_every == 0:
            error, unlike = (float(each) for each in np.mean(told, axis=0))
            report(Progress(step, error, unlike, _state(mean.module)))
            told.clear()
    return _state(mean.module)


def _state(net: torch.nn.Module) -> dict[str, NDArray[np.float32]]:
    return {name: value.numpy().copy() for name, value in net.state_dict().items()}


def draw(data: Data, rng: np.random.Generator, settings: LiftingSettings) -> dict[str, Tensor]:
    """A batch: windows (B, 2, W, ...) of random pairs, the second where it shows what the first does, as far as it
    can; half of the pairs in a mirror."""
    pairs = rng.integers(0, len(data["content"]), settings.batch)
    frames, window = data["content"].shape[2], settings.window
    first = rng.integers(0, frames - window, settings.batch)
    content = data["content"][pairs]
    wanted = content[np.arange(len(pairs)), 0, first + window // 2]
    second = np.abs(content[:, 1] - wanted[:, None]).argmin(1) - window // 2
    starts = np.stack([first, second.clip(0, frames - window)], axis=1)
    at = starts[..., None] + np.arange(window)
    batch = {name: values[pairs[:, None, None], np.arange(2)[:, None], at] for name, values in data.items()}
    shown = {name: torch.from_numpy(values.astype(np.float32)) for name, values in batch.items()}
    reflect(shown, torch.from_numpy(rng.random(len(pairs)) < 0.5))
    return shown


def reflect(batch: dict[str, Tensor], which: Tensor) -> None:
    """Turn these pairs of a batch into their mirror images, in place."""
    for name, source, sign in (
        ("inputs", inputs.MIRROR_FROM, inputs.MIRROR_SIGN), ("pose", MIRROR_FROM[POSE], MIRROR_SIGN[POSE]),
        ("facing", np.arange(2), MIRROR_SIGN[FACING]), ("travel", np.arange(3), MIRROR_SIGN[TRAVEL]),
    ):  # fmt: skip
        batch[name][which] = batch[name][which][..., torch.from_numpy(source)] * torch.from_numpy(sign)


def pose_loss(said: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, float]:
    """The negative logarithm of the likelihood of the poses, whose errors fall off exponentially with the spread, plus
    the errors of pose, facing and travel; and the mean pose error, torso lengths."""
    apart = (said[..., POSE] - batch["pose"]).unflatten(-1, (-1, 3))
    error = (apart.square().sum(-1) + 1e-6).sqrt()
    spread = said[..., SPREAD].clamp(-4, 2)
    likelihood = (error / spread.exp() + 1.5 * spread).mean()
    facing = (said[..., FACING] - batch["facing"]).square().sum(-1).mean()
    travel = functional.smooth_l1_loss(said[..., TRAVEL], batch["travel"].clamp(-4, 4))
    loss = likelihood + WEIGHT["pose"] * error.mean() + WEIGHT["facing"] * facing + WEIGHT["travel"] * travel
    return loss, float(error.detach().mean())


def embedding_loss(embedding: Tensor, batch: Mapping[str, Tensor], warmth: Tensor) -> Tensor:
    """How badly instants of the first dancers are found among those of the second, and the other way round."""
    content, pairs = batch["content"], len(embedding)
    window = content.shape[-1]
    anchors = torch.arange(AROUND, window - AROUND, STRIDE)
    apart = (content[:, 0, anchors, None] - content[:, 1, None]).abs()
    apart[..., :AROUND] = apart[..., window - AROUND :] = torch.inf
    gap, other = apart.min(-1)
    rows = torch.arange(pairs)[:, None]
    known = (gap < 0.06).flatten()
    unit = functional.normalize(embedding, dim=-1)
    one, two = unit[:, 0, anchors].flatten(0, 1), unit[rows, 1, other].flatten(0, 1)
    poses = batch["pose"]
    shown, asked = (
        torch.cat([poses[rows, k, at + step] for step in (-AROUND, 0, AROUND)], dim=-1).flatten(0, 1)
        for k, at in ((0, anchors.expand(pairs, -1)), (1, other))
    )
    distance = torch.cdist(shown, asked) / shown.shape[1] ** 0.5
    own = torch.eye(len(one), dtype=torch.bool)
    repeats = (distance < distance.diagonal()[:, None].clamp(min=ALIKE)) & ~own
    likeness = (one @ two.T / warmth).masked_fill(repeats, -1e4)
    target = torch.arange(len(one))
    there, back = (functional.cross_entropy(side, target, reduction="none") for side in (likeness, likeness.T))
    return ((there + back) * known).sum() / (2 * known.sum()).clamp(min=1)
