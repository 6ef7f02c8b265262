"""A request that is sent again under the same key takes effect once, and is answered as it was before."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from cluster import idempotency
from cluster.idempotency import Answer
from serve.ingress.services import services

log = logging.getLogger("danceapp.once")

Handler = Callable[[Request], Awaitable[Response]]

KEPT = ("content-type", "etag", "location")
"""Headers that belong to what is answered; the others are of one time that it is."""

CHUNK = 1 << 20
"""Bytes of a file that are in memory at a time."""

_under_way: set["asyncio.Task[Response]"] = set()
"""Held here, because a loop does not hold its tasks."""


async def once(request: Request, answer: Handler, key: str) -> Response:
    """Answer a request that was answered before under this key as it was then. A failure may be tried again.

    A client that goes does not end it: what a route does in a thread goes on as well, and a key that was given back
    meanwhile would let it be done twice. Of a form the files are gone with the client; who reads them then fails, and
    the key is given back.
    """
    task = asyncio.create_task(_once(request, answer, key, await _digest(request)))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_tell)
        raise


async def _once(request: Request, answer: Handler, key: str, said: str) -> Response:
    pool, user = (await services(request)).pool, request.state.user.user_id
    try:
        before = await run_in_threadpool(idempotency.begin, pool, user, key, said)
        if before is not None:
            return Response(before.body, before.status, {**before.headers, "idempotent-replayed": "true"})
        return await _first(request, answer, pool, user, key)
    finally:
        await request.close()  # the files of its form, which no route may have come to


async def _first(request: Request, answer: Handler, pool: Engine, user: str, key: str) -> Response:
    try:
        response = await answer(request)
    except Exception:
        await run_in_threadpool(idempotency.forget, pool, user, key)
        raise
    headers = {name: response.headers[name] for name in KEPT if name in response.headers}
    kept = Answer(response.status_code, headers, bytes(response.body))
    await run_in_threadpool(idempotency.finish, pool, user, key, kept)
    return response


async def _digest(request: Request) -> str:
    """What tells a request from others: the same however a client draws the line between the parts of a form."""
    asked = [request.method, request.url.path, request.url.query, await _body(request)]
    return sha256(json.dumps(asked).encode()).hexdigest()


async def _body(request: Request) -> str | list[list[str | None]]:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return sha256(await request.body()).hexdigest()
    return [[name, *await _part(value)] for name, value in (await request.form()).multi_items()]


async def _part(value: UploadFile | str) -> list[str | None]:
    if isinstance(value, str):
        return [value]
    said = sha256()
    while chunk := await value.read(CHUNK):
        said.update(chunk)
    await value.seek(0)
    return [value.filename, value.content_type, said.hexdigest()]


def _tell(task: "asyncio.Task[Response]") -> None:
    """Nobody else would hear of it."""
    if not task.cancelled() and (error := task.exception()):
        log.warning("failed after its client had gone", exc_info=error)
