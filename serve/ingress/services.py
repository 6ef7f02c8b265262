"""What the routes work with, and how they get hold of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from cluster.accounts import User
from cluster.objects import LocalObjects, S3Objects
from cluster.settings import Settings
from serve.composing import Composing
from serve.recognition import Recognition

SendCode = Callable[[str, str], None]
"""Brings a one-time code (second) to an e-mail address (first)."""


@dataclass(frozen=True)
class Services:
    """All that an ingress needs: database, objects, who recognises moves, who writes dances, who sends codes."""

    pool: Engine
    store: LocalObjects | S3Objects
    settings: Settings
    recognition: Recognition
    composing: Composing
    send_code: SendCode


async def services(request: Request) -> Services:
    """The services of this ingress. Like `me` and `page_size` a coroutine, because FastAPI hands plain functions to a
    thread, which takes longer than they do."""
    found: Services = request.app.state.services
    return found


async def me(request: Request) -> User:
    """Who sends this request: `serve.ingress.routing` found out before any route began."""
    found: User = request.state.user
    return found


Using = Annotated[Services, Depends(services)]
Me = Annotated[User, Depends(me)]
