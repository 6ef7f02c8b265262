"""What happens around every route, in this order: who sends it, may they, was it sent before, the route, its ETag."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cluster import idempotency
from serve.ingress.access import ACCESS, admit, check_owner, named
from serve.ingress.services import services

Handler = Callable[[Request], Awaitable[Response]]


class Route(APIRoute):
    """A route of `serve.ingress.access.ACCESS`."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        answer = super().get_route_handler()
        method = next(iter(self.methods or ()))
        rule = ACCESS[method, self.path]

        async def handle(request: Request) -> Response:
            using, state, now = await services(request), request.state, datetime.now(UTC)
            address = request.client.host if request.client else ""
            state.user, state.headers = await run_in_threadpool(
                admit, using, rule, dict(request.headers), address, now
            )  # fmt: skip
            if rule.owns is not None and state.user is not None:
                await run_in_threadpool(check_owner, using, rule, state.user, await named(request, rule))
            key = request.headers.get("idempotency-key")
            if request.method == "POST" and state.user and key is not None:
                return await _once(request, answer, key)
            response = await answer(request)
            return _tagged(request, response) if request.method == "GET" else response

        return handle


async def _once(request: Request, answer: Handler, key: str) -> Response:
    """Answer a request that was answered before under this key as it was then. A failure may be tried again."""
    pool, user = (await services(request)).pool, request.state.user.user_id
    said = sha256(f"{request.method} {request.url.path}\0".encode() + await request.body()).hexdigest()
    before = await run_in_threadpool(idempotency.begin, pool, user, key, said)
    if before is not None:
        headers = {"content-type": "application/json", "idempotent-replayed": "true"}
        return Response(before.body, before.status, headers=headers)
    try:
        response = await answer(request)
    except BaseException:
        await run_in_threadpool(idempotency.forget, pool, user, key)
        raise
    await run_in_threadpool(idempotency.finish, pool, user, key, response.status_code, bytes(response.body))
    return response


def _tagged(request: Request, response: Response) -> Response:
    """The answer with an ETag, its route's or of its content; 304 without content to who has it already."""
    if response.status_code != 200 or isinstance(response, StreamingResponse) or not response.body:
        return response
    own = response.headers.get("etag")
    tag = own or f'W/"{sha256(bytes(response.body)).hexdigest()[:32]}"'  # weak: it may go out as it is, or compressed
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag.removeprefix("W/"), "*"}:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response
