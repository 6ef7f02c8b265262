"""The commands `danceapp train`, `danceapp train-decoder` and `danceapp tune`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors

OUT = Annotated[Path, typer.Option(help="Folder for the runs.")]
SETS = Annotated[
    list[Path] | None, typer.Option("--set", help="A folder of clips whose training split is trained on too.")
]
ADDRESS = Annotated[str | None, typer.Option(help="A Ray cluster, host:port; without it one is started.")]


def train(
    model_id: Annotated[str, typer.Argument(metavar="MODEL", help="The new model's id, such as mv-0.1.0.")],
    out: OUT = Path("runs"),
    sets: SETS = None,
    address: ADDRESS = None,
    as_json: JSON = False,
) -> None:
    """Train the classifier of moves on synthetic dances; needs the extras `train` and `synthetic`.

    What is trained, and on what, say configs/train.yaml and DANCEAPP_TRAIN__*. After Ctrl-C or a crash the same command
    goes on with the epoch it was at. The bundle that comes out lies in OUT/MODEL/bundle, curves beside it.

    [bold]Examples[/bold]

      danceapp train mv-0.1.0

      DANCEAPP_TRAIN__ARCH=transformer danceapp train mv-0.2.0 --set rendered

      danceapp train mv-0.3.0 --out /shared/runs --address ray-head:6379
    """
    from cluster.settings import settings
    from jobs.train import train as job

    with plain_errors():
        bundle = job(model_id, out, settings(), address=address, sets=sets or ())
        if as_json:
            print(json.dumps({"model_id": bundle.model_id, "metrics": bundle.metrics, "sha256": bundle.sha256}))
            return
        scores = "   ".join(f"{name} {value:.3f}" for name, value in bundle.metrics.items())
        print(f"model    {bundle.model_id}   {bundle.arch}   {len(bundle.network) / 1e6:.1f} MB in {out / model_id}")
        print(f"trained  {bundle.train_data['clips']} clips   {bundle.train_data['segments']} segments")
        print(f"scores   {scores}")


def train_decoder(
    out: OUT = Path("runs/decoder"),
    corpora: Annotated[
        list[Path] | None, typer.Option("--corpus", help="A file of dances, JSON lines; again for more.")
    ] = None,
    address: ADDRESS = None,
    as_json: JSON = False,
) -> None:
    """Train the decoder of dances, and say whether it foretells steps better than Markov; needs the extra `train`.

    Without files it is trained on three generators of dances. Each source is left out once, and what was trained on
    the others is tried on it; OUT/decoder.npz is written where that foretells enough better. The numbers are in
    configs/decoder.yaml. The same command goes on after a kill.

    [bold]Examples[/bold]

      danceapp train-decoder

      danceapp train-decoder --corpus school.jsonl --corpus club.jsonl --out runs/people
    """
    from cluster.settings import settings
    from jobs.decoder_report import print_report
    from jobs.train_decoder import train_decoder as job

    with plain_errors():
        print_report(job(out, corpora or (), settings(), address=address), as_json)


def tune(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for the search.")],
    out: OUT = Path("runs"),
    sets: SETS = None,
    address: ADDRESS = None,
    as_json: JSON = False,
) -> None:
    """Search for better numbers of training; what is tried says configs/tune.yaml.

    After Ctrl-C or a crash the same command goes on where it was.

    [bold]Example[/bold]

      danceapp tune first --address ray-head:6379
    """
    from cluster.settings import settings
    from jobs.tune import METRIC
    from jobs.tune import tune as job

    with plain_errors():
        trials = job(name, out, settings(), address=address, sets=sets or ())
        if as_json:
            print(json.dumps(trials))
            return
        for trial in trials:
            drawn = "  ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
                              for key, value in trial["settings"].items())  # fmt: skip
            print(f"{METRIC} {trial.get(METRIC, 0.0):.3f}   {drawn}")
