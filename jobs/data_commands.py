"""The command group `danceapp data`, sets of labelled dances, and `danceapp synthesise`, which makes them."""

from pathlib import Path
from typing import Annotated

import typer

from dancecore.errors import DanceError
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


@data.command()
def export(
    verified: Annotated[
        bool, typer.Option("--verified", help="What was approved by somebody else than who said it.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for the set; an earlier export in it is replaced.")] = Path(
        "verified"
    ),
    as_json: JSON = False,
) -> None:
    """Write the annotations of the service that were verified as a labelled set, which `danceapp train --set` takes.

    [bold]Example[/bold]

      danceapp data export --verified --out verified
    """
    from cluster.database import engine
    from cluster.library import TAXONOMY
    from cluster.objects import objects
    from jobs.export import export_verified, print_exported

    with plain_errors():
        if not verified:
            raise DanceError("INVALID_INPUT", "only what was verified is trained on: say --verified")
        print_exported(out, export_verified(out, engine(), objects(), TAXONOMY.name), as_json)


def synthesise(
    out: Annotated[Path, typer.Option(help="Folder for the set.")] = Path("synthetic"),
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 10,
    first_seed: Annotated[int, typer.Option(min=0, help="The first clip's seed; the others follow it.")] = 0,
    creators: Annotated[int | None, typer.Option(min=3, help="How many people dance in them.")] = None,
    keypoints_only: Annotated[
        bool,
        typer.Option("--keypoints-only", help="No videos, only what BlazePose would find: far quicker."),
    ] = False,
    poses: Annotated[bool, typer.Option("--poses", help="Let BlazePose look at the videos too.")] = False,
    address: Annotated[str | None, typer.Option(help="A Ray cluster, host:port; without it one is started.")] = None,
    conditions: Annotated[str, typer.Option(help="How they are filmed: usual, full-view or hard.")] = "usual",
    samples: Annotated[bool, typer.Option("--samples", help="Make the committed sample clips again instead.")] = False,
) -> None:
    """Make a labelled set of synthetic dances; needs the extra `synthetic`.

    The same command makes the same set; clips that are there already are skipped, so after Ctrl-C or a crash it goes on
    where it was. The first run on a machine prepares the body for some minutes.

    [bold]Examples[/bold]

      danceapp synthesise --out rendered --clips 300 --poses

      danceapp synthesise --out keypoints --clips 5000 --keypoints-only --creators 200

      danceapp synthesise --out hard --clips 80 --first-seed 710000 --poses --conditions hard

      danceapp synthesise --out /shared/rendered --clips 3000 --address ray-head:6379
    """
    from cluster.settings import settings
    from jobs import synthesise as job
    from jobs.synthetic_set import Recipe, filmed, with_creators

    with plain_errors():
        if samples:
            print(f"{len(job.make_samples(settings().synthetic))} clips in {job.SAMPLES}")
            return
        if keypoints_only and poses:
            raise DanceError("INVALID_INPUT", "--poses looks at videos, and --keypoints-only makes none")
        numbers = filmed(with_creators(settings(), creators), conditions)
        recipe = Recipe("keypoints" if keypoints_only else "video", first_seed, clips, poses)
        job.print_made(out, job.synthesise(out, recipe, numbers, address=address))
