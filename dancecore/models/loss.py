"""What training lowers: wrong labels, wrong boundaries, and labels that flicker."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dancecore.models.frames import SKIPPED
from dancecore.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Loss:
    """Each part's mean over the valid frames; `total` is what is lowered."""

    total: Tensor
    frame: Tensor
    boundary: Tensor
    smooth: Tensor


def loss(
    logits: Tensor, begins: Tensor, labels: Tensor, boundary: Tensor, valid: Tensor, weights: Tensor,
    settings: TrainSettings,
) -> Loss:  # fmt: skip
    """Class-weighted cross-entropy, focal with `settings.focal` > 0 (Lin et al. 2017, equation 5); binary cross-entropy
    of boundaries; truncated squared steps of log-probabilities (MS-TCN: Farha & Gall 2019, equations 8-10).

    logits (B, T, C), begins (B, T) logits of a boundary; labels (B, T), boundary and valid (B, T); weights (C,). Frames
    whose label is SKIPPED do not count.
    """
    valid, labels = valid * (labels != SKIPPED), labels.clamp(min=0)
    logp = torch.log_softmax(logits.float(), dim=2)
    own = logp.gather(2, labels[..., None]).squeeze(2)
    weight = weights[labels] * valid
    frame = -(weight * (1 - own.exp()).pow(settings.focal) * own).sum() / weight.sum().clamp(min=1e-6)
    each = functional.binary_cross_entropy_with_logits(
        begins.float(), boundary, reduction="none", pos_weight=torch.tensor(settings.boundary_gain)
    )
    began = (each * valid).sum() / valid.sum().clamp(min=1)
    steps = (logp[:, 1:] - logp[:, :-1].detach()).square().clamp(max=settings.smooth_limit**2)
    both = (valid[:, 1:] * valid[:, :-1])[..., None]
    smooth = (steps * both).sum() / (both.sum() * logp.shape[2]).clamp(min=1)
    total = frame + settings.boundary_weight * began + settings.smooth_weight * smooth
    return Loss(total, frame, began, smooth)
