"""What Ray Serve is told to put around the ingress: `jobs.service` names it in the environment."""

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ID = "X-Request-ID"


class OneId:
    """ASGI middleware. Of two ids of a request in an answer the first stays: Serve adds its own to the ingress's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def once(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if ID in headers:
                    headers[ID] = headers[ID]
            await send(message)

        await self.app(scope, receive, once)


def outermost() -> list[Middleware]:
    """The middlewares, for RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH."""
    return [Middleware(OneId)]
