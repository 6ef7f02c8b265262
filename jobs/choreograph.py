"""Learning what follows what in people's dances: `danceapp choreograph`."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from cluster.choreographies import INDEX, Learned, counts_of
from cluster.dances import learn_corpus, learn_index
from cluster.database import engine
from cluster.library import TAXONOMY
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.settings import Settings
from dancecore.composer.counts import Counts, count
from dancecore.composer.judging import Foretold, foretell
from dancecore.composer.markov import ORDERS, Markov
from dancecore.composer.profiles import profiles, twins
from dancecore.composer.steps import START, Choreography, Heard, read_corpus
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic.generators import GENERATORS, choreography

TRAINED, HELD_OUT = 600, 200
"""Synthetic dances of each generator: as many as a year of clips of one school, and enough to judge on."""
BARS = 16
BPM = 110.0
"""The middle of dance music: most moves are danced at it."""
FIFTH = 5
"""Of a file of dances every fifth is held out."""
LOOKS = {1: "moves alone", 2: "after one move", 3: "after two moves"}


def learn(corpus: Path | None, name: str | None, settings: Settings) -> tuple[Learned, Counts]:
    """Learn the index, or a file of dances under a name (by default the file's); what is known of it now.

    Raises DanceError: what `read_corpus` refuses, DATABASE_UNAVAILABLE.
    """
    taxonomy = load_taxonomy(TAXONOMY)
    pairs, lent = twins(taxonomy.moves.values()), profiles(taxonomy, Counts())
    migrate()
    if corpus is None:
        if name is not None:
            raise DanceError("INVALID_INPUT", "--name is for a file of dances: --corpus FILE")
        learned = learn_index(engine(), objects(), settings.composer.gap_ms, pairs, lent)
    else:
        learned = learn_corpus(engine(), name or corpus.stem, read_corpus(corpus), pairs, lent)
    return learned, counts_of(engine(), learned.corpus) if learned.dances else Counts()


@dataclass(frozen=True, slots=True)
class Judged:
    """How a model that looks at the moves of `learned`, `looks` before, foretells the dances of `tried`."""

    learned: str
    tried: str
    looks: int
    found: Foretold


def evaluate(corpus: Path | None, settings: Settings) -> list[Judged]:
    """Judge models on dances they never saw: a fifth of a file; without one, of each synthetic generator.

    Raises DanceError: what `read_corpus` refuses; INVALID_INPUT for fewer than five dances.
    """
    if corpus is not None:
        dances = list(read_corpus(corpus))
        if len(dances) < FIFTH:
            raise DanceError("INVALID_INPUT", f"{corpus} has {len(dances)} dances: want {FIFTH} to hold one out")
        split = {corpus.stem: ([d for i, d in enumerate(dances) if i % FIFTH], dances[::FIFTH])}
        known: Iterable[str] = ()
    else:
        taxonomy = load_taxonomy(TAXONOMY)
        split = {name: generated(name, TRAINED, HELD_OUT, taxonomy, settings) for name in GENERATORS}
        known = [move.move_id for move in taxonomy.moves.values() if not move.deprecated]
    return [
        Judged(learned, tried, looks, foretell(Markov(count(seen), known, looks), unseen))
        for learned, (seen, _) in split.items()
        for tried, (_, unseen) in split.items()
        for looks in range(1, ORDERS + 1)
    ]


def generated(
    name: str, trained: int, held_out: int, taxonomy: Taxonomy, settings: Settings
) -> tuple[list[Choreography], list[Choreography]]:
    """So many dances to learn of a generator, and others to try."""
    dances = [_synthetic(name, seed, taxonomy, settings) for seed in range(trained + held_out)]
    return dances[:trained], dances[trained:]


def _synthetic(name: str, seed: int, taxonomy: Taxonomy, settings: Settings) -> Choreography:
    rng = np.random.default_rng([seed, 0x0DA2CE])
    steps = choreography(name, rng, taxonomy, settings.synthetic.dance, BPM, 4 * BARS)
    heard = (Heard(step.move_id, float(step.beats), step.mirror) if step.dance else None for step in steps)
    return Choreography(f"{name}_{seed}", tuple(heard))


def print_learned(learned: Learned, counts: Counts, as_json: bool) -> None:
    """Say what was learned: dances, moves, what follows what most often."""
    pairs = [(prev, after, n) for (prev, after), n in counts.pairs.most_common() if prev != START]
    if as_json:
        transitions = [{"prev": prev, "next": after, "count": n} for prev, after, n in pairs]
        facts = {"dances": learned.dances, "moves": dict(counts.moves.most_common()), "transitions": transitions}
        print(json.dumps(asdict(learned) | facts, indent=2))
        return
    told = f"{learned.dances} dances ({learned.new} new, {learned.changed} changed, {learned.gone} gone)"
    print(f"{learned.corpus}: {told}, {len(counts.moves)} moves, {sum(n for *_, n in pairs)} transitions")
    if not counts.moves and learned.corpus == INDEX:
        print("there is nothing to learn of yet: danceapp index FOLDER")
    for prev, after, n in pairs[:10]:
        print(f"{n:>6}  {prev} -> {after}")


def print_judged(rows: Sequence[Judged], as_json: bool) -> None:
    """One line for each model and the dances it was tried on."""
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table(title="What comes next, foretold in dances held out", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("learned of", "tried on", "looks at", "steps", "perplexity", "top 1", "top 5", "MRR"):
        table.add_column(name, justify="left" if name in ("learned of", "tried on", "looks at") else "right")
    for row in rows:
        found = row.found
        table.add_row(
            row.learned, row.tried, LOOKS[row.looks], str(found.steps), f"{found.perplexity:.1f}", f"{found.top1:.3f}",
            f"{found.top5:.3f}", f"{found.mrr:.3f}",
        )  # fmt: skip
    Console(width=max(Console().width, 100)).print(table)
    if unknown := sum(row.found.unknown for row in rows if row.looks == 1):
        print(f"{unknown} steps of moves that were not learned are left out", file=sys.stderr)
