"""What happens around every route, in this order: who sends it, may they, was it sent before, the route, its ETag."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from serve.ingress.access import ACCESS, admit, check_owner, named
from serve.ingress.once import once
from serve.ingress.services import services


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
                return await once(request, answer, key)
            response = await answer(request)
            return _tagged(request, response) if request.method == "GET" else response

        return handle


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
