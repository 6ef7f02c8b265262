"""How Markov, the decoder and their blend foretell dances held out: what `danceapp train-decoder` says."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from dancecore.composer.decoder.blending import Opinions, contexts, opinions
from dancecore.composer.decoder.running import Decoder
from dancecore.composer.decoder.tokens import style_of
from dancecore.composer.judging import Foretold, judged
from dancecore.composer.markov import Markov
from dancecore.composer.steps import Choreography
from dancecore.errors import DanceError
from dancecore.types import Float64

ALL = "all"
Styles = Mapping[str, frozenset[str]]
Heard = tuple[Opinions, int]
"""What was said before a step, and the number of the move that came."""


@dataclass(frozen=True, slots=True)
class Row:
    """How a model that never saw dances of `unseen`, or saw them all (ALL), foretells dances held out of `tried`, where
    the decoder's word counts."""

    unseen: str
    tried: str
    model: str
    found: Foretold


@dataclass(frozen=True, slots=True)
class Report:
    """All rows; `gain`, `gain_over_frequency`: of the blend's mean reciprocal rank on the sources that it never saw,
    over Markov's and over that of how often each move is danced; `shares`: the decoder's before a dance is heard, by
    what was left out; `use`: whether it gains enough over Markov."""

    rows: tuple[Row, ...]
    gain: float
    gain_over_frequency: float
    shares: dict[str, float]
    use: bool


def heard(markov: Markov, decoder: Decoder, dances: Sequence[Choreography], styles: Styles) -> list[Heard]:
    """Each step of these dances at which the decoder's word counts, with what both models said. Raises
    DanceError("INVALID_INPUT") where there is none."""
    styled = [(dance, style_of((step for step in dance.steps if step), styles)) for dance in dances]
    said = [
        (found, markov.number[move])
        for context, move in contexts(styled)
        if move in markov.number and (found := opinions(markov, decoder, context))
    ]
    if not said:
        asked = f"more than {decoder.from_steps} known steps in a row"
        raise DanceError("INVALID_INPUT", f"no dance held out has {asked}: there is nothing to judge a decoder by")
    return said


def rows(unseen: str, tried: str, said: Sequence[Heard], markov: Markov, share: float) -> list[Row]:
    """Each model on these steps."""
    often = markov.after(None, None)
    models: dict[str, Callable[[Opinions], Float64]] = {
        "frequency": lambda _: often,
        "markov": lambda each: each.markov,
        "decoder": lambda each: each.decoder,
        "blend": lambda each: each.blended(share),
    }
    return [
        Row(unseen, tried, name, judged((after(each), came) for each, came in said)) for name, after in models.items()
    ]


def report(found: Sequence[Row], shares: dict[str, float], least: float) -> Report:
    """What follows from these rows: the blend is to be used where it gains `least` over Markov on the sources that it
    never saw."""
    ranks = {
        name: np.mean([row.found.mrr for row in found if row.model == name and row.unseen == row.tried])
        for name in ("frequency", "markov", "blend")
    }
    gain, over_frequency = (float(ranks["blend"] / ranks[name] - 1) for name in ("markov", "frequency"))
    return Report(tuple(found), gain, over_frequency, shares, gain >= least)


def print_report(made: Report, as_json: bool) -> None:
    """A line for each model and the dances it was tried on, and what follows."""
    if as_json:
        print(json.dumps(asdict(made), indent=2))
        return
    table = Table(title="What comes next after four moves or more", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("never saw", "tried on", "model", "steps", "perplexity", "top 1", "top 5", "MRR"):
        table.add_column(name, justify="left" if name in ("never saw", "tried on", "model") else "right")
    for row in made.rows:
        found = row.found
        table.add_row(
            row.unseen if row.unseen != ALL else "-", row.tried, row.model, str(found.steps),
            f"{found.perplexity:.1f}", f"{found.top1:.3f}", f"{found.top5:.3f}", f"{found.mrr:.3f}",
        )  # fmt: skip
    Console(width=max(Console().width, 100)).print(table)
    verdict = "use it" if made.use else "Markov alone is used"
    gains = f"{made.gain:+.1%} over Markov, {made.gain_over_frequency:+.1%} over frequency"
    print(f"on sources it never saw the blend gains {gains} (MRR): {verdict}")
