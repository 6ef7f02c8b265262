"""Steps and choreographies, and a file of them: what the composer learns from and what it writes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dancecore.errors import DanceError

START = "^"
"""Stands before the first step of a dance: no move is called so."""

LONGEST_BEATS = 1000
"""Of one step: four hundred bars are no step, but a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move, by id or any name, danced for so many beats (> 0), as written or mirrored."""

    move_id: str
    beats: float
    mirror: bool = False
    notes: str = ""

    def __post_init__(self) -> None:
        if not self.move_id or self.move_id == START:
            raise DanceError("INVALID_INPUT", f"a step needs the name of a move, not {self.move_id!r}")
        if not 0 < self.beats <= LONGEST_BEATS:
            raise DanceError("INVALID_INPUT", f"{self.move_id} wants 0 < beats <= {LONGEST_BEATS}, not {self.beats}")


@dataclass(frozen=True, slots=True)
class Heard:
    """A step of somebody's dance; `beats` None where no music tells how long it lasted."""

    move_id: str
    beats: float | None
    mirror: bool = False


@dataclass(frozen=True, slots=True)
class Choreography:
    """Somebody's dance as it was found: its steps in order, None where something was danced that nobody can name."""

    id: str
    steps: tuple[Heard | None, ...]

    def runs(self) -> Iterator[tuple[bool, tuple[Heard, ...]]]:
        """The stretches between gaps, each with whether the dance begins with it."""
        run: list[Heard] = []
        first = True
        for step in (*self.steps, None):
            if step is not None:
                run.append(step)
                continue
            if run:
                yield first, tuple(run)
            run, first = [], False

    def merged(self, twins: Mapping[str, str]) -> "Choreography":
        """The same dance with both moves of a mirrored pair under one name; `twins` maps the other to it."""
        steps = (step and Heard(twins.get(step.move_id, step.move_id), step.beats, step.mirror) for step in self.steps)
        return Choreography(self.id, tuple(steps))


def read_corpus(path: Path) -> Iterator[Choreography]:
    """The dances of a file of JSON lines: {"id", "steps": [{"move", "beats", "mirror"}]}, moves by any names.

    A step that is null, or whose move is null, is a gap. `beats` may be null or missing, `mirror` missing.
    Raises DanceError: FILE_NOT_FOUND; INVALID_INPUT that names the line and what is wrong with it.
    """
    if not path.is_file():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}")
    seen: set[str] = set()
    with path.open(encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    dance = _dance(line, f"{path}, line {number}")
                    if dance.id in seen:
                        raise DanceError("INVALID_INPUT", f"{path}, line {number}: {dance.id!r} was there before")
                    seen.add(dance.id)
                    yield dance
        except UnicodeDecodeError as error:
            raise DanceError("INVALID_INPUT", f"{path} is not UTF-8: {error}") from error


def _dance(line: str, where: str) -> Choreography:
    try:
        said = json.loads(line)
    except json.JSONDecodeError as error:
        raise DanceError("INVALID_INPUT", f"{where}: not JSON: {error}") from error
    if not (isinstance(said, dict) and isinstance(said.get("id"), str) and isinstance(said.get("steps"), list)):
        raise DanceError("INVALID_INPUT", f'{where}: want {{"id": "...", "steps": [...]}}')
    return Choreography(said["id"], tuple(_step(step, f"{where}, step {i}") for i, step in enumerate(said["steps"], 1)))


def _step(said: Any, where: str) -> Heard | None:
    if said is None or (isinstance(said, dict) and "move" in said and said["move"] is None):
        return None
    if not isinstance(said, dict):
        raise DanceError("INVALID_INPUT", f'{where}: want {{"move", "beats", "mirror"}}, not {said!r}')
    move, beats, mirror = said.get("move"), said.get("beats"), said.get("mirror", False)
    if not isinstance(move, str) or not move.strip() or move == START or "\0" in move:
        raise DanceError("INVALID_INPUT", f"{where}: {move!r} is no name of a move")
    if beats is not None and (isinstance(beats, bool) or not isinstance(beats, int | float) or not 0 < beats < 1e6):
        raise DanceError("INVALID_INPUT", f"{where}: beats want to be a number > 0, not {beats!r}")
    if not isinstance(mirror, bool):
        raise DanceError("INVALID_INPUT", f"{where}: mirror wants to be true or false, not {mirror!r}")
    return Heard(move.strip(), None if beats is None else float(beats), mirror)
