"""What every correct performance of a move shows, checked on its motion."""

import numpy as np

from dancecore.moves.body import joints
from dancecore.moves.posing import turn
from dancecore.moves.taxonomy import Invariant, Move
from dancecore.skeleton import INDEX
from dancecore.types import Float64

DIRECTIONS: dict[str, tuple[int, int]] = {
    "above": (1, 1), "below": (1, -1), "left_of": (0, 1), "right_of": (0, -1), "in_front_of": (2, 1), "behind": (2, -1),
}  # fmt: skip
"""Axis (x left, y up, z forward) and sign of a word."""
CLEARLY = 0.02
"""Metres by which a joint is above, left of ... another; less is the same place."""
NEAR = 0.15
"""Metres: about a hand's length."""
APART = 0.40
"""Metres: about the width of the shoulders."""


def own_axes(move: Move) -> Float64:
    """(F, 33, 3) metres: the joints of the neutral body, x to the dancer's left and z to the dancer's front."""
    return np.einsum("fij,fpj->fpi", turn("Y", -move.facing), joints(move.motion))


def broken(move: Move) -> list[str]:
    """Each invariant with each beat at which the motion of `move` does not show it, in words; empty when all hold."""
    world = own_axes(move)
    return [
        f"at beat {beat:g} {rule.joint} is not {rule.how} {rule.of}: {_found(rule, offset)}"
        for rule in move.invariants
        for beat in rule.at
        if not holds(rule, offset := _offset(world, move.motion.beats, rule, beat))
    ]


def holds(rule: Invariant, offset: Float64) -> bool:
    """Whether `offset` (3,), metres from `rule.of` to `rule.joint` along the dancer's axes, is as the rule says."""
    if rule.how in DIRECTIONS:
        axis, sign = DIRECTIONS[rule.how]
        return bool(sign * offset[axis] > CLEARLY)
    distance = float(np.linalg.norm(offset))
    return distance < NEAR if rule.how == "near" else distance > APART


def _offset(world: Float64, beats: Float64, rule: Invariant, beat: float) -> Float64:
    frame = int(np.abs(beats - beat).argmin())
    return np.asarray(world[frame, INDEX[rule.joint]] - world[frame, INDEX[rule.of]])


def _found(rule: Invariant, offset: Float64) -> str:
    if rule.how in DIRECTIONS:
        axis, sign = DIRECTIONS[rule.how]
        return f"{100 * sign * offset[axis]:.0f} cm"
    return f"{100 * np.linalg.norm(offset):.0f} cm away"
