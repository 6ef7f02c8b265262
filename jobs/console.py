"""What every command does alike: plain errors, and the option for JSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from dancecore.errors import DanceError

JSON = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a user can cause is one line on stderr and exit status 1; Ctrl-C is one line and 130. A bug still raises."""
    try:
        yield
    except DanceError as error:
        print(f"danceapp: {error.code}: {error.message}", file=sys.stderr)
        raise typer.Exit(1) from error
    except OSError as error:
        if error.filename is None:
            raise  # about no file: not the user's to mend
        print(f"danceapp: {error.filename}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        print("danceapp: interrupted; give the same command again", file=sys.stderr)
        raise typer.Exit(130) from None
