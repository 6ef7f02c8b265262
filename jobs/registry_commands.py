"""The command group `danceapp models`: pose models, and the registry of classifiers."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from jobs.console import JSON, plain_errors

models = typer.Typer(rich_markup_mode="rich", help="Pose models, and the registry of classifiers.")

MODEL_ID = Annotated[str, typer.Argument(metavar="MODEL_ID", help="Such as mv-0.1.3.")]
REASON = Annotated[str | None, typer.Option(help="Why; it is kept in the model's log.")]


@models.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    fetch: Annotated[list[str] | None, typer.Option(help="Fetch a pose model: lite, full or heavy.")] = None,
    as_json: JSON = False,
) -> None:
    """List the pose models, whether they are here, and the classifiers that are registered.

    [bold]Examples[/bold]

      danceapp models

      danceapp models --fetch heavy

      danceapp models register taxonomy/tx-0.1/models/mv-0.2.0
    """
    if context.invoked_subcommand is not None:
        return
    from jobs.doctor import print_models

    with plain_errors():
        if fetch:
            from cluster import weights

            weights.fetch(fetch)
        print_models(as_json)


@models.command()
def register(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A bundle: model.onnx, bundle.json, confusion.json.")
    ],
) -> None:
    """Register a trained classifier as a candidate and store its files. The same bundle again changes nothing.

    [bold]Example[/bold]

      danceapp models register taxonomy/tx-0.1/models/mv-0.2.0
    """
    from jobs import registry

    with plain_errors():
        print(registry.register(folder))


@models.command()
def promote(
    model_id: MODEL_ID,
    to: Annotated[
        Literal["canary", "production"] | None, typer.Option(help="Where to; without it, its next state.")
    ] = None,
    reason: REASON = None,
) -> None:
    """Make a candidate the canary, or a canary the model in production; what was there before retires.

    A retired model goes back into production with --to production. The canary gets `canary_share` of the clips.

    [bold]Examples[/bold]

      danceapp models promote mv-0.1.3

      danceapp models promote mv-0.1.2 --to production --reason "mv-0.1.3 takes the dab for a wave"
    """
    from jobs import registry

    with plain_errors():
        print(registry.promote(model_id, to, reason))


@models.command()
def retire(model_id: MODEL_ID, reason: REASON = None) -> None:
    """Take a candidate or the canary out of use; production retires only when another takes its place.

    [bold]Example[/bold]

      danceapp models retire mv-0.1.3
    """
    from jobs import registry

    with plain_errors():
        print(registry.retire(model_id, reason))


@models.command()
def canary(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the rule says, and do nothing.")] = False,
    as_json: JSON = False,
) -> None:
    """Apply the rule of the canary now: promote it, keep it or roll it back (configs/registry.yaml).

    Every indexing run does so at its end; a timer need not run it more often than every quarter of an hour.

    [bold]Examples[/bold]

      danceapp models canary --dry-run

      danceapp models canary --json
    """
    from jobs import registry

    with plain_errors():
        registry.print_verdict(registry.judge(act=not dry_run), acted=not dry_run, as_json=as_json)
