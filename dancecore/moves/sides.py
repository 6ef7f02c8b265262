"""Which moves have a side.

A two-step begun on the other foot is the same two-step a few beats later: nobody who sees it can say which of the two
it was, so such a move is always straight. Whatever names moves, or judges names, asks here.
"""

from collections.abc import Iterable

import numpy as np

from dancecore.moves.body import joints
from dancecore.moves.draw import on_the_spot
from dancecore.moves.sequence import mirrored
from dancecore.moves.taxonomy import Move

FRAMES_PER_BEAT = 8

ITSELF_M = 0.01
"""Metres that no joint may be off: moves without a side are written to be off by nothing, and the least of the others,
the last beats of chicken wings, by 0.10."""


def has_sides(move: Move) -> bool:
    """Whether the mirror shows another dance than the move itself, begun anywhere in its phrase."""
    if not move.mirrorable:
        return False
    beats = np.arange(move.beats * FRAMES_PER_BEAT) / FRAMES_PER_BEAT
    danced = joints(on_the_spot(move.motion, beats)[0])
    image = joints(on_the_spot(mirrored(move.motion), beats)[0])
    return all(np.abs(danced - np.roll(image, later, axis=0)).max() >= ITSELF_M for later in range(len(beats)))


def without_sides(moves: Iterable[Move]) -> frozenset[str]:
    """The ids of the moves that are always straight."""
    return frozenset(move.move_id for move in moves if not has_sides(move))
