"""The one shape of every failure: {"error": {"code", "message", "details"}}."""

from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from cluster.objects import FULL
from cluster.settings import settings
from dancecore.errors import CODES, DanceError
from serve.ingress.access import ACCESS, TurnedAway
from serve.metrics import ERRORS

STATUS = {
    "UNAUTHENTICATED": 401, "FORBIDDEN": 403, "QUOTA_EXCEEDED": 403, "NOT_FOUND": 404, "OBJECT_MISSING": 404,
    "METHOD_NOT_ALLOWED": 405, "ALREADY_EXISTS": 409, "MODEL_REPLACED": 409, "CLIP_DELETED": 410,
    "CHANGED_MEANWHILE": 412, "TOO_LARGE": 413, "IF_MATCH_MISSING": 428, "RATE_LIMITED": 429, "INTERNAL": 500,
    "UNREACHABLE": 502, "OVERLOADED": 503, "DATABASE_UNAVAILABLE": 503, "OBJECTS_UNAVAILABLE": 503,
    "SCHEMA_MISSING": 503, "WEIGHTS_MISSING": 503, "WORKER_DIED": 503, "STORAGE_FULL": 503,
}  # fmt: skip
"""The HTTP status of a code; of all others, which say what is wrong with the clip or a value, 422."""

BY_STATUS = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "TOO_LARGE"}
"""The code of what the framework itself refuses; all else it refuses is INVALID_INPUT."""


def answer(error: DanceError, headers: dict[str, str] | None = None) -> JSONResponse:
    """A failure as its answer, which is counted. What may pass says when to come again."""
    ERRORS.inc(tags={"code": error.code})
    body = {"error": {"code": error.code, "message": error.message, "details": error.details}}
    status = STATUS.get(error.code, 422)
    wait = error.details.get("retry_after_s", settings().serve.retry_after_s if status == 503 else None)
    retry = {} if wait is None else {"Retry-After": str(ceil(wait))}
    return JSONResponse(body, status, headers={**retry, **(headers or {})})


def install(app: FastAPI) -> None:
    """Make `app` answer every failure in this shape; its own bugs are answered by serve.ingress.envelope."""
    app.add_exception_handler(DanceError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(PoolTimeout, _overloaded)
    app.add_exception_handler(OSError, _full)


def _refused(request: Request, error: Any) -> JSONResponse:
    if isinstance(error, TurnedAway):
        return answer(error, error.headers)
    challenge = {"WWW-Authenticate": "Bearer"} if error.code == "UNAUTHENTICATED" else None
    return answer(error, challenge)


def _invalid(request: Request, error: Any) -> JSONResponse:
    fields = [{"field": ".".join(map(str, each["loc"])), "reason": each["msg"]} for each in error.errors()]
    said = "; ".join(f"{each['field']}: {each['reason']}" for each in fields)
    return answer(DanceError("INVALID_INPUT", said, {"fields": fields}))


def _framework(request: Request, error: Any) -> JSONResponse:
    code = BY_STATUS.get(error.status_code, "INVALID_INPUT")
    headers = dict(error.headers or {})
    if code == "METHOD_NOT_ALLOWED":
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    said = error.detail if code == "TOO_LARGE" else CODES[code]
    return answer(DanceError(code, str(said), {"path": request.url.path}), headers)


def _methods(request: Request) -> set[str]:
    """Every method that this address answers: the framework names those of one route only."""
    return {method for method, path in ACCESS if compile_path(path)[0].match(request.url.path)}


def _overloaded(request: Request, error: Exception) -> JSONResponse:
    return answer(DanceError("OVERLOADED", CODES["OVERLOADED"]))


def _full(request: Request, error: Any) -> JSONResponse:
    """A form is kept on the disk while it comes in."""
    if error.errno not in FULL:
        raise error
    return answer(DanceError("STORAGE_FULL", CODES["STORAGE_FULL"]))
