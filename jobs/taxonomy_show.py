"""What `danceapp taxonomy` prints: the moves of a taxonomy, what changed between two, what a body cannot do."""

import json
from dataclasses import asdict
from difflib import get_close_matches
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table

from dancecore.errors import DanceError
from dancecore.moves import compare
from dancecore.moves.anatomy import strains
from dancecore.moves.body import NEUTRAL
from dancecore.moves.footing import slips
from dancecore.moves.invariants import broken
from dancecore.moves.posture import entry, leave
from dancecore.moves.taxonomy import Move, Taxonomy

WIDEST = 500
"""Characters: what goes to a file or a filter is not wrapped, so that each move is one line."""


def print_moves(taxonomy: Taxonomy, family: str | None, as_json: bool) -> None:
    """Print the moves of one family, or of all, as a table or JSON.

    Raises DanceError("NOT_FOUND") for a family, or family/sub-family, that the taxonomy does not have.
    """
    moves = by_family(taxonomy)
    if family is not None:
        moves = [move for move in moves if family in (move.family, path(move))]
        if not moves:
            raise _unknown("family", family, [*taxonomy.families, *map(path, taxonomy.moves.values())])
    if as_json:
        print(json.dumps([_row(move) for move in moves], indent=2))
    else:
        _print_table(taxonomy, moves)


def print_difference(old: Taxonomy, new: Taxonomy, as_json: bool) -> None:
    """Print what became of the moves of `old` in `new`."""
    found = compare.diff(old, new)
    if as_json:
        print(json.dumps({"old": old.semver, "new": new.semver, **asdict(found)}, indent=2))
        return
    lines = [
        *(f"+ {move_id}" for move_id in found.added),
        *(f"- {move_id}" for move_id in found.removed),
        *(f"x {move_id}: deprecated, use {', '.join(use) or 'none'}" for move_id, use in found.deprecated.items()),
        *(f"= {move_id}: {before} is called {after}" for move_id, (before, after) in found.renamed.items()),
        *(f"~ {move_id}: {', '.join(names)}" for move_id, names in found.changed.items()),
    ]
    print(
        f"{old.semver} -> {new.semver}: {len(lines) or 'no'} change{'' if len(lines) == 1 else 's'}", *lines, sep="\n"
    )


def by_family(taxonomy: Taxonomy) -> list[Move]:
    """All moves: families and sub-families in the taxonomy's order, moves by name."""
    order = [f"{family}/{sub}" for family, subs in taxonomy.families.items() for sub in subs]
    return sorted(taxonomy.moves.values(), key=lambda move: (order.index(path(move)), move.name))


def path(move: Move) -> str:
    """family/sub-family."""
    return f"{move.family}/{move.sub_family}"


def find(taxonomy: Taxonomy, name: str) -> Move:
    """The move of this id, name or alias, in any case. Raises DanceError("NOT_FOUND") that suggests the nearest."""
    looked_for = sorted(taxonomy.moves.values(), key=lambda move: not move.deprecated)  # their names may be used again
    names = {known.casefold(): move for move in looked_for for known in (move.move_id, move.name, *move.aliases)}
    if name.casefold() not in names:
        raise _unknown("move", name, list(names))
    return names[name.casefold()]


def _unknown(what: str, name: str, known: list[str]) -> DanceError:
    near = get_close_matches(name.casefold(), dict.fromkeys(known), n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ": danceapp taxonomy list"
    return DanceError("NOT_FOUND", f"the taxonomy has no {what} {name!r}{hint}")


def _row(move: Move) -> dict[str, object]:
    return {
        "move_id": move.move_id, "name": move.name, "family": path(move), "aliases": list(move.aliases),
        "difficulty": move.difficulty, "beats": move.beats,
    }  # fmt: skip


def _print_table(taxonomy: Taxonomy, moves: list[Move]) -> None:
    table = Table(
        title=f"{taxonomy.semver}: {len(moves)} moves", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name in ("move", "name", "sub-family", "difficulty", "beats", "aliases"):
        right = name in ("difficulty", "beats")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "aliases")
    for family, members in groupby(moves, key=lambda move: move.family):
        table.add_row(f"[bold]{family}[/]")
        for move in members:
            table.add_row(*_cells(move), style="dim" if move.deprecated else "")
        table.add_section()
    console = Console()
    if not console.is_terminal:
        console.width = console.measure(table, options=console.options.update(max_width=WIDEST)).maximum
    console.print(table)


def _cells(move: Move) -> tuple[str, ...]:
    gone = f" (deprecated: use {', '.join(move.deprecated.use) or 'none'})" if move.deprecated else ""
    return (
        f"  {move.move_id}", move.name + gone, move.sub_family, str(move.difficulty), str(move.beats),
        ", ".join(move.aliases),
    )  # fmt: skip


def print_faults(taxonomy: Taxonomy) -> bool:
    """Print what a body cannot do of each move, one line each; whether there is nothing."""
    faults = {move.move_id: _faults(move) for move in taxonomy.moves.values()}
    for move_id, said in faults.items():
        for each in said:
            print(f"{move_id}: {each}")
    wrong = sum(1 for said in faults.values() if said)
    print(f"{len(faults) - wrong} of {len(faults)} moves of {taxonomy.semver} can be danced as they are written")
    return wrong == 0


def _faults(move: Move) -> list[str]:
    faults = strains(move.motion) + slips(move, NEUTRAL) + broken(move)
    if move.loopable and entry(move) != leave(move):
        faults.append(f"it begins {entry(move)} and ends {leave(move)}, and yet it loops")
    return faults
