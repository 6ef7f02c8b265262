"""Moves by the names people give them: aliases, spellings, typing errors."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

CANDIDATES = 5
"""That are offered when a name is asked back."""

ALIKE = 60.0
"""Of 100: what is less alike is offered to nobody."""


class Named(Protocol):
    """A move and what it is called."""

    @property
    def move_id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def aliases(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name was taken for: `move_id`, None where it must be asked; `candidates`, nearest first, by name;
    `guessed`: it was not written so, and only one move is near."""

    move_id: str | None
    candidates: tuple[str, ...] = ()
    guessed: bool = False


class Names:
    """The names and aliases of moves."""

    def __init__(self, moves: Iterable[Named]) -> None:
        self._owner: dict[str, set[str]] = {}
        self._shown: dict[str, str] = {}
        for move in moves:
            self._shown[move.move_id] = move.name
            for name in (move.name, *move.aliases, move.move_id, move.move_id.removeprefix("mv_")):
                self._owner.setdefault(plain(name), set()).add(move.move_id)

    def read(self, name: str) -> Reading:
        """Which move a name means. A name with one or two typing errors is taken for the only move that is so near."""
        wanted = plain(name)
        if owners := self._owner.get(wanted):
            return self._reading(owners)
        near = self._near(wanted)
        meant = {move for name in near for move in self._owner[name]}
        if len(meant) == 1:
            return Reading(meant.pop(), guessed=True)
        alike = process.extract(wanted, self._owner.keys(), scorer=fuzz.WRatio, limit=20, score_cutoff=ALIKE)
        names = dict.fromkeys([*near, *(found for found, _, _ in alike)])
        moves = dict.fromkeys(move for found in names for move in sorted(self._owner[found]))
        return Reading(None, tuple(self._shown[move] for move in moves)[:CANDIDATES])

    def _reading(self, owners: set[str]) -> Reading:
        if len(owners) == 1:
            return Reading(next(iter(owners)))
        return Reading(None, tuple(sorted(self._shown[move] for move in owners)))

    def _near(self, wanted: str) -> list[str]:
        """The names within the typing errors that a word of this length may have, nearest first."""
        allowed = 0 if len(wanted) < 4 else 1 if len(wanted) < 8 else 2
        found = [(DamerauLevenshtein.distance(wanted, name), name) for name in self._owner]
        return [name for far, name in sorted(found) if far <= allowed]


def plain(name: str) -> str:
    """A name without what people write in many ways: case, accents, hyphens, spaces and other marks."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^\w]|_", "", bare)
