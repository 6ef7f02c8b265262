"""What a comparison of recognisers is made of: who shows which moves, and who is asked about which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dancecore.errors import DanceError

Boundaries = Literal["true", "found"]
Unit = Literal["clip", "performer"]


@dataclass(frozen=True, slots=True)
class Performance:
    """A labelled stretch [start_ms, end_ms) of a clip. `mirror` is None in sets that have no sides.

    `yaw`: degrees the camera stands to the left of the dancer's front; None: where the set's own camera stood.
    `partial`: what is danced in its clip where nothing is labelled nobody said.
    """

    clip: str
    performer: str
    move_id: str
    mirror: bool | None
    start_ms: int
    end_ms: int
    yaw: float | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """`exemplars` are shown, then `queries` asked. With found boundaries the queries of one clip and yaw are the whole
    truth about it, and what is asked is the clip."""

    name: str
    exemplars: tuple[Performance, ...]
    queries: tuple[Performance, ...]

    def __post_init__(self) -> None:
        shown = {each.clip for each in self.exemplars}
        if shared := {each.clip for each in self.queries} & shown:
            raise DanceError("INVALID_INPUT", f"fold {self.name} asks about what it showed: {sorted(shared)[0]}")
        if not self.queries:
            raise DanceError("INVALID_INPUT", f"fold {self.name} asks nothing")


@dataclass(frozen=True, slots=True)
class Protocol:
    """A comparison by name. `about` says in a line what is shown and what asked.

    `taxonomy`: what is shown are the taxonomy's own motions, and folds have no exemplars. `mirrored`: a move may be
    danced to its other side, but for those that are `straight`: they have none, whatever is told or said. `flat`:
    recognisers see the picture alone, without depth. `without`: moves that are asked although nobody was taught them.
    `unit`: what intervals draw anew.
    """

    name: str
    about: str
    folds: tuple[Fold, ...]
    boundaries: Boundaries = "true"
    taxonomy: bool = False
    mirrored: bool = False
    straight: frozenset[str] = frozenset()
    flat: bool = False
    without: frozenset[str] = frozenset()
    unit: Unit = "clip"

    @property
    def questions(self) -> int:
        """How many spans, or clips, are asked about."""
        return sum(len(asked(fold, self.boundaries)) for fold in self.folds)


def asked(fold: Fold, boundaries: Boundaries) -> list[tuple[Performance, ...]]:
    """The questions of a fold: each performance, or all those of one clip and yaw together in order of time."""
    if boundaries == "true":
        return [(query,) for query in fold.queries]
    clips: dict[tuple[str, float | None], list[Performance]] = {}
    for query in fold.queries:
        clips.setdefault((query.clip, query.yaw), []).append(query)
    return [tuple(sorted(parts, key=lambda part: part.start_ms)) for parts in clips.values()]


def by_move(performances: Sequence[Performance]) -> dict[str, list[Performance]]:
    """The performances of each move, in their order."""
    moves: dict[str, list[Performance]] = {}
    for each in performances:
        moves.setdefault(each.move_id, []).append(each)
    return moves
