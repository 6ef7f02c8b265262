"""Links of the OpenAPI document: every call that makes something says which calls go on with its id."""

from collections.abc import Iterator
from typing import Any

Operation = dict[str, Any]


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
    for name in _properties(operation.get("requestBody", {}), schemas):
        yield name, "body", operation


def _properties(content: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """The ids among the properties of a JSON body."""
    ref = content.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return {name for name in schemas.get(ref.rpartition("/")[2], {}).get("properties", ()) if name.endswith("_id")}


def _link(name: str, place: str, taker: Operation) -> dict[str, Any]:
    value = f"$response.body#/{name}"
    where = {"parameters": {name: value}} if place == "path" else {"requestBody": {name: value}}
    return {"operationId": taker["operationId"], **where}
