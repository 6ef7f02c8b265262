"""The command group `danceapp data`: sets of labelled dances."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors

data = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Sets of labelled dances.")


@data.command()
def describe(
    paths: Annotated[
        list[Path], typer.Argument(metavar="SET...", help="Folders of clips, motion packs (.npz), tables (.csv).")
    ],
    png: Annotated[Path | None, typer.Option(help="Draw it here.")] = None,
    as_json: JSON = False,
) -> None:
    """Count moves, people, minutes, views and balance, beside what a set should have (configs/datasets.yaml).

    [bold]Examples[/bold]

      danceapp data describe synthetic --png synthetic.png

      danceapp data describe one.npz two.npz --json
    """
    from jobs.describe import describe_sets

    with plain_errors():
        describe_sets(paths, png, as_json)
