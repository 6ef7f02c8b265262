"""Around every request and answer: an id, limits of size and number, the headers of rate limits, a line in the log."""

import logging
import re
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster import logs
from cluster.ids import ulid
from dancecore.errors import CODES, DanceError
from serve.ingress.errors import answer
from serve.metrics import NOWHERE, count_request

log = logging.getLogger("danceapp.access")
GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SMALL = 1_000_000
"""Bytes of a body, but for those addresses that take clips."""


class Envelope:
    """ASGI middleware. `limits`: the most bytes of a body by the end of the path. More than `at_once` requests at a
    time are refused, to come again later; a stream of events is one until it begins."""

    def __init__(self, app: ASGIApp, limits: dict[str, int], at_once: int) -> None:
        self.app, self.limits, self.at_once = app, limits, at_once
        self.now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        state = scope.setdefault("state", {})
        state["id"] = given if GIVEN_ID.fullmatch(given) else ulid("req")
        with logs.about(request_id=state["id"]):
            await self._answer(scope, receive, send, state)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, state: dict[str, Any]) -> None:
        began, status, counted = time.monotonic(), 0, True

        async def out(message: Message) -> None:
            nonlocal status, counted
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update({"X-Request-ID": state["id"], **state.get("headers", {})})
                if counted and headers.get("content-type", "").startswith("text/event-stream"):
                    self.now, counted = self.now - 1, False  # serve.ingress.streams counts it from here on
            await send(message)

        self.now += 1
        try:
            if self.now > self.at_once:
                await answer(DanceError("OVERLOADED", CODES["OVERLOADED"]))(scope, receive, out)
            else:
                await self.app(scope, _limited(scope, receive, self._most(scope["path"])), out)
        except Exception:
            log.exception("met a bug")
            if status:
                raise  # half an answer is out: only the end of the connection can tell
            await answer(DanceError("INTERNAL", CODES["INTERNAL"], {"request_id": state["id"]}))(scope, receive, out)
        finally:
            self.now -= counted
            seconds = time.monotonic() - began
            count_request(scope["method"], getattr(scope.get("route"), "path", NOWHERE), status, seconds)
            said = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(1000 * seconds)}
            user = getattr(state.get("user"), "user_id", None)
            log.info("%(method)s %(path)s %(status)s", said, extra={**said, "user": user})

    def _most(self, path: str) -> int:
        return next((most for end, most in self.limits.items() if path.endswith(end)), SMALL)


def _limited(scope: Scope, receive: Receive, most: int) -> Receive:
    """Refuses a body that is too large: at once where it says so, else where it grows so."""
    declared = Headers(scope=scope).get("content-length", "0")
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most or (declared.isdigit() and int(declared) > most):
            raise HTTPException(413, f"a body of at most {most} bytes is taken here")
        return message

    return limited
