"""What each move asks of a dancer and gives to a dance: from the taxonomy, and from how people dance it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dancecore.composer.counts import Counts
from dancecore.moves.posture import entry, leave
from dancecore.moves.taxonomy import Move, Taxonomy

UNKNOWN_BEATS = 4.0
"""A bar: what a move lasts of which neither taxonomy nor dances tell."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A move as the composer sees it.

    `phrase`: beats of one run of it; it is danced for whole ones. difficulty, energy: 1..5. `bpm`: the (slowest,
    fastest) tempo. `entry`, `leave`: one of `moves.posture.POSTURES`. `follows`: moves that the taxonomy says commonly
    come after it. uses, median_beats, iqr_beats: how people dance it; None where nobody did. `known` False: a move
    that the taxonomy does not have; of it only the name and these are true, and `phrase` is what people do.
    """

    move_id: str
    name: str
    aliases: tuple[str, ...]
    family: str
    sub_family: str
    phrase: float
    difficulty: int
    energy: float
    bpm: tuple[float, float]
    regions: tuple[str, ...]
    entry: str
    leave: str
    mirrorable: bool
    loopable: bool
    follows: tuple[str, ...]
    uses: int = 0
    median_beats: float | None = None
    iqr_beats: float | None = None
    known: bool = True


def profiles(taxonomy: Taxonomy, counts: Counts) -> dict[str, Profile]:
    """A profile of each move that is in use or was counted, by id."""
    told = by_move(counts)
    found = {move.move_id: _of(move, counts, told) for move in taxonomy.moves.values() if not move.deprecated}
    for name in counts.moves:
        if name not in found:
            found[name] = _unknown(name, counts, told.get(name, Counter()))
    return dict(sorted(found.items()))


def by_move(counts: Counts) -> dict[str, Counter[float]]:
    """How often each move lasted how many beats."""
    told: dict[str, Counter[float]] = {}
    for (move, beats), times in counts.beats.items():
        told.setdefault(move, Counter())[beats] += times
    return told


def lengths(beats: Mapping[float, int]) -> tuple[float | None, float | None]:
    """Median and interquartile range of lengths that were counted; None, None of none."""
    if not beats:
        return None, None
    values = np.repeat(np.array(list(beats)), np.array(list(beats.values())))
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(middle), float(high - low)


def twins(moves: Iterable[Move]) -> dict[str, str]:
    """For moves whose mirror image is another move: the one of both whose name stands for the pair."""
    return {move.move_id: min(move.move_id, move.mirror) for move in moves if move.mirror != move.move_id}


def _of(move: Move, counts: Counts, told: Mapping[str, Counter[float]]) -> Profile:
    median, iqr = lengths(told.get(move.move_id, {}))
    return Profile(
        move.move_id, move.name, move.aliases, move.family, move.sub_family, float(move.beats), move.difficulty,
        float(move.energy), move.bpm, move.regions, entry(move), leave(move), move.mirrorable, move.loopable,
        move.transitions, counts.moves[move.move_id], median, iqr,
    )  # fmt: skip


def _unknown(name: str, counts: Counts, beats: Counter[float]) -> Profile:
    median, iqr = lengths(beats)
    usual = beats.most_common(1)[0][0] if beats else UNKNOWN_BEATS
    return Profile(
        name, name, (), "", "", usual, 3, 3.0, (0.0, np.inf), (), "", "", True, True, (), counts.moves[name], median,
        iqr, known=False,
    )  # fmt: skip
