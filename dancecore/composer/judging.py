"""How well a model foretells dances that it never saw."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dancecore.composer.markov import Markov
from dancecore.composer.steps import START, Choreography
from dancecore.errors import DanceError
from dancecore.types import Float64


@dataclass(frozen=True, slots=True)
class Foretold:
    """Of `steps` steps: perplexity, the share whose move was first (`top1`) and among the first five (`top5`), and the
    mean reciprocal rank. `unknown` steps, whose moves the model has no name for, are not among them."""

    steps: int
    unknown: int
    perplexity: float
    top1: float
    top5: float
    mrr: float


def foretell(model: Markov, dances: Iterable[Choreography]) -> Foretold:
    """Judge a model on these dances. Of moves that are equally likely the mean rank counts.

    Raises DanceError("INVALID_INPUT") when there is no step that it could foretell.
    """
    known = ((model.after(prev2, prev), model.number.get(move)) for prev2, prev, move in contexts(dances))
    return judged(known)


def judged(said: Iterable[tuple[Float64, int | None]]) -> Foretold:
    """Judge what was foretold of steps: of each the probabilities, and the number of the move that came, None where
    there is none. Raises as `foretell`."""
    logs, ranks, unknown = [], [], 0
    for share, came in said:
        if came is None:
            unknown += 1
            continue
        hit = share[came]
        ranks.append(float((share > hit).sum() + ((share == hit).sum() + 1) / 2))
        logs.append(float(np.log(hit)))
    if not ranks:
        raise DanceError("INVALID_INPUT", "there is no step to foretell")
    at = np.array(ranks)
    return Foretold(
        len(at), unknown, float(np.exp(-np.mean(logs))), float((at < 1.5).mean()), float((at <= 5).mean()),
        float((1 / at).mean()),
    )  # fmt: skip


def contexts(dances: Iterable[Choreography]) -> Iterator[tuple[str | None, str | None, str]]:
    """Each step with the two before it: START before the first of a dance, None beyond a gap."""
    for dance in dances:
        for begins, run in dance.runs():
            prev2, prev = None, START if begins else None
            for step in run:
                yield prev2, prev, step.move_id
                prev2, prev = prev, step.move_id
