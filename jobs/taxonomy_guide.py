"""The generated parts of the annotation guide, `taxonomy/GUIDE.md`: `danceapp taxonomy guide`."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from cluster.library import TAXONOMY
from dancecore.errors import DanceError
from dancecore.moves.likeness import apart
from dancecore.moves.posture import entry, leave
from dancecore.moves.sides import has_sides
from dancecore.moves.taxonomy import Invariant, Move, Taxonomy
from dancecore.types import Float64
from jobs.taxonomy_pictures import count_of, draw_strip
from jobs.taxonomy_show import by_family

GUIDE = TAXONOMY.parent / "GUIDE.md"

PICTURES = "guide"
"""The folder beside the guide that holds a strip of each move, and what tells look-alikes apart."""
WORDS = "look_alikes.yaml"
PAIRS, AT_MOST = 16, 3
"""Nearest pairs the guide tells apart; no move takes more than AT_MOST of them."""
ALIKE = 0.9
"""Moves farther apart than this have hardly anything in common (1: nothing)."""
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)

Pair = tuple[str, str]


def write_guide(taxonomy: Taxonomy, guide: Path) -> None:
    """Bring the generated parts of `guide` and the pictures beside it up to date with the taxonomy.

    Raises DanceError("BAD_TAXONOMY") when the guide lacks a family's part, or words for a look-alike.
    """
    text = filled(guide.read_text(encoding="utf-8"), parts(taxonomy, words_of(guide)))
    folder = guide.parent / PICTURES
    for move in labelled(taxonomy):
        draw_strip(move).save(folder / f"{move.move_id}.png", optimize=True)
    for old in set(folder.glob("mv_*.png")) - {folder / f"{move.move_id}.png" for move in labelled(taxonomy)}:
        old.unlink()
    guide.write_text(text, encoding="utf-8")


def labelled(taxonomy: Taxonomy) -> list[Move]:
    """The moves to label, by family."""
    return [move for move in by_family(taxonomy) if not move.deprecated]


def words_of(guide: Path) -> dict[Pair, str]:
    """How to tell two moves apart, written by hand, by their ids in order."""
    raw = yaml.safe_load((guide.parent / PICTURES / WORDS).read_text(encoding="utf-8"))
    return {tuple(sorted(pair.split())): text for pair, text in raw.items()}


def filled(text: str, made: dict[str, str]) -> str:
    """The guide with each part between its markers replaced by the one made. Raises DanceError("BAD_TAXONOMY")."""
    found = [name for _, name, _ in BLOCK.findall(text)]
    if sorted(found) != sorted(made):
        odd = ", ".join(sorted(set(found) ^ set(made))) or "one twice"
        raise DanceError("BAD_TAXONOMY", f"the guide must have one part for each family, one for all: see {odd}")
    return BLOCK.sub(lambda block: f"{block[1]}{made[block[2]]}\n{block[3]}", text)


def parts(taxonomy: Taxonomy, words: dict[Pair, str]) -> dict[str, str]:
    """Each generated part by the name in its marker: each family, `overview` and `look-alikes`."""
    moves = labelled(taxonomy)
    distance = apart(moves)
    made = {"overview": _overview(taxonomy), "look-alikes": _look_alikes(moves, distance, words)}
    for family in taxonomy.families:
        members = [(move, distance[at]) for at, move in enumerate(moves) if move.family == family]
        made[family] = "\n\n".join(_page(move, row, moves) for move, row in members)
    return made


def _overview(taxonomy: Taxonomy) -> str:
    lines = ["| family | moves |", "|---|---|"]
    for family in taxonomy.families:
        names = [move.name for move in labelled(taxonomy) if move.family == family]
        lines.append(f"| [{family}](#{family.replace(' ', '-')}) | {', '.join(names)} |")
    for move in by_family(taxonomy):
        if move.deprecated:
            use = " or ".join(f"`{name}`" for name in move.deprecated.use) or "none"
            lines.append(f"\nNo longer labelled: {move.name} (`{move.move_id}`); use {use}.")
    return "\n".join([f"Version {taxonomy.semver}: {len(labelled(taxonomy))} moves.\n", *lines])


def _page(move: Move, distance: Float64, moves: Sequence[Move]) -> str:
    slow, fast = move.bpm
    phrase = f"{_s(move.beats * 60 / fast)}-{_s(move.beats * 60 / slow)} s at {fast:g}-{slow:g} bpm"
    lines = [
        f"### {move.name}",
        f"![{move.name}]({PICTURES}/{move.move_id}.png)",
        move.description,
        f"- `{move.move_id}`, {move.sub_family}" + (f"; also called {', '.join(move.aliases)}" if move.aliases else ""),
        f"- Phrase: {move.beats} beats ({phrase}); difficulty {move.difficulty}",
        f"- Begins {_posture(entry(move))}, ends {_posture(leave(move))}",
        f"- Always: {'; '.join(in_words(rule, move) for rule in move.invariants)}",
        f"- Side: {side_of(move)}",
    ]
    near = [moves[at].name for at in np.argsort(distance) if moves[at] is not move and distance[at] < ALIKE][:2]
    lines += [f"- Looks like: {', '.join(near)}"] if near else []
    return "\n".join([*(f"{line}\n" for line in lines[:3]), *lines[3:]])


def _s(seconds: float) -> str:
    return f"{seconds:.1f}"


def _posture(name: str) -> str:
    words = {"one_leg": "on one leg", "wide": "feet wide", "narrow": "feet together", "stride": "one foot ahead"}
    return words.get(name, name)


def in_words(rule: Invariant, move: Move) -> str:
    """What a rule of the move says, and on which counts."""
    counts = list(dict.fromkeys(count_of(beat % move.beats) for beat in rule.at))
    when = "on every count" if counts == [str(n + 1) for n in range(move.beats)] else f"on {', '.join(counts)}"
    how = {"apart": "apart from", "near": "at"}.get(rule.how, rule.how.replace("_", " "))
    return f"{rule.joint.replace('_', ' ')} {how} {rule.of.replace('_', ' ')} {when}"


def side_of(move: Move) -> str:
    """What an annotator does about the move's side."""
    if not move.mirrorable:
        return "its own mirror image; never flag it"
    if not has_sides(move):
        return "each phrase has both sides; never flag it, whichever comes first"
    if move.mirror != move.move_id:
        return f"its mirror image is `{move.mirror}`; label that"
    return "flag it as mirrored when left and right are the other way round than drawn"


def nearest_pairs(moves: Sequence[Move], distance: Float64) -> list[Pair]:
    """The PAIRS most alike, nearest first, their ids in order; no move in more than AT_MOST."""
    first, second = np.triu_indices(len(moves), 1)
    taken: dict[str, int] = {}
    pairs: list[Pair] = []
    for at in np.argsort(distance[first, second], kind="stable"):
        pair = sorted((moves[first[at]].move_id, moves[second[at]].move_id))
        if len(pairs) < PAIRS and all(taken.get(name, 0) < AT_MOST for name in pair):
            pairs.append((pair[0], pair[1]))
            taken |= {name: taken.get(name, 0) + 1 for name in pair}
    return pairs


def _look_alikes(moves: Sequence[Move], distance: Float64, words: dict[Pair, str]) -> str:
    """The nearest pairs and the others that there are words for, nearest first."""
    at = {move.move_id: number for number, move in enumerate(moves)}
    unknown = sorted({name for pair in words for name in pair} - set(at))
    silent = [" ".join(pair) for pair in nearest_pairs(moves, distance) if pair not in words]
    if unknown or silent:
        raise DanceError("BAD_TAXONOMY", f"{WORDS}: nothing about {silent}; unknown moves {unknown}")
    pairs = sorted(words, key=lambda pair: distance[at[pair[0]], at[pair[1]]])
    lines = ["| moves | apart | how to tell them |", "|---|---|---|"]
    for one, other in pairs:
        names = f"{moves[at[one]].name} / {moves[at[other]].name}"
        lines.append(f"| {names} | {distance[at[one], at[other]]:.2f} | {words[one, other]} |")
    return "\n".join(lines)
