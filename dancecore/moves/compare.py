"""Two versions of a taxonomy: which of them is newer, and what changed from one to the other."""

import re
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from dancecore.errors import DanceError
from dancecore.moves.motion import Motion
from dancecore.moves.taxonomy import Move, Taxonomy

_SEMVER = re.compile(r"tx-(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:-([a-z0-9]+))?")

Precedence = tuple[int, int, int, bool, bool, int, str]


def precedence(semver: str) -> Precedence:
    """A key by which versions `tx-MAJOR.MINOR[.PATCH][-PRE]` sort from old to new, as semver.org 2.0.0 says.

    A patch that is left out is 0; what comes before a release is older than it, numbers older than words.
    Raises DanceError("INVALID_INPUT") for what is no version.
    """
    match = _SEMVER.fullmatch(semver)
    if match is None:
        raise DanceError("INVALID_INPUT", f"{semver!r} is no version: want tx-MAJOR.MINOR[.PATCH][-PRE]")
    major, minor, patch, pre = match.groups()
    number = int(pre) if pre and pre.isdecimal() else 0
    word = "" if not pre or pre.isdecimal() else pre
    return int(major), int(minor), int(patch or 0), pre is None, bool(word), number, word


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of the moves, by id.

    `removed` names moves that are gone, which no published version may do: a move is deprecated instead, so that old
    labels keep their meaning. `deprecated` maps to the moves to use instead; `renamed` to the name before and after;
    `changed` to the fields of Move that differ in moves of both, other than the name and the deprecation.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    deprecated: dict[str, tuple[str, ...]]
    renamed: dict[str, tuple[str, str]]
    changed: dict[str, tuple[str, ...]]


def diff(old: Taxonomy, new: Taxonomy) -> Difference:
    """What changed from `old` to `new`. The ids of both are compared; a move that got a new id is another move."""
    both = {move_id: (move, new.moves[move_id]) for move_id, move in old.moves.items() if move_id in new.moves}
    changed = {move_id: _changed(before, after) for move_id, (before, after) in both.items()}
    return Difference(
        added=tuple(move_id for move_id in new.moves if move_id not in old.moves),
        removed=tuple(move_id for move_id in old.moves if move_id not in new.moves),
        deprecated={
            move_id: move.deprecated.use
            for move_id, move in new.moves.items()
            if move.deprecated and (move_id not in both or not both[move_id][0].deprecated)
        },
        renamed={move_id: (a.name, b.name) for move_id, (a, b) in both.items() if a.name != b.name},
        changed={move_id: names for move_id, names in changed.items() if names},
    )


def _changed(before: Move, after: Move) -> tuple[str, ...]:
    names = [field.name for field in fields(Move) if field.name not in ("name", "deprecated")]
    return tuple(name for name in names if not _same(getattr(before, name), getattr(after, name)))


def _same(a: Any, b: Any) -> bool:
    """Equal; motions and other arrays to a millionth, so that another machine's arithmetic is no change."""
    if isinstance(a, Motion):
        return all(_same(getattr(a, field.name), getattr(b, field.name)) for field in fields(Motion))
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=1e-6))
    return bool(a == b)


def successors(old: Taxonomy, new: Taxonomy) -> dict[str, tuple[str, ...]]:
    """The moves of `new` that stand for each move of `old` that does not live on there; `new` may be the older one.

    Deprecations say which: forth a deprecated move goes to what is used instead, back what is used instead goes to the
    moves it was used for. A move without any (one that `new` never knew) is left out: its labels stay as they are.
    """
    forth = {move_id: _used_instead(new, move_id) for move_id in old.moves if move_id in new.moves}
    back = {
        move_id: tuple(was for was in old.moves if move_id in _used_instead(old, was) and _lives(new, was))
        for move_id in old.moves
        if move_id not in new.moves
    }
    return {move_id: used for move_id, used in (forth | back).items() if used and _lives(old, move_id)}


def _lives(taxonomy: Taxonomy, move_id: str) -> bool:
    return move_id in taxonomy.moves and taxonomy.moves[move_id].deprecated is None


def _used_instead(taxonomy: Taxonomy, move_id: str) -> tuple[str, ...]:
    """The living moves at the end of a chain of deprecations; none for a move that lives."""
    gone = taxonomy.moves[move_id].deprecated
    ends: dict[str, None] = {}
    for use in gone.use if gone else ():
        ends |= dict.fromkeys((use,) if _lives(taxonomy, use) else _used_instead(taxonomy, use))
    return tuple(ends)
