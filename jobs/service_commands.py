"""The commands of the service: run it, and say who its administrators are."""

import os
from typing import Annotated

import typer

from dancecore.errors import DanceError
from jobs.console import plain_errors

ELSEWHERE = ("DANCEAPP_DATABASE_URL", "DANCEAPP_OBJECTS__URL", "DANCEAPP_CLUSTER__ADDRESS", "RAY_ADDRESS")
"""What names a database, an object store or a cluster: without them each is started on this machine."""


def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen; 0.0.0.0 is everywhere.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The one port of everything.")] = None,
    address: Annotated[str | None, typer.Option(help="A Ray cluster, host:port; without it one is started.")] = None,
    local: Annotated[bool, typer.Option("--local", help="All of it here, whatever is set elsewhere.")] = False,
) -> None:
    """Serve DanceApp over HTTP: Ray, database, queue, recognition, until Ctrl-C.

    [bold]Examples[/bold]

      danceapp serve

      danceapp serve --host 0.0.0.0 --port 80

      danceapp serve --local
    """
    from cluster.settings import settings
    from jobs.service import run

    with plain_errors():
        if local and address:
            raise DanceError("INVALID_INPUT", "--local starts a Ray of its own: leave --address out")
        if local:
            os.environ.update(dict.fromkeys(ELSEWHERE, ""))
            settings.cache_clear()
        numbers = settings()
        run(numbers, host or numbers.serve.host, port or numbers.serve.port, address)


users = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Who uses the service.")


@users.command()
def role(
    user: Annotated[str, typer.Argument(help="A user's id, handle or e-mail address.")],
    role: Annotated[str, typer.Argument(help="user, annotator or admin.")],
) -> None:
    """Give a user a role, which holds from their next request on.

    [bold]Example[/bold]

      danceapp users role ann@example.org admin
    """
    from cluster.accounts import set_role
    from cluster.database import engine

    with plain_errors():
        changed = set_role(engine(), user, role)
        print(f"{changed.handle} ({changed.user_id}) is {changed.role}")


def openapi(
    examples: Annotated[
        bool, typer.Option("--examples", help="An example of every call instead, as Markdown.")
    ] = False,
) -> None:
    """Print the OpenAPI document of the service, from which clients are generated.

    [bold]Examples[/bold]

      danceapp openapi > openapi.json

      danceapp openapi --examples > API.md
    """
    import json
    from importlib import import_module

    document = import_module("serve.ingress.api").describe()
    if examples:
        print(import_module("serve.ingress.examples").page(document), end="")
    else:
        print(json.dumps(document, indent=1, ensure_ascii=False))
