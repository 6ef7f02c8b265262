"""Numbers of the decoder and its training: `configs/decoder.yaml` holds them with their reasons."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderSettings:
    """`file`: the decoder that suggestions listen to. `dances`, `held_out`: of each generator, to learn and to try,
    where no files are given. `layers`, `width`, `heads`: of the network; `steps`: of a dance, its longest context. The
    rest: training."""

    file: str
    dances: int
    held_out: int
    layers: int
    width: int
    heads: int
    steps: int
    dropout: float
    updates: int
    batch: int
    learning_rate: float
    weight_decay: float
    warm_up: float
    style_drop: float
    from_steps: int
    least_gain: float
    seed: int

    def __post_init__(self) -> None:
        if self.width % self.heads or min(self.layers, self.heads, self.steps, self.updates, self.batch) < 1:
            raise ValueError(f"width wants to be a multiple of heads, and all of them to be positive: {self}")
