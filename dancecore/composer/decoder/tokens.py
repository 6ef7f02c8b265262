"""Dances as tokens, three a step: the move, its beats, its side; before them the style, and whether it begins here.

What may follow what is known beforehand: after a move only beats that it was danced for, and a side that it has. So
whatever the network says, only steps that there are come out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dancecore.composer.steps import Choreography, Heard
from dancecore.types import IntT

STRAIGHT, MIRRORED, BEGIN, GOES_ON, ANY = range(5)
"""The first tokens: the sides; a dance that begins here, or that goes on after a gap; no style in particular."""

FIXED = 5
A_STEP = 3
"""Tokens."""
AHEAD = 2
"""Tokens before the first step: style, and begin or not."""

UNTOLD = 4.0
"""Beats of a step that nobody told: a bar."""


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by number: the FIXED ones, then `styles`, `beats` (ascending) and `moves`. steps: every (move, beats,
    mirror) that there is, by numbers of these."""

    styles: tuple[str, ...]
    beats: tuple[float, ...]
    moves: tuple[str, ...]
    steps: frozenset[tuple[int, int, bool]]

    @property
    def size(self) -> int:
        return self.first_move + len(self.moves)

    @property
    def first_beat(self) -> int:
        return FIXED + len(self.styles)

    @property
    def first_move(self) -> int:
        return self.first_beat + len(self.beats)

    @cached_property
    def move_number(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.moves)}

    @cached_property
    def allowed(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(M, B) beats that a move is danced for; (M, B, 2) to which sides then."""
        sides = np.zeros((len(self.moves), len(self.beats), 2), bool)
        for move, beats, mirror in self.steps:
            sides[move, beats, int(mirror)] = True
        return np.asarray(sides.any(axis=2)), sides

    def encode(self, run: Sequence[Heard], style: str | None, begins: bool) -> IntT:
        """(2 + 3 N,) the tokens of N steps. Raises KeyError for a move that it does not know; beats become the nearest
        that the move is danced for."""
        found = [FIXED + self.styles.index(style) if style in self.styles else ANY, BEGIN if begins else GOES_ON]
        for step in run:
            move = self.move_number[step.move_id]
            beats = self._nearest(move, UNTOLD if step.beats is None else step.beats)
            found += [self.first_move + move, self.first_beat + beats, MIRRORED if step.mirror else STRAIGHT]
        return np.array(found, np.int64)

    def mask(self, tokens: Sequence[int]) -> NDArray[np.bool_]:
        """(size,) the tokens that may follow on these."""
        may = np.zeros(self.size, bool)
        place = (len(tokens) - AHEAD) % A_STEP
        if place == 0:
            may[self.first_move :] = True
            return may
        move = tokens[-place] - self.first_move
        beats, sides = self.allowed
        if place == 1:
            may[self.first_beat : self.first_move] = beats[move]
        else:
            may[[STRAIGHT, MIRRORED]] = sides[move, tokens[-1] - self.first_beat]
        return may

    def decode(self, tokens: Sequence[int]) -> tuple[Heard, ...]:
        """The steps of what `encode` made."""
        rest = list(tokens[AHEAD:])
        return tuple(
            Heard(self.moves[a - self.first_move], self.beats[b - self.first_beat], c == MIRRORED)
            for a, b, c in zip(rest[::A_STEP], rest[1::A_STEP], rest[2::A_STEP], strict=True)
        )

    def _nearest(self, move: int, beats: float) -> int:
        known = np.flatnonzero(self.allowed[0][move])
        return int(known[np.argmin(np.abs(np.log(np.array(self.beats)[known] / beats)))])


def vocabulary(dances: Iterable[Choreography], styles: Iterable[str], moves: Iterable[str] = ()) -> Vocabulary:
    """The tokens of these dances; `moves` besides, danced straight for a bar where no dance has them."""
    found = {(step.move_id, step.beats or UNTOLD, step.mirror) for dance in dances for step in dance.steps if step}
    found |= {(name, UNTOLD, False) for name in set(moves) - {name for name, _, _ in found}}
    names = tuple(sorted({name for name, _, _ in found}))
    lengths = tuple(sorted({beats for _, beats, _ in found}))
    of_move, of_length = {n: i for i, n in enumerate(names)}, {b: i for i, b in enumerate(lengths)}
    steps = frozenset((of_move[name], of_length[beats], mirror) for name, beats, mirror in found)
    return Vocabulary(tuple(sorted(styles)), lengths, names, steps)


def style_of(steps: Iterable[Heard], styles: Mapping[str, frozenset[str]]) -> str | None:
    """The style, of moves by style, that most steps of a dance are of, if half of them are."""
    danced = [step.move_id for step in steps]
    best = max(styles, key=lambda name: sum(move in styles[name] for move in danced), default=None)
    return best if best and 2 * sum(move in styles[best] for move in danced) >= len(danced) else None
