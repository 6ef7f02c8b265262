"""An example of every call: in the OpenAPI document, and as a page of curl commands, which a test runs."""

import json
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

Operation = dict[str, Any]

ELSEWHERE = {
    "exemplar_id": "ex_000011", "q": "mooonwalk", "signature": "c2VjcmV0", "number": "1", "until": "1893456000",
    "if-match": "*",
}  # fmt: skip
"""Values of parameters that no shape has an example of."""
FILE = "party.mp4"

HEAD = """# Every call of the service

Made by `make generate` of the OpenAPI document. `api` is where the service listens, `key` an API key or access token:

```sh
api=http://127.0.0.1:8000
```
"""


def exemplify(document: dict[str, Any]) -> None:
    """Give every parameter that a call cannot do without an example: what the shapes have under its name."""
    examples = [shape.get("examples", [{}])[0] for shape in document["components"]["schemas"].values()]
    known = {name: value for example in examples for name, value in example.items() if isinstance(value, str)}
    for _, _, operation in calls(document):
        for parameter in operation.get("parameters", ()):
            if parameter["required"]:
                shown, may = (known | ELSEWHERE)[parameter["name"]], parameter["schema"].get("enum")
                parameter["example"] = shown if may is None or shown in may else may[0]


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Method, path and operation of every call."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def page(document: dict[str, Any]) -> str:
    """The page, as Markdown."""
    parts = [_part(method, path, operation, document["components"]) for method, path, operation in calls(document)]
    return "\n".join([HEAD, *parts])


def _part(method: str, path: str, operation: Operation, components: dict[str, Any]) -> str:
    schemas, responses = components["schemas"], components["responses"]
    status, answer = next((s, a) for s, a in operation["responses"].items() if s[0] in "23")  # to sign in elsewhere: 3
    said = [f"## {method} {path}", operation["description"], f"```sh\n{_curl(method, path, operation, schemas)}\n```"]
    content = answer.get("content", {})
    if "schema" in content.get("application/json", {}):  # a file that may be JSON has none
        example = json.dumps(_example(content["application/json"]["schema"], schemas), indent=1, ensure_ascii=False)
        said.append(f"Answers {status}:\n\n```json\n{example}\n```")
    else:
        said.append(f"Answers {status}, {' or '.join(content) or 'without content'}.")
    said.append(f"Fails with {', '.join(_failures(operation, responses))}.")
    return "\n\n".join(said) + "\n"


def _failures(operation: Operation, responses: dict[str, Any]) -> Iterator[str]:
    """Each status of a failure with its codes."""
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            content = responses[answer["$ref"].rpartition("/")[2]]["content"]["application/json"]
            yield f"{status} {' or '.join(f'`{code}`' for code in content['examples'])}"


def _curl(method: str, path: str, operation: Operation, schemas: dict[str, Any]) -> str:
    needed = [each for each in operation.get("parameters", ()) if each["required"]]
    at = path.format(**{each["name"]: each["example"] for each in needed if each["in"] == "path"})
    query = urlencode({each["name"]: each["example"] for each in needed if each["in"] == "query"})
    line = f'curl -X {method} "$api{at}{"?" + query if query else ""}"'
    if "security" in operation:
        line += ' -H "Authorization: Bearer $key"'
    for each in needed:
        line += f" -H '{each['name'].title()}: {each['example']}'" if each["in"] == "header" else ""
    body = operation.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        example = json.dumps(_example(body["application/json"]["schema"], schemas), ensure_ascii=False)
        line += f" \\\n  -H 'Content-Type: application/json' -d {shlex.quote(example)}"
    elif "application/octet-stream" in body:
        line += f" \\\n  --data-binary @{FILE}"
    elif body:
        line += f" \\\n  -F 'file=@{FILE};type=video/mp4'"
    return line


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """What a value of this schema looks like: a shape has its example, a page of shapes is put together."""
    shape = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "examples" in shape:
        return shape["examples"][0]
    if shape.get("type") == "array":
        return [_example(shape["items"], schemas)]
    if "properties" in shape:
        return {name: _example(value, schemas) for name, value in shape["properties"].items()}
    return None
