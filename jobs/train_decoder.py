"""Trains the decoder of dances: `danceapp train-decoder`. Ray Train runs it, as it runs `danceapp train`.

OUT/report.json      how the decoder, Markov and both together foretell dances held out, and whether they are to be used
OUT/decoder.npz      the decoder of all dances, see `dancecore.composer.decoder.running`; only where it is to be used
OUT/config.json      what was asked for
OUT/1-2/             checkpoints of the training on the first and second source, one an epoch; a killed one goes on from
                     the last

Dances come from generators, or files. Each source is left out in turn: what was trained on the others is tried on
dances of the one that it never saw. Of the dances held out of those that it saw a half chooses when to stop and how
much the decoder counts; the other half judges.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cluster.choreographies import mark_of
from cluster.library import TAXONOMY
from cluster.ray_session import session
from cluster.settings import Settings
from dancecore.composer.counts import Counts, count
from dancecore.composer.decoder.blending import best_share
from dancecore.composer.decoder.running import Decoder, pack
from dancecore.composer.decoder.settings import DecoderSettings
from dancecore.composer.decoder.tokens import Vocabulary, vocabulary
from dancecore.composer.markov import Markov
from dancecore.composer.profiles import profiles
from dancecore.composer.steps import Choreography, read_corpus
from dancecore.composer.wish import within
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import Taxonomy, load_taxonomy
from dancecore.synthetic.generators import GENERATORS
from jobs.choreograph import FIFTH, generated
from jobs.decoder_report import ALL, Report, Styles, heard, report, rows
from jobs.train import needs_torch

STATE = "state.pt"


@dataclass(frozen=True, slots=True)
class Source:
    """Dances of a generator or a file: to learn, to choose by, and to judge by."""

    learn: list[Choreography]
    choose: list[Choreography]
    judge: list[Choreography]

    @classmethod
    def of(cls, learn: list[Choreography], held_out: list[Choreography]) -> "Source":
        return cls(learn, held_out[::2], held_out[1::2])


Sources = dict[str, Source]


def train_decoder(out: Path, corpora: Sequence[Path], settings: Settings, *, address: str | None = None) -> Report:
    """Train, judge and write. Raises DanceError: MISSING_EXTRA, INVALID_INPUT, what `read_corpus` refuses,
    CLUSTER_UNREACHABLE."""
    needs_torch()
    taxonomy, out = load_taxonomy(TAXONOMY), out.resolve()
    sources, styles = _sources(corpora, taxonomy, settings), _styles(taxonomy, settings)
    words = vocabulary([dance for source in sources.values() for dance in source.learn], settings.composer.styles)
    _claim(out, sources, settings.decoder)
    found, shares = [], {}
    with session(address, settings.cluster):
        for unseen in (*sources, ALL):
            seen = [source for name, source in sources.items() if name != unseen]
            learn, choose = [d for each in seen for d in each.learn], [d for each in seen for d in each.choose]
            run = out / "-".join(str(i) for i, name in enumerate(sources, 1) if name != unseen)
            decoder = _trained(run, learn, choose, words, styles, settings.decoder)
            markov = Markov(count(learn), words.moves)
            shares[unseen] = decoder.share = best_share(heard(markov, decoder, choose, styles))
            for name in (unseen,) if unseen in sources else sources:
                said = heard(markov, decoder, sources[name].judge, styles)
                found += rows(unseen, name, said, markov, decoder.share)
    made = report(found, shares, settings.decoder.least_gain)
    if made.use:
        (out / "decoder.npz").write_bytes(pack(decoder))
    (out / "report.json").write_text(json.dumps(asdict(made), indent=2) + "\n")
    return made


def _claim(out: Path, sources: Sources, settings: DecoderSettings) -> None:
    """Take the folder for this training. Raises DanceError("INVALID_INPUT") when it holds another one."""
    dances = hashlib.sha256(
        "".join(mark_of(d) for source in sources.values() for d in source.learn).encode()
    ).hexdigest()
    config, path = json.dumps({"dances": dances, **asdict(replace(settings, file=""))}, indent=2), out / "config.json"
    out.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text() != config:
        raise DanceError("INVALID_INPUT", f"{out} holds a training of other dances or numbers: give another --out")
    path.write_text(config)


def _sources(corpora: Sequence[Path], taxonomy: Taxonomy, settings: Settings) -> Sources:
    if not corpora:
        numbers = settings.decoder
        made = {name: generated(name, numbers.dances, numbers.held_out, taxonomy, settings) for name in GENERATORS}
        return {name: Source.of(*dances) for name, dances in made.items()}
    if len({path.stem for path in corpora} - {ALL}) < max(len(corpora), 2):
        asked = f"two files of dances at least are needed, by different names (none {ALL!r})"
        raise DanceError("INVALID_INPUT", f"{asked}: each is left out once")
    return {path.stem: _read(path) for path in corpora}


def _read(path: Path) -> Source:
    dances = list(read_corpus(path))
    if len(dances) < 2 * FIFTH:
        raise DanceError("INVALID_INPUT", f"{path} has {len(dances)} dances: want {2 * FIFTH} to hold two out")
    return Source.of([dance for i, dance in enumerate(dances) if i % FIFTH], dances[::FIFTH])


def _styles(taxonomy: Taxonomy, settings: Settings) -> dict[str, frozenset[str]]:
    """The moves of each style."""
    known = profiles(taxonomy, Counts()).values()
    return {
        name: frozenset(move.move_id for move in known if within(move, tuple(families)))
        for name, families in settings.composer.styles.items()
    }


def _trained(
    run: Path, seen: Sequence[Choreography], held: Sequence[Choreography], words: Vocabulary, styles: Styles,
    settings: DecoderSettings,
) -> Decoder:  # fmt: skip
    """A decoder of these dances, as it was when it foretold those held out best; a training that was begun in this
    folder goes on."""
    import ray.train
    import torch
    from ray.train.torch import TorchTrainer

    told = {"seen": list(seen), "held": list(held), "words": words, "styles": dict(styles), "settings": settings}
    keep = ray.train.CheckpointConfig(  # the last one is kept besides
        num_to_keep=1, checkpoint_score_attribute="held", checkpoint_score_order="min"
    )
    trainer = TorchTrainer(
        work,
        train_loop_config=told,
        scaling_config=ray.train.ScalingConfig(num_workers=1, resources_per_worker={"CPU": 1}),
        run_config=ray.train.RunConfig(name="ray", storage_path=str(run), checkpoint_config=keep),
    )
    kept = trainer.fit().best_checkpoints
    assert kept  # each epoch leaves one
    best, _ = min(kept, key=lambda one: one[1]["held"])
    with best.as_directory() as folder:
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
    batches = -(-len(runs) // settings.batch)
    epochs = -(-settings.updates // batches)
    for epoch in range(_resume(network, optimiser), epochs):
        rng, losses = np.random.default_rng([settings.seed, epoch]), []
        for i, batch in enumerate(training.batches(runs, settings, rng)):
            done = (epoch + i / batches) / epochs
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
