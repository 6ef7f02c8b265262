"""How a dancer stands when a move begins and when it ends: computed from the motion, so that it cannot be wrong."""

import numpy as np

from dancecore.moves.body import NEUTRAL
from dancecore.moves.invariants import own_axes
from dancecore.moves.taxonomy import Move
from dancecore.skeleton import INDEX
from dancecore.types import Float64

POSTURES: tuple[str, ...] = ("kneeling", "low", "one_leg", "stride", "wide", "narrow")
"""Of these the first that fits."""

KNEEL = 0.15
"""Metres: a knee this near to the floor rests on it, or nearly."""
LOW = 0.75
"""Hips below this share of the length of the leg: thighs nearer to level than to upright."""
LIFTED = 0.06
"""Metres by which one foot is higher than the other when the dancer stands on one leg."""
STRIDE = 0.25
"""Metres by which one foot is in front of the other: a foot's length."""
WIDE = NEUTRAL.shoulder_width
"""Metres between the middles of the feet."""


def posture(own: Float64) -> str:
    """One of POSTURES for the joints `own` (33, 3) of the neutral body, metres, along the dancer's own axes."""
    feet = own[[[INDEX[f"{side}_heel"], INDEX[f"{side}_foot_index"]] for side in ("left", "right")]]
    lowest = feet[..., 1].min(axis=1)
    floor = lowest.min()
    apart = np.abs(np.diff(feet.mean(axis=1), axis=0))[0]
    fits = {
        "kneeling": own[[INDEX["left_knee"], INDEX["right_knee"]], 1].min() - floor < KNEEL,
        "low": own[[INDEX["left_hip"], INDEX["right_hip"]], 1].mean() - floor < LOW * NEUTRAL.leg,
        "one_leg": np.ptp(lowest) > LIFTED,
        "stride": apart[2] > STRIDE and apart[2] > apart[0],
        "wide": apart[0] > WIDE,
        "narrow": True,
    }
    return next(name for name in POSTURES if fits[name])


def entry(move: Move) -> str:
    """The posture in which a move begins."""
    return posture(own_axes(move)[0])


def leave(move: Move) -> str:
    """The posture in which a move ends."""
    return posture(own_axes(move)[-1])
