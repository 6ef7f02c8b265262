"""The taxonomy: named moves with their canonical motions, read from a folder of YAML and checked as a whole."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import yaml
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.moves.motion import Motion
from dancecore.moves.posing import motion_of
from dancecore.types import check_shape

SCHEMA = Path(__file__).with_name("move.schema.json")
INDEX_FILE = "taxonomy.yaml"


@dataclass(frozen=True, slots=True)
class Move:
    """One named move.

    `difficulty` 1..5; `bpm` the (slowest, fastest) tempo it is danced at; `beats` the length of its phrase, which
    loops. `mirrorable` False: the move is its own mirror image. `signature` weighs the BlazePose joints that tell
    this move from others (0..1; a joint that is not named weighs nothing). `planted` (F, 2) bool: frames in which the
    left, right foot stands still on the floor.
    """

    move_id: str
    name: str
    aliases: tuple[str, ...]
    family: str
    description: str
    difficulty: int
    bpm: tuple[float, float]
    beats: int
    mirrorable: bool
    signature: dict[str, float]
    motion: Motion = field(repr=False)
    planted: NDArray[np.bool_] = field(repr=False)

    def __post_init__(self) -> None:
        check_shape("planted", self.planted, (len(self.motion.beats), 2), np.bool_)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A version of the moves. `semver` names it in every result; `moves` by move_id, in order of id."""

    semver: str
    notes: str
    families: tuple[str, ...]
    moves: dict[str, Move]


def load_taxonomy(folder: Path) -> Taxonomy:
    """The taxonomy in `folder`: `taxonomy.yaml` and one YAML file for each move.

    Raises DanceError("BAD_TAXONOMY") that names the file and the reason.
    """
    head = _read(folder / INDEX_FILE, "taxonomy")
    moves = load_motions(folder)
    for move in moves.values():
        if not move.move_id.startswith("mv_"):
            raise _bad(folder / f"{move.move_id}.yaml", f"a move of a taxonomy is called mv_..., not {move.move_id}")
        if move.family not in head["families"]:
            raise _bad(folder / f"{move.move_id}.yaml", f"family {move.family!r} is not in {INDEX_FILE}")
    return Taxonomy(head["semver"], head["notes"], tuple(head["families"]), moves)


def load_motions(folder: Path) -> dict[str, Move]:
    """The moves of a folder by id, without asking that they belong to a taxonomy.

    Raises DanceError("BAD_TAXONOMY") that names the file and the reason.
    """
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != INDEX_FILE)
    if not paths:
        raise _bad(folder, "there is no move in this folder")
    moves = [_load_move(path) for path in paths]
    _check_names(folder, moves)
    return {move.move_id: move for move in moves}


def _load_move(path: Path) -> Move:
    raw = _read(path, "move")
    if path.stem != raw["move_id"]:
        raise _bad(path, f"the file of {raw['move_id']} must be called {raw['move_id']}.yaml")
    slow, fast = raw["bpm"]
    if slow > fast:
        raise _bad(path, f"bpm must be [slowest, fastest], not {raw['bpm']}")
    try:
        motion, planted = motion_of(raw["motion"], raw["beats"])
    except DanceError as error:
        raise _bad(path, error.message) from error
    return Move(
        raw["move_id"], raw["name"], tuple(raw["aliases"]), raw["family"], raw["description"], raw["difficulty"],
        (slow, fast), raw["beats"], raw["mirrorable"], raw["signature"], motion, planted,
    )  # fmt: skip


def _check_names(folder: Path, moves: Iterable[Move]) -> None:
    owner: dict[str, str] = {}
    for move in moves:
        for name in (move.name, *move.aliases):
            other = owner.setdefault(name.casefold(), move.move_id)
            if other != move.move_id:
                raise _bad(folder / f"{move.move_id}.yaml", f"{name!r} is already a name of {other}")


def _read(path: Path, part: str) -> dict[str, Any]:
    """The YAML of `path`, valid against the definition `part` of the schema. Keys become text, as in JSON."""
    try:
        raw = _text_keys(yaml.load(path.read_text(encoding="utf-8"), Loader=_Unique))  # noqa: S506 (it is a SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _bad(path, f"it cannot be read: {error}") from error
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema | {"$ref": f"#/$defs/{part}"})
    wrong = jsonschema.exceptions.best_match(validator.iter_errors(raw))
    if wrong is not None:
        raise _bad(path, f"{wrong.json_path}: {wrong.message}")
    return raw


class _Unique(yaml.SafeLoader):
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


def _bad(path: Path, reason: str) -> DanceError:
    return DanceError("BAD_TAXONOMY", f"{path}: {reason}", {"file": str(path), "reason": reason})
