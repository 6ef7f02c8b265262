"""What every route has in common in the OpenAPI document: who may, headers, failures, and where one goes on."""

from collections.abc import Iterator
from typing import Any

from serve.ingress.access import Rule
from serve.ingress.failures import Operation, described, failures

HEADERS: dict[str, str] = {
    "X-Request-ID": "The id of this request in our log: yours, where it brought one.",
    "ETag": "Of this content. `If-None-Match` with it is answered by 304 while nothing changed.",
    "RateLimit-Limit": "Requests of this kind a minute.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until all are there again.",
    "Idempotent-Replayed": "`true`: this is the answer that the same request had before.",
    "Retry-After": "Seconds after which it is worth trying again, where it is.",
}

RATES = tuple(name for name in HEADERS if name.startswith("RateLimit"))
FAILED: dict[str, tuple[str, ...]] = {"409": ("Retry-After",), "429": ("Retry-After", *RATES), "503": ("Retry-After",)}
"""Headers of a failure by its status, beside its id."""

KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "Of your making and hard to guess, as a UUID is: the request takes effect once, however often sent.",
}  # fmt: skip
KNOWN = {
    "name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag of what you have.",
}  # fmt: skip


def complete(operation: Operation, method: str, path: str, rule: Rule) -> dict[str, Any]:
    """Add to a route who may use it, the headers that go both ways, and how it fails: references to the responses that
    are returned, by their names."""
    told = ["X-Request-ID", *(RATES if rule.counted else ())]
    failed = failures(method, path, rule, operation)
    shown = operation["responses"].get("200")  # a sign-in elsewhere is a redirection alone
    tagged = method == "GET" and shown is not None and "text/event-stream" not in shown.get("content", {})
    if rule.roles is not None:
        operation["security"] = [{"bearer": []}]
        operation["description"] += f"\n\nFor: {', '.join(rule.roles)}."
    if tagged:
        operation.setdefault("parameters", []).append(KNOWN)
        shown["headers"] = _headers("ETag")
        operation["responses"]["304"] = {"description": "What you have is still true", "headers": _headers("ETag")}
    for parameter in operation.get("parameters", ()):
        if method == "PUT" and parameter["name"] == "if-match":
            parameter["required"] = True  # without it, it is our answer that says so
    if method == "POST" and rule.roles is not None:
        operation.setdefault("parameters", []).append(KEY)
        told.append("Idempotent-Replayed")
    elif method == "POST":
        operation["description"] += "\n\nAn `Idempotency-Key` is not heeded here: keys belong to who is signed in."
    operation["responses"].pop("422", None)
    for response in operation["responses"].values():
        response["headers"] = response.get("headers", {}) | _headers(*told)
    names = {status: "_".join(codes) for status, codes in failed.items()}
    operation["responses"] |= {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}
    return {
        names[status]: described(codes, _headers("X-Request-ID", *FAILED.get(status, ())))
        for status, codes in failed.items()
    }


def components() -> dict[str, Any]:
    """The headers, as the routes refer to them."""
    return {name: {"description": said, "schema": {"type": "string"}} for name, said in HEADERS.items()}


def link(document: dict[str, Any]) -> None:
    """Add to each answer of a POST that holds an id, `..._id`, the calls that take this id in their path or body."""
    schemas = document["components"]["schemas"]
    takers = [taken for operation in _operations(document) for taken in _taken(operation, schemas)]
    for method, operation in ((m, o) for item in document["paths"].values() for m, o in item.items()):
        for status, response in operation["responses"].items():
            if method != "post" or not status.startswith("2"):
                continue
            given = _properties(response, schemas)
            links = {
                f"{name}_of_{taker['operationId']}": _link(name, place, taker)
                for name, place, taker in takers
                if name in given and taker is not operation
            }
            if links:
                response["links"] = links


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for item in document["paths"].values():
        yield from item.values()


def _taken(operation: Operation, schemas: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """The ids that a call takes, and whether in its path or its body."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            yield parameter["name"], "path", operation
    for name in sorted(_properties(operation.get("requestBody", {}), schemas)):
        yield name, "body", operation


def _properties(content: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The ids among the properties of a JSON body."""
    ref = content.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return {name for name in schemas.get(ref.rpartition("/")[2], {}).get("properties", ()) if name.endswith("_id")}


def _link(name: str, place: str, taker: Operation) -> dict[str, Any]:
    value = f"$response.body#/{name}"
    where = {"parameters": {name: value}} if place == "path" else {"requestBody": {name: value}}
    return {"operationId": taker["operationId"], **where}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
