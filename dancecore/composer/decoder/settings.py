"""Numbers of the decoder and its training: `configs/decoder.yaml` holds them with their reasons."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderSettings:
    """`file`: the decoder that suggestions listen to. `layers`, `width`, `heads`: of the network; `steps`: of a dance,
    its longest context. The rest: training."""

    file: str
    layers: int
    width: int
    heads: int
    steps: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    warm_up: float
    style_drop: float
    from_steps: int
    least_gain: float
    seed: int

    def __post_init__(self) -> None:
        if self.width % self.heads or min(self.layers, self.heads, self.steps, self.epochs, self.batch) < 1:
            raise ValueError(f"width wants to be a multiple of heads, and all of them to be positive: {self}")
