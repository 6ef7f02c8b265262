"""The numbers by which the lifter is trained (`configs/lifting.yaml`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LiftingSettings:
    """The network's size, how much it sees, and how it learns."""

    channels: int
    dilations: tuple[int, ...]
    pairs: int
    seconds: float
    bodies: int
    hold_out_every: int
    steps: int
    batch: int
    window: int
    learning_rate: float
    weight_decay: float
    embedding_weight: float
    report_every: int
