"""The command group `danceapp taxonomy`: the moves listed, drawn and compared, taught and migrated."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors

taxonomy = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The taxonomy: its moves, and your own.")


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


@taxonomy.command()
def preview(
    name: Annotated[str, typer.Argument(metavar="MOVE", help="A move's id, name or alias.")],
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("previews"),
    bpm: Annotated[
        float | None, typer.Option(min=40, max=240, help="Tempo; without it one the move is danced at.")
    ] = None,
    yaw: Annotated[
        float | None, typer.Option(help="Degrees: 0 from the front, 90 from the dancer's left; without it the best.")
    ] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="Dance it to the other side.")] = False,
    loops: Annotated[int, typer.Option(min=1, max=64, help="How often the MP4 shows the phrase.")] = 2,
) -> None:
    """Show one move danced: by a stick figure and by a body, each as a GIF that loops and an MP4 with clicks.

    The body needs the extra `synthetic`.

    [bold]Examples[/bold]

      danceapp taxonomy preview moonwalk

      danceapp taxonomy preview mv_floss --mirror --bpm 120 --out ~/floss
    """
    from cluster.library import TAXONOMY
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.taxonomy_preview import write_previews
    from jobs.taxonomy_show import find

    with plain_errors():
        move = find(load_taxonomy(TAXONOMY), name)
        for path in write_previews(move, out, bpm=bpm, yaw=yaw, mirror=mirror, loops=loops):
            print(path)


@taxonomy.command()
def sheet(
    out: Annotated[Path, typer.Option(help="The picture, a PNG.")] = Path("sheet.png"),
) -> None:
    """Draw all moves on one sheet, family by family, for A3.

    [bold]Example[/bold]

      danceapp taxonomy sheet --out sheet.png
    """
    from cluster.library import TAXONOMY
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.taxonomy_pictures import draw_sheet

    with plain_errors():
        draw_sheet(load_taxonomy(TAXONOMY), out)
    print(out)


@taxonomy.command()
def diff(
    old: Annotated[str, typer.Argument(help="A version, such as tx-0.1, or its folder.")],
    new: Annotated[str, typer.Argument(help="The version or folder to compare it with.")],
    as_json: JSON = False,
) -> None:
    """Say what changed from one version of the taxonomy to another.

    [bold]Examples[/bold]

      danceapp taxonomy diff tx-0.1 tx-0.2

      danceapp taxonomy diff tx-0.1 ~/my-taxonomy --json
    """
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.remap import folder_of
    from jobs.taxonomy_show import print_difference

    with plain_errors():
        print_difference(load_taxonomy(folder_of(old)), load_taxonomy(folder_of(new)), as_json)


@taxonomy.command()
def check(
    version: Annotated[str | None, typer.Argument(help="A version, or its folder; the one in use by default.")] = None,
) -> None:
    """Check that every move can be danced: joints in human range, feet that stand where they say, invariants.

    Exits with 1 when a move fails; for whoever writes moves.

    [bold]Example[/bold]

      danceapp taxonomy check taxonomy/tx-0.2
    """
    from cluster.library import TAXONOMY
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.remap import folder_of
    from jobs.taxonomy_show import print_faults

    with plain_errors():
        sound = print_faults(load_taxonomy(folder_of(version) if version else TAXONOMY))
    if not sound:
        raise typer.Exit(1)


@taxonomy.command()
def migrate(
    old: Annotated[str, typer.Argument(help="The version that is stored, such as tx-0.1, or its folder.")],
    new: Annotated[str, typer.Argument(help="The version to go to; an older one takes things back.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would change, and change nothing.")] = False,
    as_json: JSON = False,
) -> None:
    """Bring segments, annotations, templates and compositions from one version of the taxonomy to another.

    Segments of a move that was split go to the nearest new one. The way back restores what was.

    [bold]Examples[/bold]

      danceapp taxonomy migrate tx-0.1 tx-0.2 --dry-run

      danceapp taxonomy migrate tx-0.2 tx-0.1
    """
    from cluster.settings import settings
    from jobs.remap import migrate_taxonomy, print_remapped

    with plain_errors():
        report = migrate_taxonomy(old, new, settings(), dry_run=dry_run)
        print_remapped(report, dry_run=dry_run, as_json=as_json)


@taxonomy.command()
def enrol(
    name: Annotated[str, typer.Argument(help="What you call the move.")],
    exemplars: Annotated[
        list[Path], typer.Argument(metavar="EXEMPLAR...", help="Videos, pose files, or one motion pack (.npz).")
    ],
    start: Annotated[list[float] | None, typer.Option(help="Second at which the move begins; one for each.")] = None,
    end: Annotated[list[float] | None, typer.Option(help="Second at which it ends; one for each.")] = None,
    clip: Annotated[list[str] | None, typer.Option(help="Id of a clip in a motion pack; may be repeated.")] = None,
    as_json: JSON = False,
) -> None:
    """Teach a move of your own by one to five exemplars. The next `danceapp index` knows it.

    Enrol the same name again to add exemplars. An exemplar should show the move from its beginning to its end.

    [bold]Examples[/bold]

      danceapp taxonomy enrol "Table Sweep" sweep.mp4 --start 2.5 --end 5

      danceapp taxonomy enrol "Table Sweep" a.mp4 b.mp4 --start 0 --end 3 --start 1.5 --end 4

      danceapp taxonomy enrol "Knock" gestures.npz --clip class_3_0001 --clip class_3_0004
    """
    from cluster.settings import settings
    from jobs.enrol import enrol_move, print_own, sources_of

    with plain_errors():
        learned, nearest = enrol_move(name, sources_of(exemplars, start or [], end or [], clip or []), settings())
        print_own([learned], as_json, nearest)


@taxonomy.command()
def own(as_json: JSON = False) -> None:
    """List the moves that you enrolled.

    [bold]Example[/bold]

      danceapp taxonomy own
    """
    from cluster.database import engine
    from cluster.layer import own_moves
    from cluster.migrate import migrate as migrate_schema
    from jobs.enrol import print_own

    with plain_errors():
        migrate_schema()
        print_own(own_moves(engine()), as_json)


@taxonomy.command()
def forget(name: Annotated[str, typer.Argument(help="A move that you enrolled.")]) -> None:
    """Take a move that you enrolled out again, with its exemplars.

    [bold]Example[/bold]

      danceapp taxonomy forget "Table Sweep"
    """
    from cluster.database import engine
    from cluster.layer import forget as forget_move
    from cluster.migrate import migrate as migrate_schema
    from cluster.objects import objects

    with plain_errors():
        migrate_schema()
        forget_move(engine(), objects(), name)
    print(f"{name} is forgotten; the next danceapp index no longer looks for it")


@taxonomy.command()
def publish(
    exemplars: Annotated[int, typer.Option(min=0, max=3, help="Videos of each move; 0: templates only.")] = 2,
) -> None:
    """Store the templates of every move, and videos of people who dance it, where the API finds them.

    Videos need the extra `synthetic` and take a few seconds each. After Ctrl-C the same command goes on.

    [bold]Examples[/bold]

      danceapp taxonomy publish

      danceapp taxonomy publish --exemplars 0
    """
    from cluster.settings import settings
    from jobs.publish import publish as store

    with plain_errors():
        templates, videos = store(settings(), exemplars)
    print(f"{templates} templates, {videos} new videos")


@taxonomy.command()
def guide() -> None:
    """Bring pictures, facts and look-alikes of the annotation guide, taxonomy/GUIDE.md, up to date with the taxonomy.

    What is written by hand in it stays.

    [bold]Example[/bold]

      danceapp taxonomy guide
    """
    from cluster.library import TAXONOMY
    from dancecore.moves.taxonomy import load_taxonomy
    from jobs.taxonomy_guide import GUIDE, write_guide

    with plain_errors():
        write_guide(load_taxonomy(TAXONOMY), GUIDE)
    print(GUIDE)
