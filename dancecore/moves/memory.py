"""What follows from a motion alone is worked out once: a taxonomy's motions are danced over and over."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from dancecore.moves.motion import Motion

REMEMBERED = 512
"""Motions of which what follows from them alone is kept: several taxonomies' worth of moves."""

T = TypeVar("T")


def once_each(work: Callable[[Motion], T]) -> Callable[[Motion], T]:
    """`work`, done once for each of the last REMEMBERED motions: for what follows from a move of a taxonomy alone."""
    known: OrderedDict[int, tuple[Motion, T]] = OrderedDict()  # holding the motion, so that its id stays its own

    @wraps(work)
    def remembered(motion: Motion) -> T:
        if id(motion) not in known:
            known[id(motion)] = motion, work(motion)
            if len(known) > REMEMBERED:
                known.popitem(last=False)
        return known[id(motion)][1]

    return remembered
