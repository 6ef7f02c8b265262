"""The command line `danceapp`. Heavy imports wait inside the commands, so that help is instant."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dancecore.errors import DanceError
from jobs.compose_commands import choreograph, compare, compose, music
from jobs.console import JSON, plain_errors
from jobs.data_commands import data, synthesise
from jobs.evaluate_command import evaluate
from jobs.model_commands import train, train_decoder, tune
from jobs.registry_commands import models
from jobs.service_commands import openapi, serve, users
from jobs.taxonomy_commands import taxonomy

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False,
    help="Finds the moves in dance clips, names them, and keeps an index of every move, most used first.",
    epilog="Start with [bold]danceapp doctor[/bold], then [bold]danceapp index FOLDER[/bold].",
)  # fmt: skip


@app.callback()
def main(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="DANCEAPP_SERVER", help="Ask the service at this address; DANCEAPP_TOKEN holds a key of it."
        ),
    ] = None,
) -> None:
    """Finds the moves in dance clips, names them, and keeps an index of every move, most used first."""
    from jobs.source import choose, close

    context.call_on_close(close)
    with plain_errors():
        choose(server, context.invoked_subcommand)


@app.command()
def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Video files, or folders to search.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Take only this many clips, in order of path.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Probe the clips and say what there is to do.")] = False,
    address: Annotated[str | None, typer.Option(help="A Ray cluster, host:port; without it one is started.")] = None,
    consent: Annotated[
        str | None, typer.Option(help="With --server: the version of the terms that whoever is seen agreed to.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Index every clip in files and folders, then print the move index.

    Clips that are indexed already are skipped. After Ctrl-C or a crash the same command goes on where it was.
    Exits with 3 when more clips failed than `max_error_share` of configs/index.yaml.

    [bold]Examples[/bold]

      danceapp index ~/my-clips

      danceapp index one.mp4 two.mov --dry-run

      danceapp index /shared/clips --address ray-head:6379

      danceapp --server https://dance.example.org index ~/my-clips --consent 2026-06
    """
    from cluster.settings import settings
    from jobs import index as job
    from jobs.send import send
    from jobs.show import print_index
    from jobs.source import service, source
    from jobs.summary import as_json as summary_json
    from jobs.summary import print_summary, print_survey

    with plain_errors():
        asked = service()
        if asked and (dry_run or address or not consent):
            message = "--consent VERSION is wanted" if not consent else "--dry-run and --address are about this machine"
            raise DanceError("INVALID_INPUT", f"with --server {message}")
        if dry_run:
            print_survey(*job.survey(paths, settings(), address=address, limit=limit), as_json=as_json)
            return
        if asked:
            summary = send(paths, asked, str(consent), settings(), limit)
        else:
            summary = job.index(paths, settings(), address=address, limit=limit)
        if as_json:
            print(summary_json(summary))
        else:
            print_summary(summary)
            print_index(source().index(None, None))
    if summary.error_share > settings().index.max_error_share:
        raise typer.Exit(3)


@app.command()
def moves(
    family: Annotated[str | None, typer.Option(help="Only moves of this family.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only clips that came in on or after this day (UTC).")
    ] = None,
    as_json: JSON = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV and nothing else.")] = False,
) -> None:
    """Print the move index: every move in use, most used first.

    [bold]Examples[/bold]

      danceapp moves

      danceapp moves --family arms --since 2026-01-01

      danceapp moves --json | jq '.[0].name'
    """
    from jobs.show import print_index
    from jobs.source import source

    with plain_errors():
        if as_json and csv:
            raise DanceError("INVALID_INPUT", "--json and --csv exclude each other")
        form = "json" if as_json else "csv" if csv else "table"
        rows = source().index(family, since.replace(tzinfo=UTC) if since else None)
        print_index(rows, form, narrowed=bool(family or since))


@app.command()
def search(
    name: Annotated[str, typer.Argument(help="What a move is called, about.")],
    family: Annotated[str | None, typer.Option(help="Only moves of this family.")] = None,
    difficulty: Annotated[str | None, typer.Option(help="Only moves this difficult: 2, or 1..3.")] = None,
    as_json: JSON = False,
) -> None:
    """Find moves by name or alias; typing errors are forgiven.

    [bold]Examples[/bold]

      danceapp search "mooonwalk"

      danceapp --server https://dance.example.org search flos --json
    """
    from jobs.show import print_moves
    from jobs.source import source

    with plain_errors():
        print_moves(source().search(name, family, difficulty), as_json)


@app.command()
def show(
    clip: Annotated[str, typer.Argument(help="A clip's id (vid_...), its file name, or the file itself.")],
    png: Annotated[Path | None, typer.Option(help="Draw the timeline and a stick figure of each move here.")] = None,
    as_json: JSON = False,
) -> None:
    """Show the moves of one clip: when, which, how sure, and what else it may be.

    [bold]Examples[/bold]

      danceapp show party.mp4

      danceapp show party.mp4 --png party.png
    """
    from jobs.show import show_clip
    from jobs.source import service

    with plain_errors():
        if png and service():
            raise DanceError("INVALID_INPUT", "--png draws what is stored on this machine, and --server is another")
        show_clip(clip, png, as_json)


@app.command()
def doctor(as_json: JSON = False) -> None:
    """Check everything that DanceApp needs, one line each, with the remedy for what is missing.

    Exits with 1 when something that indexing needs is missing.

    [bold]Example[/bold]

      danceapp doctor
    """
    from jobs.doctor import examine, print_findings

    with plain_errors():
        findings = examine()
        print_findings(findings, as_json)
    if any(not finding.ok for finding in findings):
        raise typer.Exit(1)


for command in (choreograph, compare, compose, evaluate, music, openapi, serve, synthesise, train, tune):
    app.command()(command)
app.command("train-decoder")(train_decoder)

db = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="The database: where it is, and its schema.")
app.add_typer(db, name="db")
app.add_typer(data, name="data")
app.add_typer(models, name="models")
app.add_typer(taxonomy, name="taxonomy")
app.add_typer(users, name="users")


@db.command()
def url() -> None:
    """Print where the database is, without its password.

    [bold]Example[/bold]

      danceapp db url
    """
    with plain_errors():
        print(_pool().url.render_as_string(hide_password=True))


@db.command()
def current() -> None:
    """Print the revision of the schema that is in the database, and the one this program needs.

    [bold]Example[/bold]

      danceapp db current
    """
    from cluster import migrate

    with plain_errors():
        print(f"{migrate.current(_pool()) or 'none'} (needed: {migrate.newest()})")


@db.command()
def upgrade() -> None:
    """Bring the schema up to what this program needs; indexing does so by itself.

    [bold]Example[/bold]

      danceapp db upgrade
    """
    from cluster import migrate

    with plain_errors():
        print(migrate.migrate(_pool()))


@db.command(context_settings={"ignore_unknown_options": True})  # -1 is a revision
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, -1 for one step, base for an empty database.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema back to an older revision. The data of the tables that go is lost.

    [bold]Example[/bold]

      danceapp db downgrade base --yes
    """
    from cluster import migrate

    if not yes:
        typer.confirm(f"Take the schema back to {revision} and lose what its tables hold?", abort=True)
    with plain_errors():
        migrate.downgrade(_pool(), revision)


def _pool() -> Any:
    from cluster.database import engine

    return engine()


if __name__ == "__main__":
    app()
