"""Whether the feet of a move keep to its declared contacts and glides."""

import numpy as np
from numpy.typing import NDArray

from dancecore.moves.body import Proportions, joints
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX
from dancecore.types import Float64

SLIP = 0.02
"""Metres that a standing foot may move along the floor, and a standing or sliding one above and below it."""
ENDS = {side: [INDEX[f"{side}_heel"], INDEX[f"{side}_foot_index"]] for side in ("left", "right")}


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, end) of each run of True in `flags` (F,), half-open."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def slide(ends: Float64) -> float:
    """Metres that a foot has slid while it stood: the way along the floor of the end that moved less.

    ends (F, 2, 3): heel and ball. A foot that pivots does so about one of them; a foot that rolls changes from one to
    the other, so what counts is the way between frames of the end that is lower, or moves less when both are down.
    """
    step = np.linalg.norm(np.diff(ends[..., [0, 2]], axis=0), axis=-1)
    down = ends[..., 1] < SLIP
    stands = (down[1:] & down[:-1]) | ~(down[1:] & down[:-1]).any(axis=1, keepdims=True)
    return float(np.where(stands, step, np.inf).min(axis=1).sum())


def slips(move: Move, body: Proportions) -> list[str]:
    """Where a foot of this body does not do as it is declared, in words; empty when all is well."""
    world, beats, found = joints(move.motion, body), move.motion.beats, []
    for foot, (side, places) in enumerate(ENDS.items()):
        for word, flags in (("stands", move.contacts[:, foot]), ("glides", move.glides[:, foot])):
            for start, end in runs(flags):
                ends = world[start:end][:, places]
                lowest = ends[..., 1].min(axis=1)
                when = f"{side} foot, beats {beats[start]:.2f}..{beats[end - 1]:.2f}, {word} but"
                if np.abs(lowest).max() > SLIP:
                    found.append(f"{when} is {100 * lowest[np.abs(lowest).argmax()]:.1f} cm above the floor")
                if word == "stands" and slide(ends) > SLIP:
                    found.append(f"{when} slides {100 * slide(ends):.1f} cm")
    return found
