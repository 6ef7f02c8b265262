"""The commands of the composer: `danceapp choreograph` learns from dances."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors


def choreograph(
    corpus: Annotated[
        Path | None, typer.Option(help="Learn a file of dances, JSON lines, instead of the index.", metavar="FILE")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call them; without it the file's name.")] = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Learn nothing; say how well dances held out are foretold.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Learn what follows what: of all analysed clips, or of a file of dances; only what is new is counted.

    A file has a line for each dance: {"id": "a", "steps": [{"move": "floss", "beats": 4, "mirror": false}, null]},
    moves by any names, null for a gap. --evaluate tries models on dances they never saw: a fifth of the file, without
    one those of synthetic generators.

    [bold]Examples[/bold]

      danceapp choreograph

      danceapp choreograph --corpus dances.jsonl --name school

      danceapp choreograph --evaluate
    """
    from cluster.settings import settings
    from jobs import choreograph as job

    with plain_errors():
        if evaluate:
            job.print_judged(job.evaluate(corpus, settings()), as_json)
            return
        job.print_learned(*job.learn(corpus, name, settings()), as_json)
