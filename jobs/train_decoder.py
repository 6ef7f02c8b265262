"""Trains the decoder of dances: `danceapp train-decoder`. Ray Train runs it, as it runs `danceapp train`.

OUT/report.json      how the decoder, Markov and both together foretell dances held out, and whether they are to be used
OUT/decoder.npz      the decoder of all dances, see `dancecore.composer.decoder.running`
OUT/config.json      what was asked for
OUT/NAME/            checkpoints of each training, one an epoch; a killed one goes on from the last

Dances come from generators, or files. Each is left out in turn: trained on the others, the blend is tried on dances of
the one that it never saw, its weight chosen on dances held out of the others.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from cluster.choreographies import mark_of
from cluster.library import TAXONOMY
from cluster.ray_session import session
from cluster.settings import Settings
from dancecore.composer.counts import Counts, count
from dancecore.composer.decoder.blending import alike, best_share, blended, contexts
from dancecore.composer.decoder.running import Decoder, pack
from dancecore.composer.decoder.settings import DecoderSettings
from dancecore.composer.decoder.tokens import Vocabulary, style_of, vocabulary
from dancecore.composer.judging import Foretold, judged
from dancecore.composer.markov import Markov
from dancecore.composer.profiles import profiles
from dancecore.composer.steps import Choreography, read_corpus
from dancecore.composer.wish import within
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic.generators import GENERATORS
from jobs.choreograph import FIFTH, generated
from jobs.train import needs_torch

STATE = "state.pt"
ALL = "all"
Split = dict[str, tuple[list[Choreography], list[Choreography]]]
"""Of each source the dances to learn, and those held out."""
Styles = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """How a model that never saw dances of `unseen`, or saw them all (ALL), foretells dances held out of `tried`, from
    `from_steps` of context on."""

    unseen: str
    tried: str
    model: str
    found: Foretold


@dataclass(frozen=True, slots=True)
class Report:
    """All rows; `gain`: of the blend's mean reciprocal rank on the sources that it never saw over the better of
    Markov's and frequency's, which a blend may only mimic; `shares`: the decoder's, by what was left out; whether to
    use it."""

    rows: tuple[Row, ...]
    gain: float
    shares: dict[str, float]
    use: bool


def train_decoder(out: Path, corpora: Sequence[Path], settings: Settings, *, address: str | None = None) -> Report:
    """Train, judge and write. Raises DanceError: MISSING_EXTRA, INVALID_INPUT, what `read_corpus` refuses,
    CLUSTER_UNREACHABLE."""
    needs_torch()
    taxonomy, out = load_taxonomy(TAXONOMY), out.resolve()
    split, styles = _split(corpora, taxonomy, settings), _styles(taxonomy, settings)
    if len(split) < 2:
        raise DanceError("INVALID_INPUT", "two files of dances at least are needed: each is left out once")
    words = vocabulary([dance for seen, _ in split.values() for dance in seen], settings.composer.styles)
    _claim(out, split, settings.decoder)
    rows: list[Row] = []
    shares: dict[str, float] = {}
    with session(address, settings.cluster):
        for unseen in (*split, ALL):
            seen = [dance for name, (dances, _) in split.items() if name != unseen for dance in dances]
            held = [dance for name, (_, dances) in split.items() if name != unseen for dance in dances]
            decoder = _trained(out / unseen, seen, held, words, styles, settings.decoder)
            markov = Markov(count(seen), words.moves)
            shares[unseen] = decoder.share = _share(markov, decoder, held[::2], styles)
            tried = {unseen: split[unseen][1]} if unseen in split else {n: d[1::2] for n, (_, d) in split.items()}
            rows += [
                row for name, dances in tried.items() for row in _rows(unseen, name, dances, markov, decoder, styles)
            ]
    (out / "decoder.npz").write_bytes(pack(decoder))
    report = _report(rows, shares, settings.decoder.least_gain)
    (out / "report.json").write_text(json.dumps(asdict(report), indent=2) + "\n")
    return report


def _claim(out: Path, split: Split, settings: DecoderSettings) -> None:
    """Take the folder for this training. Raises DanceError("INVALID_INPUT") when it holds another one."""
    dances = hashlib.sha256("".join(mark_of(d) for seen, _ in split.values() for d in seen).encode()).hexdigest()
    config, path = json.dumps({"dances": dances, **asdict(replace(settings, file=""))}, indent=2), out / "config.json"
    out.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text() != config:
        raise DanceError("INVALID_INPUT", f"{out} holds a training of other dances or numbers: give another --out")
    path.write_text(config)


def _split(corpora: Sequence[Path], taxonomy: Taxonomy, settings: Settings) -> Split:
    if not corpora:
        return {name: generated(name, taxonomy, settings) for name in GENERATORS}
    read = {path.stem: list(read_corpus(path)) for path in corpora}
    return {name: ([d for i, d in enumerate(dances) if i % FIFTH], dances[::FIFTH]) for name, dances in read.items()}


def _styles(taxonomy: Taxonomy, settings: Settings) -> dict[str, frozenset[str]]:
    """The moves of each style."""
    known = profiles(taxonomy, Counts()).values()
    return {
        name: frozenset(move.move_id for move in known if within(move, tuple(families)))
        for name, families in settings.composer.styles.items()
    }


def _styled(dances: Sequence[Choreography], styles: Styles) -> list[tuple[Choreography, str | None]]:
    return [(dance, style_of((step for step in dance.steps if step), styles)) for dance in dances]


def _share(markov: Markov, decoder: Decoder, dances: Sequence[Choreography], styles: Styles) -> float:
    """The decoder's share under which these dances are likeliest, where its word counts."""
    likely = []
    for context, move in contexts(_styled(dances, styles)):
        if len(context.steps) >= decoder.from_steps and move in markov.number:
            alone, at = markov.after(*context.last_two), markov.number[move]
            likely.append((float(alone[at]), float(alike(markov, decoder, context, alone)[at])))
    return best_share(likely) if likely else 0.0


def _rows(
    unseen: str, tried: str, dances: Sequence[Choreography], markov: Markov, decoder: Decoder, styles: Styles
) -> list[Row]:
    """Each model on the steps at which the decoder's word counts."""
    known = [
        (context, markov.number.get(move))
        for context, move in contexts(_styled(dances, styles))
        if len(context.steps) >= decoder.from_steps
    ]
    alone = Markov(markov.counts, markov.names, 1)
    models = {
        "frequency": lambda context: alone.after(None, None),
        "markov": lambda context: markov.after(*context.last_two),
        "decoder": lambda context: blended(markov, decoder, context, 1.0),
        "blend": lambda context: blended(markov, decoder, context, decoder.share),
    }
    return [
        Row(unseen, tried, name, judged((after(context), came) for context, came in known))
        for name, after in models.items()
    ]


def _report(rows: Sequence[Row], shares: dict[str, float], least: float) -> Report:
    ranks = {
        name: np.mean([row.found.mrr for row in rows if row.model == name and row.unseen == row.tried])
        for name in ("frequency", "markov", "blend")
    }
    gain = float(ranks["blend"] / max(ranks["markov"], ranks["frequency"]) - 1)
    return Report(tuple(rows), gain, shares, gain >= least)


def _trained(
    run: Path, seen: Sequence[Choreography], held: Sequence[Choreography], words: Vocabulary, styles: Styles,
    settings: DecoderSettings,
) -> Decoder:  # fmt: skip
    """A decoder of these dances; a training that was begun in this folder goes on."""
    import ray.train
    import torch
    from ray.train.torch import TorchTrainer

    told = {"seen": list(seen), "held": list(held), "words": words, "styles": dict(styles), "settings": settings}
    trainer = TorchTrainer(
        work,
        train_loop_config=told,
        scaling_config=ray.train.ScalingConfig(num_workers=1, resources_per_worker={"CPU": 1}),
        run_config=ray.train.RunConfig(
            name="ray", storage_path=str(run), checkpoint_config=ray.train.CheckpointConfig(num_to_keep=1)
        ),
    )
    checkpoint = trainer.fit().checkpoint
    assert checkpoint is not None  # each epoch keeps one
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / STATE, weights_only=True)
    weights = {name: values.numpy() for name, values in state["network"].items()}
    return Decoder(words, weights, settings.heads, settings.from_steps, 0.0)


def work(told: dict[str, Any]) -> None:
    """What the worker does: epoch by epoch, from the last checkpoint on."""
    import ray.train
    import torch

    from dancecore.composer.decoder import training
    from dancecore.composer.decoder.network import Gpt

    settings, words = told["settings"], told["words"]
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    network = Gpt(words.size, settings)
    optimiser = training.optimiser(network, settings)
    runs, held = (training.stretches(told[name], words, told["styles"], settings.steps) for name in ("seen", "held"))
    epochs = _resume(network, optimiser)
    for epoch in range(epochs, settings.epochs):
        rng, losses = np.random.default_rng([settings.seed, epoch]), []
        batches = -(-len(runs) // settings.batch)
        for i, batch in enumerate(training.batches(runs, settings, rng)):
            done = (epoch + i / batches) / settings.epochs
            losses.append(training.take_step(network, optimiser, batch, done, settings))
        lost = {"epoch": epoch + 1, "loss": float(np.mean(losses)), "held": training.loss_of(network, held, settings)}
        with tempfile.TemporaryDirectory() as folder:
            state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "epochs": epoch + 1}
            torch.save(state, Path(folder) / STATE)
            ray.train.report(lost, checkpoint=ray.train.Checkpoint.from_directory(folder))


def _resume(network: Any, optimiser: Any) -> int:
    """Take up the last checkpoint, if there is one; the epochs that are done."""
    import ray.train
    import torch

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return 0
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / STATE, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epochs"])


def print_report(report: Report, as_json: bool) -> None:
    """A line for each model and the dances it was tried on, and what follows."""
    if as_json:
        print(json.dumps(asdict(report), indent=2))
        return
    table = Table(title="What comes next after four moves or more", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("never saw", "tried on", "model", "steps", "perplexity", "top 1", "top 5", "MRR"):
        table.add_column(name, justify="left" if name in ("never saw", "tried on", "model") else "right")
    for row in report.rows:
        found = row.found
        table.add_row(
            row.unseen if row.unseen != ALL else "-", row.tried, row.model, str(found.steps),
            f"{found.perplexity:.1f}", f"{found.top1:.3f}", f"{found.top5:.3f}", f"{found.mrr:.3f}",
        )  # fmt: skip
    Console(width=max(Console().width, 100)).print(table)
    verdict = "use it" if report.use else "Markov alone is used"
    print(f"on sources it never saw the blend gains {report.gain:+.1%} over Markov and frequency (MRR): {verdict}")
