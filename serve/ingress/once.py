"""A request that is sent again under the same key takes effect once, and is answered as it was before."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cluster import idempotency
from serve.ingress.services import services

log = logging.getLogger("danceapp.once")

Handler = Callable[[Request], Awaitable[Response]]

_under_way: set["asyncio.Task[Response]"] = set()
"""Held here, because a loop does not hold its tasks."""


async def once(request: Request, answer: Handler, key: str) -> Response:
    """Answer a request that was answered before under this key as it was then. A failure may be tried again.

    A client that goes does not end it: what a route does in a thread goes on as well, and a key that was given back
    meanwhile would let it be done twice.
    """
    said = sha256(f"{request.method} {request.url.path}\0".encode() + await request.body()).hexdigest()
    task = asyncio.create_task(_once(request, answer, key, said))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_tell)
        raise


async def _once(request: Request, answer: Handler, key: str, said: str) -> Response:
    pool, user = (await services(request)).pool, request.state.user.user_id
    before = await run_in_threadpool(idempotency.begin, pool, user, key, said)
    if before is not None:
        headers = {"content-type": "application/json", "idempotent-replayed": "true"}
        return Response(before.body, before.status, headers=headers)
    try:
        response = await answer(request)
    except Exception:
        await run_in_threadpool(idempotency.forget, pool, user, key)
        raise
    await run_in_threadpool(idempotency.finish, pool, user, key, response.status_code, bytes(response.body))
    return response


def _tell(task: "asyncio.Task[Response]") -> None:
    """Nobody else would hear of it."""
    if not task.cancelled() and (error := task.exception()):
        log.warning("failed after its client had gone", exc_info=error)
