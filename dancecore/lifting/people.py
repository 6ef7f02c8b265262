"""How differently people dance one dance: wider than the creators of synthetic clips, for real people are."""

from dataclasses import dataclass

import numpy as np

from dancecore.moves import legs
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.posing import MIRROR, trunk, turn
from dancecore.moves.style import Style
from dancecore.types import Float64

HUNCHED_SHARE = 0.15
"""Of people, who are bent far forward: old, tired, or in character."""

KNOT_S = 0.7
"""Seconds between the instants by which somebody is late or early."""


@dataclass(frozen=True, slots=True)
class Dancing:
    """One person dancing. `pace`: seconds of the dance in a second; `late` (K,): seconds by which they are behind at
    every KNOT_S; lean, side, nod: degrees that spine and head are bent forward and to the left beyond the dance; arms:
    degrees by which both are raised; drop: leg lengths that the hips are lower, knees bent."""

    style: Style
    pace: float
    late: Float64
    lean: float
    side: float
    nod: float
    arms: float
    drop: float

    def content(self, seconds: Float64) -> Float64:
        """(T,) the second of the dance that is danced at these seconds, never going back."""
        late = np.interp(seconds, np.arange(len(self.late)) * KNOT_S, self.late)
        return np.maximum.accumulate(np.maximum(self.pace * seconds - late, 0.0))

    def carried(self, motion: Motion) -> Motion:
        """The motion in this person's posture."""
        rotation, root = motion.rotation.copy(), motion.root.copy()
        for name, bend in (
            ("spine", (self.lean, self.side)),
            ("chest", (self.lean, self.side)),
            ("neck", (self.nod, 0)),
        ):
            joint = RIG.index(name)
            rotation[:, joint] = rotation[:, joint] @ trunk(np.array([[bend[0] / 2, bend[1] / 2, 0.0]]))
        raised = turn("Z", np.array([self.arms]))
        for name, lift in (("left_shoulder", raised), ("right_shoulder", MIRROR @ raised @ MIRROR)):
            rotation[:, RIG.index(name)] = lift @ rotation[:, RIG.index(name)]
        if self.drop:
            feet = legs.feet_of(motion)
            root[:, 1] -= self.drop
            rotation = legs.stand(rotation, root, feet)
        return Motion(motion.beats.copy(), rotation, root)


def draw_dancing(rng: np.random.Generator, seconds: float, pace: float) -> Dancing:
    """Somebody who dances so many seconds at about this pace."""
    habit, seed = (int(rng.integers(2**31)) for _ in range(2))
    style = Style(
        amplitude=float(rng.uniform(0.6, 1.25)), sharpness=float(rng.uniform(-0.3, 0.5)), delay=0.0,
        timing=float(rng.uniform(0.0, 0.06)), asymmetry=float(rng.uniform(-0.2, 0.2)),
        noise_deg=float(rng.uniform(3, 16)), habit=habit, seed=seed,
    )  # fmt: skip
    hunched = rng.uniform() < HUNCHED_SHARE
    return Dancing(
        style, pace, float(rng.uniform(0.0, 0.15)) * rng.standard_normal(int(seconds / KNOT_S) + 3),
        lean=float(rng.normal(0, 8) + 25 * hunched), side=float(rng.normal(0, 3)),
        nod=float(rng.normal(0, 9) - 15 * hunched), arms=float(rng.normal(2, 6)),
        drop=float(rng.uniform(0, 0.08) * (rng.uniform() < 0.4)),
    )  # fmt: skip
