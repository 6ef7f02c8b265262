"""The command group `danceapp taxonomy`: the moves, drawn and compared."""

from typing import Annotated

import typer

from jobs.console import JSON, plain_errors

taxonomy = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The taxonomy: moves, drawn and compared.")


@taxonomy.command("list")
def list_moves(
    family: Annotated[str | None, typer.Option(help="Only this family, or family/sub-family.")] = None,
    as_json: JSON = False,
) -> None:
    """List the moves by family. A move that is no longer looked for is marked, with what to use instead.

    [bold]Examples[/bold]

      danceapp taxonomy list

      danceapp taxonomy list --family slides --json
    """
    from cluster.library import TAXONOMY
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.taxonomy_show import print_moves

    with plain_errors():
        print_moves(load_taxonomy(TAXONOMY), family, as_json)
