"""Whose index a command asks: the one of this machine, or that of the service at `--server`."""

import os
from datetime import datetime
from typing import TYPE_CHECKING

from dancecore.errors import DanceError

if TYPE_CHECKING:
    from cluster.move_index import ClipSegments, MoveUse
    from cluster.moves import CatalogueMove
    from jobs.remote import Service

REMOTE = ("index", "moves", "search", "show")
"""The commands that a service can be asked as well; each of the others is about this machine."""

_server: str | None = None
_service: "Service | None" = None


class Local:
    """The index of this machine."""

    def index(self, family: str | None, since: datetime | None) -> "list[MoveUse]":
        """The move index, most used first."""
        from cluster.database import engine
        from cluster.move_index import move_index

        return move_index(engine(), family=family, since=since)

    def clip(self, name: str) -> "ClipSegments":
        """The segments of a clip, by its id or file name. Raises DanceError: NOT_FOUND, INVALID_INPUT."""
        from cluster.database import engine
        from cluster.move_index import clip_segments

        return clip_segments(engine(), name)

    def names(self) -> dict[str, str]:
        """The name of every move, by its id."""
        from cluster.database import engine
        from cluster.move_index import move_names

        return move_names(engine())

    def search(self, text: str, family: str | None, difficulty: str | None) -> "list[tuple[CatalogueMove, float]]":
        """Moves that are called like this, the most alike first, with their likeness 0..1."""
        from cluster import moves
        from cluster.database import engine
        from cluster.settings import settings

        numbers = settings().serve
        wanted = moves.Wanted(family, moves.levels(difficulty) if difficulty else None)
        return moves.search(engine(), text, wanted, numbers.search_likeness, numbers.page)


def choose(server: str | None, command: str | None) -> None:
    """Ask the service at this address from now on; None: this machine.

    Raises DanceError("INVALID_INPUT") for a command that only this machine can be asked.
    """
    global _server
    _server = server
    if server is not None and command not in REMOTE:
        message = f"{command} is about this machine: with --server there are {', '.join(REMOTE)}"
        raise DanceError("INVALID_INPUT", message)


def source() -> "Local | Service":
    """The index that is asked."""
    return service() or Local()


def service() -> "Service | None":
    """The service that is asked; None: this machine. Raises DanceError("UNAUTHENTICATED") without DANCEAPP_TOKEN."""
    global _service
    if _server is not None and _service is None:
        from jobs.remote import Service

        token = os.environ.get("DANCEAPP_TOKEN", "")
        if not token:
            raise DanceError("UNAUTHENTICATED", "set DANCEAPP_TOKEN to an API key of the service, or an access token")
        _service = Service(_server, token)
    return _service


def close() -> None:
    """The command has ended."""
    global _service
    if _service is not None:
        _service.http.close()
        _service = None
