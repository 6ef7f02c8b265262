"""The command `danceapp evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors


def evaluate(
    path: Annotated[Path, typer.Argument(metavar="SET", help="A folder of clips, or a motion pack (.npz).")],
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="What is shown and asked; more than once for more."),
    ] = None,
    recogniser: Annotated[list[str] | None, typer.Option(help="Only these; by default all that are there.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with pictures here.")] = None,
    as_json: JSON = False,
) -> None:
    """Measure how well moves are recognised on a labelled set, beside other recognisers, with 95 % intervals.

    Motions in three dimensions are filmed by a camera and given the errors that BlazePose makes. Protocols: closed,
    closed-found (boundaries found too), 1-shot, 3-shot, 5-shot, 1-shot-found, 5-shot-found, cross-view; and those of
    the sets that have their own: istpa-1-shot, istpa-3-shot, turned-away, bandai-styles, hanchoom-takes, cmu-exercises,
    known-names.

    [bold]Examples[/bold]

      danceapp evaluate synthetic

      danceapp evaluate istpa_gestures.npz --protocol istpa-1-shot --html report.html

      danceapp evaluate pack.npz --protocol 3-shot --recogniser templates --json
    """
    with plain_errors():
        _evaluate(path, protocol or [], recogniser or [], html, as_json)


def _evaluate(path: Path, protocols: list[str], recognisers: list[str], html: Path | None, as_json: bool) -> None:
    from cluster.settings import settings
    from jobs import evaluate as job
    from jobs import evaluation_report as report

    numbers = settings()
    of = job.read_set(path)
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
