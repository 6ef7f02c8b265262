"""The taxonomy: named moves with their canonical motions, read from a folder of YAML and checked as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dancecore.errors import DanceError
from dancecore.moves.curves import channels_of, declared, grid_of
from dancecore.moves.keyframes import score_of
from dancecore.moves.motion import Motion
from dancecore.moves.posing import pose
from dancecore.moves.reading import bad, read
from dancecore.types import Float64, check_shape

INDEX_FILE = "taxonomy.yaml"


@dataclass(frozen=True, slots=True)
class Invariant:
    """What every correct performance shows at the beats `at`: `joint` is, along the dancer's own axes, `how` to `of`.

    `how`: above, below, left_of, right_of, in_front_of, behind, near (within 15 cm) or apart (by more than 40 cm).
    """

    at: tuple[float, ...]
    joint: str
    how: str
    of: str


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since which version a move is no longer looked for, and the moves that stand for it now."""

    since: str
    use: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One named move.

    `difficulty` and `energy` 1..5; `bpm` the (slowest, fastest) tempo it is danced at; `beats` the length of its
    phrase; `loopable` False: it is danced once, not phrase after phrase. `regions` are the parts of the body that
    dance it, most telling first. `mirrorable` False: the move is its own mirror image; `mirror` is the id of the move
    that the mirror shows, most often its own. `transitions`: ids of moves that commonly follow. `signature` weighs
    the BlazePose joints that tell this move from others (0..1; a joint that is not named weighs nothing). `contacts`,
    `glides` (F, 2) bool: frames in which the left, right foot stands on the floor, or slides along it. `facing` (F,)
    degrees by which the dancer's front has turned to the left; the hips may turn further.
    What is not dance (nd_...) has no regions, transitions and invariants, and energy 1.
    """

    move_id: str
    name: str
    aliases: tuple[str, ...]
    family: str
    sub_family: str
    description: str
    difficulty: int
    energy: int
    bpm: tuple[float, float]
    beats: int
    regions: tuple[str, ...]
    mirrorable: bool
    mirror: str
    loopable: bool
    transitions: tuple[str, ...]
    signature: dict[str, float]
    invariants: tuple[Invariant, ...]
    deprecated: Deprecation | None
    motion: Motion = field(repr=False)
    facing: Float64 = field(repr=False)
    contacts: NDArray[np.bool_] = field(repr=False)
    glides: NDArray[np.bool_] = field(repr=False)

    def __post_init__(self) -> None:
        check_shape("facing", self.facing, (len(self.motion.beats),), np.float64)
        for name in ("contacts", "glides"):
            check_shape(name, getattr(self, name), (len(self.motion.beats), 2), np.bool_)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A version of the moves. `semver` names it in every result; `moves` by move_id, in order of id.

    `families` maps each family to its sub-families.
    """

    semver: str
    notes: str
    families: dict[str, tuple[str, ...]]
    moves: dict[str, Move]


def load_taxonomy(folder: Path) -> Taxonomy:
    """The taxonomy in `folder`: `taxonomy.yaml` and one YAML file for each move.

    Raises DanceError("BAD_TAXONOMY") that names the file and the reason.
    """
    head = read(folder / INDEX_FILE, "taxonomy")
    moves = load_motions(folder)
    for move in moves.values():
        reason = _wrong_in(head, moves, move)
        if reason:
            raise bad(folder / f"{move.move_id}.yaml", reason)
    families = {family: tuple(subs) for family, subs in head["families"].items()}
    return Taxonomy(head["semver"], head["notes"], families, moves)


def _wrong_in(head: dict[str, Any], moves: dict[str, Move], move: Move) -> str | None:
    """Why a move cannot be part of this taxonomy."""
    if not move.move_id.startswith("mv_"):
        return f"a move of a taxonomy is called mv_..., not {move.move_id}"
    if move.sub_family not in head["families"].get(move.family, ()):
        return f"family {move.family}/{move.sub_family} is not in {INDEX_FILE}"
    named = {*move.transitions, move.mirror, *(move.deprecated.use if move.deprecated else ())}
    if named - set(moves):
        return f"there is no move {', '.join(sorted(named - set(moves)))}"
    if moves[move.mirror].mirror != move.move_id:
        return f"its mirror {move.mirror} has another mirror, {moves[move.mirror].mirror}"
    if move.move_id in move.transitions:
        return "a move is no transition of itself: `loopable` says whether it is repeated"
    return None


def load_motions(folder: Path) -> dict[str, Move]:
    """The moves of a folder by id, without asking that they belong to a taxonomy.

    Raises DanceError("BAD_TAXONOMY") that names the file and the reason.
    """
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != INDEX_FILE)
    if not paths:
        raise bad(folder, "there is no move in this folder")
    moves = [load_move(path) for path in paths]
    _check_names(folder, moves)
    return {move.move_id: move for move in moves}


def load_move(path: Path) -> Move:
    """The move in one file, whatever its neighbours are. Raises DanceError("BAD_TAXONOMY")."""
    raw = read(path, "move")
    if path.stem != raw["move_id"]:
        raise bad(path, f"the file of {raw['move_id']} must be called {raw['move_id']}.yaml")
    slow, fast = raw["bpm"]
    if slow > fast:
        raise bad(path, f"bpm must be [slowest, fastest], not {raw['bpm']}")
    late = [beat for rule in raw.get("invariants", ()) for beat in rule["at"] if beat > raw["beats"]]
    if late:
        raise bad(path, f"an invariant at beat {late[0]:g} is after the end of the phrase")
    try:
        score = score_of(raw["motion"], raw["beats"])
        channels = channels_of(score)
        motion = pose(grid_of(score), channels, score.room)
    except DanceError as error:
        raise bad(path, error.message) from error
    gone = raw.get("deprecated")
    family, sub_family = raw["family"].split("/")
    return Move(
        move_id=raw["move_id"], name=raw["name"], aliases=tuple(raw["aliases"]), family=family, sub_family=sub_family,
        description=raw["description"], difficulty=raw["difficulty"], energy=raw.get("energy", 1), bpm=(slow, fast),
        beats=raw["beats"], regions=tuple(raw.get("regions", ())), mirrorable=raw["mirrorable"],
        mirror=raw.get("mirror", raw["move_id"]), loopable=raw.get("loopable", True),
        transitions=tuple(raw.get("transitions", ())), signature=raw["signature"],
        invariants=tuple(Invariant(tuple(r["at"]), r["joint"], r["is"], r["of"]) for r in raw.get("invariants", ())),
        deprecated=Deprecation(gone["since"], tuple(gone["use"])) if gone else None,
        motion=motion, facing=channels["facing"][:, 0],
        contacts=declared(score.contacts, motion.beats), glides=declared(score.glides, motion.beats),
    )  # fmt: skip


def _check_names(folder: Path, moves: Iterable[Move]) -> None:
    owner: dict[str, str] = {}
    for move in (move for move in moves if not move.deprecated):  # whose names are free for what is used instead
        for name in (move.name, *move.aliases):
            other = owner.setdefault(name.casefold(), move.move_id)
            if other != move.move_id:
                raise bad(folder / f"{move.move_id}.yaml", f"{name!r} is already a name of {other}")
