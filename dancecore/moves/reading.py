"""Files of a taxonomy: YAML that is valid against its JSON schema, or an error that names the file and the reason."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from dancecore.errors import DanceError

SCHEMA = Path(__file__).with_name("move.schema.json")


def read(path: Path, part: str) -> dict[str, Any]:
    """The YAML of `path`, valid against the definition `part` of the schema. Keys become text, as in JSON.

    Raises DanceError("BAD_TAXONOMY").
    """
    try:
        raw = _text_keys(yaml.load(path.read_text(encoding="utf-8"), Loader=_Unique))  # noqa: S506 (it is a SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise bad(path, f"it cannot be read: {error}") from error
    wrong = jsonschema.exceptions.best_match(_validator(part).iter_errors(raw))
    if wrong is not None:
        raise bad(path, f"{wrong.json_path}: {wrong.message}")
    return raw


@cache
def _validator(part: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema | {"$ref": f"#/$defs/{part}"})


class _Unique(yaml.CSafeLoader):
    """Plain YAML in which no key is written twice: the later one would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is written twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _text_keys(item) for key, item in value.items()}
    return [_text_keys(item) for item in value] if isinstance(value, list) else value


def bad(path: Path, reason: str) -> DanceError:
    """The error that says what is wrong with the file `path`."""
    return DanceError("BAD_TAXONOMY", f"{path}: {reason}", {"file": str(path), "reason": reason})
