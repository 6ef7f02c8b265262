"""The decoder's word beside the Markov model's, once there is enough context: Bayesian model averaging (Hoeting et al.
1999). A dance is taken to be of the one or of the other, and the better a model foretold its steps so far, the more its
word counts, as Kneser & Steinbiss (1993) adapt the weights of language models to what was said.

So where habits carry over, Markov rules, and where they do not, the decoder; no fixed weight does both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from dancecore.composer.decoder.running import Decoder
from dancecore.composer.markov import Markov
from dancecore.composer.steps import START, Choreography, Heard
from dancecore.types import Float64

SHARES = tuple(np.linspace(0.05, 0.95, 19).round(2).tolist())
"""Of the decoder before any step was heard, that are tried. Never all or nothing: that no evidence could change."""

TINY = 1e-12
"""No share is smaller, where its logarithm is taken or it divides."""


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


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of the next move: what Markov (V,) and the decoder (V,) give each, over the Markov model's moves, and by how much
    likelier the decoder found the steps before (log of the ratio)."""

    markov: Float64
    decoder: Float64
    evidence: float

    def blended(self, share: float) -> Float64:
        """(V,) both, the decoder with its share (0 < share < 1) of the trust before it was tried on this dance."""
        trust = expit(logit(share) + self.evidence)
        return np.asarray(trust * self.decoder + (1 - trust) * self.markov)


def contexts(dances: Iterable[tuple[Choreography, str | None]]) -> Iterator[tuple[Context, str]]:
    """Each step of these dances, which have a style or none, after its context."""
    for dance, style in dances:
        for begins, run in dance.runs():
            for i, step in enumerate(run):
                yield Context(run[:i], begins, style), step.move_id


def opinions(markov: Markov, decoder: Decoder, context: Context) -> Opinions | None:
    """What both models say; None where there is too little context that the decoder knows. Moves that it does not know
    keep what Markov gives them, and what Markov gives the others together the decoder shares out anew."""
    heeded = decoder.heeded(context.steps)
    if len(heeded) < decoder.from_steps:
        return None
    first = len(context.steps) - len(heeded)
    before = [Context(context.steps[:i], context.begins) for i in range(first, len(context.steps) + 1)]
    alone = np.array([markov.after(*each.last_two) for each in before])
    places = np.array([markov.number.get(name, -1) for name in decoder.vocabulary.moves])
    said = decoder.foretold(context.steps, context.style, context.begins)[:, places >= 0]
    both, anew = places[places >= 0], alone.copy()
    anew[:, both] = alone[:, both].sum(axis=1, keepdims=True) * said / np.maximum(said.sum(axis=1, keepdims=True), TINY)
    came = [(i, markov.number[step.move_id]) for i, step in enumerate(heeded) if step.move_id in markov.number]
    likelier = sum(np.log(max(anew[at], TINY)) - np.log(alone[at]) for at in came)
    return Opinions(alone[-1], anew[-1], float(likelier))


def best_share(heard: Sequence[tuple[Opinions, int]]) -> float:
    """The share of the decoder under which these moves (by number) are likeliest after what was said of each."""

    def likely(share: float) -> float:
        return float(np.mean([np.log(max(said.blended(share)[move], TINY)) for said, move in heard]))

    return max(SHARES, key=likely)
