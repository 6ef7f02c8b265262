"""A dance that was written down: `composition.v1`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import jsonschema

from dancecore.composer.steps import Step
from dancecore.composer.wish import BAR
from dancecore.errors import DanceError

SCHEMA_NAME = "composition.v1"
SCHEMA = Path(__file__).with_name("composition.schema.json")


@dataclass(frozen=True, slots=True)
class Composition:
    """A titled dance at a tempo, its moves those of a version of the taxonomy. `created_at` is in UTC, to the second.

    Raises DanceError("INVALID_INPUT") without steps, for a tempo that is not 30 to 300, or for an empty title.
    """

    title: str
    bpm: float
    steps: tuple[Step, ...]
    moveset_version: str
    created_at: datetime

    def __post_init__(self) -> None:
        if not self.steps:
            raise DanceError("INVALID_INPUT", "a composition needs a step")
        if not 30 <= self.bpm <= 300:
            raise DanceError("INVALID_INPUT", f"bpm wants to be 30 to 300, not {self.bpm:g}")
        if not self.title.strip():
            raise DanceError("INVALID_INPUT", "a composition needs a title")

    @property
    def beats(self) -> float:
        return sum(step.beats for step in self.steps)

    @property
    def bars(self) -> int:
        """Bars that are begun."""
        return int(-(-self.beats // BAR))

    @property
    def missing(self) -> float:
        """Beats that the last bar lacks."""
        return BAR * self.bars - self.beats

    @property
    def starts(self) -> tuple[float, ...]:
        """The beat at which each step begins, from 0."""
        return (0.0, *accumulate(step.beats for step in self.steps[:-1]))

    def seconds(self, beat: float) -> float:
        """When a beat is."""
        return beat * 60 / self.bpm


def compose(title: str, bpm: float, steps: Sequence[Step], moveset_version: str) -> Composition:
    """A composition that is written now."""
    return Composition(title, bpm, tuple(steps), moveset_version, datetime.now(UTC).replace(microsecond=0))


def to_json(composition: Composition) -> str:
    """The composition as `composition.v1`, see `composition.schema.json`."""
    steps = [
        {"order": order, "move_id": step.move_id, "beats": step.beats, "mirror": step.mirror, "notes": step.notes}
        for order, step in enumerate(composition.steps)
    ]
    said = {
        "schema": SCHEMA_NAME, "title": composition.title, "bpm": composition.bpm, "bars": composition.bars,
        "created_at": composition.created_at.isoformat(), "moveset_version": composition.moveset_version,
        "steps": steps,
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def from_json(text: str) -> Composition:
    """The composition that `to_json` wrote, or anybody else by the schema.

    Raises DanceError("INVALID_INPUT") that says where it is no `composition.v1`.
    """
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise DanceError("INVALID_INPUT", f"this is no JSON: {error}") from error
    wrong = jsonschema.exceptions.best_match(_validator().iter_errors(said))
    if wrong is not None:
        raise DanceError("INVALID_INPUT", f"this is no {SCHEMA_NAME}: {wrong.json_path}: {wrong.message}")
    return _read(said)


def _read(said: dict[str, Any]) -> Composition:
    ordered = sorted(said["steps"], key=lambda step: step["order"])
    if [step["order"] for step in ordered] != list(range(len(ordered))):
        raise DanceError("INVALID_INPUT", "the steps are numbered 0, 1, 2, ... by `order`, each once")
    steps = (Step(s["move_id"], float(s["beats"]), s["mirror"], s["notes"]) for s in ordered)
    try:
        made = datetime.fromisoformat(said["created_at"]).astimezone(UTC)
    except ValueError as error:
        raise DanceError("INVALID_INPUT", f"created_at is no time: {error}") from error
    read = Composition(said["title"], float(said["bpm"]), tuple(steps), said["moveset_version"], made)
    if read.bars != said["bars"]:
        raise DanceError("INVALID_INPUT", f"the steps fill {read.bars} bars, and bars says {said['bars']}")
    return read


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
