"""The command `danceapp evaluate`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dancecore.errors import DanceError
from jobs.console import JSON, plain_errors


def evaluate(
    path: Annotated[
        Path | None, typer.Argument(metavar="SET", help="A folder of clips, or a motion pack (.npz).")
    ] = None,
    protocol: Annotated[
        list[str] | None, typer.Option(help="What is shown and asked; more than once for more.")
    ] = None,
    recogniser: Annotated[list[str] | None, typer.Option(help="Only these; by default all that are there.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Ask all clips of the folder, not only those of its test split.")
    ] = False,
    bundle: Annotated[Path | None, typer.Option(help="The classifier to ask instead of the shipped one.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with pictures here.")] = None,
    as_json: JSON = False,
    gate: Annotated[bool, typer.Option("--gate", help="Name the golden set; exit with 3 when that got worse.")] = False,
    part: Annotated[int | None, typer.Option(min=1, help="With --gate: only so many clips of it.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="With --gate: keep what is reached now as reference.")] = False,
) -> None:
    """Measure how well moves are recognised on a labelled set, beside other recognisers, with 95 % intervals.

    Motions in three dimensions are filmed by a camera and given the errors that BlazePose makes. Protocols: closed,
    closed-found (boundaries found too), open-set (moves that the bundle never learned among the others), 1-shot,
    3-shot, 5-shot, 1-shot-found, 5-shot-found, cross-view; and those of the sets that have their own: istpa-1-shot,
    istpa-3-shot, turned-away, bandai-styles, hanchoom-takes, cmu-exercises, known-names. Recognisers: enrolled (what
    the index finds your own moves by), templates, "templates, clean 3D" (faultless), "templates and classifier",
    "1-NN DTW", MiniRocket, TCN (sets with clips to train on).

    The golden set are 100 synthetic clips; it needs the extra `synthetic`. A drop of more than `gate_drop` of
    configs/evaluation.yaml in segment IoU or F1 exits with 3.

    [bold]Examples[/bold]

      danceapp evaluate synthetic --whole --protocol closed-found

      danceapp evaluate istpa_gestures.npz --protocol istpa-1-shot --html report.html

      danceapp evaluate pack.npz --protocol 3-shot --recogniser templates --json

      danceapp evaluate --gate
    """
    with plain_errors():
        if gate:
            ok = _gate(part, renew, as_json)
        elif path is None or part or renew:
            raise DanceError("INVALID_INPUT", "name a SET to evaluate, or --gate, which --part and --renew belong to")
        else:
            ok = _evaluate(path, protocol or [], recogniser or [], html, as_json, whole=whole, bundle=bundle)
    if not ok:
        raise typer.Exit(3)


def _evaluate(
    path: Path, protocols: list[str], recognisers: list[str], html: Path | None, as_json: bool, *, whole: bool,
    bundle: Path | None,
) -> bool:  # fmt: skip
    from cluster.settings import settings
    from jobs import evaluate as job
    from jobs import evaluation_report as report

    numbers = settings()
    of = job.read_set(path, whole=whole, bundle=bundle)
    compared = [
        (plan, job.compare(of, plan, recognisers, numbers, numbers.index.report_every_s))
        for plan in job.plans_for(of, protocols)
    ]
    if html:
        report.write_html(compared, html, f"Recognition on {of.name}")
    if as_json:
        print(report.as_json(compared))
    else:
        report.print_results(compared)
    return True


def _gate(part: int | None, renew: bool, as_json: bool) -> bool:
    from cluster.settings import settings
    from jobs import golden

    if renew:
        print(json.dumps(golden.renew(settings())))
        return True
    verdict = golden.judge(settings(), part)
    if as_json:
        print(json.dumps(asdict(verdict) | {"ok": verdict.ok}))
    else:
        for name, score in verdict.scores.items():
            print(f"{name:16} {score:.4f}   reference {verdict.reference[name]:.4f}   {verdict.clips} clips")
        print("as good as the reference" if verdict.ok else f"worse: more than {verdict.allowed:.3f} was lost")
    return verdict.ok
