"""All that the composer knows: moves, what follows what, and which moves a body can join."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dancecore.composer.counts import Counts
from dancecore.composer.decoder.blending import Context, opinions
from dancecore.composer.decoder.running import Decoder
from dancecore.composer.markov import Markov
from dancecore.composer.profiles import Profile, profiles
from dancecore.composer.steps import START, Heard, Step
from dancecore.moves.taxonomy import Taxonomy
from dancecore.types import Float64

APART: frozenset[tuple[str, str]] = frozenset(
    (a, b)
    for low in ("kneeling", "low")
    for high in ("one_leg", "stride", "wide", "narrow")
    for a, b in ((low, high), (high, low))
    if low == "kneeling" or high == "one_leg"
)
"""Postures that no crossing joins: one gets up from the knees through a squat, and to or from one leg through standing.
"""

ZONES = {
    "arms": "arms", "hands": "arms", "shoulders": "arms", "head": "arms",
    "torso": "trunk", "hips": "trunk", "legs": "legs", "feet": "legs",
}  # fmt: skip
"""What dances: arms, trunk or legs, by region."""

LOUDEST = 1.0
"""Of a part of the score, either way."""

FAMILY_SHARE = 0.25
"""Of the price of a repetition, for another move of the same sub-family."""


class Book:
    """Moves by number, in the order of `model.names`, with what pairs of them (V, V: before, after) are worth.

    joins: bool, whether a body can go from one to the other. body, difficulty, posture, follows: parts in -1..1. alike:
    how much of a repetition one is of the other, 0..1.
    decoder: what foretells the next move from the whole dance; None: the Markov model alone does.
    """

    def __init__(self, taxonomy: Taxonomy, counts: Counts, decoder: Decoder | None = None) -> None:
        self.decoder = decoder
        self.profiles = profiles(taxonomy, counts)
        self.model = Markov(counts, self.profiles)
        self.moves: tuple[Profile, ...] = tuple(self.profiles[name] for name in self.model.names)
        self.number = self.model.number
        leaves, enters = [move.leave for move in self.moves], [move.entry for move in self.moves]
        self.joins: NDArray[np.bool_] = np.array([[(a, b) not in APART for b in enters] for a in leaves])
        self.posture = np.array([[1.0 if a and a == b else 0.0 for b in enters] for a in leaves])
        zones = np.array([ZONES.get(move.regions[0], "") if move.regions else "" for move in self.moves])
        self.body = ((zones[:, None] != zones) & (zones[:, None] != "") & (zones != "")) * 1.0
        grade = np.array([move.difficulty for move in self.moves])
        self.difficulty = np.clip(2.0 - np.abs(grade[:, None] - grade), -LOUDEST, LOUDEST)
        kinds = [(move.family, move.sub_family or move.move_id) for move in self.moves]
        same = np.array([[float(a == b) for b in kinds] for a in kinds])
        self.alike = (1 - FAMILY_SHARE) * np.eye(len(self)) + FAMILY_SHARE * same
        self.follows = np.array([[float(b.move_id in a.follows) for b in self.moves] for a in self.moves])

    def __len__(self) -> int:
        return len(self.moves)

    def seen(self, prev2: str | None, prev: str | None) -> Float64:
        """(V,) how much likelier than any move each is to follow: 0 as likely, 1 certain, down to -1."""
        return self._louder(self.model.after(prev2, prev))

    def seen_in(self, steps: Sequence[Step], style: str | None) -> Float64 | None:
        """(V,) `seen` after all these steps, by the decoder too; None where its word does not count."""
        if self.decoder is None:
            return None
        heard = tuple(Heard(step.move_id, step.beats, step.mirror) for step in steps)
        context = Context(heard, True, style)
        found = opinions(self.model, self.decoder, context)
        return None if found is None else self._louder(found.blended(self.decoder.share))

    @cached_property
    def seen_after(self) -> Float64:
        """(V, V) `seen` after one move."""
        return np.array([self.seen(None, name) for name in self.model.names])

    @cached_property
    def rare(self) -> Float64:
        """(V,) how much rarer than any move each is: the other way round."""
        return -self.seen(None, None)

    def seen_first(self) -> Float64:
        """(V,) `seen` as the first step of a dance."""
        return self.seen(None, START)

    def _louder(self, share: Float64) -> Float64:
        return np.clip(np.log(share * len(share)) / np.log(max(len(share), 2)), -LOUDEST, LOUDEST)
