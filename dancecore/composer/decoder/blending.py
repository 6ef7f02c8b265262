"""The decoder's word beside the Markov model's: a weighted mean of both, once there is enough context."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dancecore.composer.decoder.running import Decoder
from dancecore.composer.markov import Markov
from dancecore.composer.steps import START, Choreography, Heard
from dancecore.types import Float64

SHARES = tuple(np.linspace(0, 1, 11).round(1).tolist())
"""Of the decoder, that are tried."""


@dataclass(frozen=True, slots=True)
class Context:
    """What came before a step: the steps since the last gap, whether the dance begins with them, and its style."""

    steps: tuple[Heard, ...]
    begins: bool
    style: str | None = None

    @property
    def last_two(self) -> tuple[str | None, str | None]:
        """The moves that a Markov model looks at."""
        names = [START if self.begins else None, *(step.move_id for step in self.steps)]
        return (names[-2] if len(names) > 1 else None), names[-1]


def contexts(dances: Iterable[tuple[Choreography, str | None]]) -> Iterator[tuple[Context, str]]:
    """Each step of these dances, which have a style or none, after its context."""
    for dance, style in dances:
        for begins, run in dance.runs():
            for i, step in enumerate(run):
                yield Context(run[:i], begins, style), step.move_id


def blended(markov: Markov, decoder: Decoder, context: Context, share: float) -> Float64:
    """(V,) over the Markov model's moves. Moves that the decoder does not know keep what Markov gives them, and what
    it gives the others together is shared out by both."""
    alone = markov.after(*context.last_two)
    if len(context.steps) < decoder.from_steps or share == 0:
        return alone
    return share * alike(markov, decoder, context, alone) + (1 - share) * alone


def alike(markov: Markov, decoder: Decoder, context: Context, alone: Float64) -> Float64:
    """(V,) the decoder's word over the Markov model's moves, which gives `alone`."""
    places = np.array([markov.number.get(name, -1) for name in decoder.vocabulary.moves])
    said = decoder.after(context.steps, context.style, context.begins) * (places >= 0)
    out = alone.copy()
    both = places[places >= 0]
    out[both] = alone[both].sum() * said[places >= 0] / max(said.sum(), 1e-12)
    return out


def best_share(likelihoods: Sequence[tuple[float, float]]) -> float:
    """The share of the decoder under which steps are likeliest: of pairs of what Markov and the decoder gave each."""
    alone, said = np.array(likelihoods).T
    return max(SHARES, key=lambda share: float(np.log(np.maximum(share * said + (1 - share) * alone, 1e-12)).mean()))
