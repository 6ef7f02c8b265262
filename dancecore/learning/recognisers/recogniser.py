"""What a recogniser is, and how it is taught."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dancecore.matching.enrol import Exemplar
from dancecore.types import BeatGrid, Candidate, PoseTrack, Segment, Span


class Recogniser(Protocol):
    """Names what is danced in a cleaned track, to the beats of its music where these are known."""

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        """Readings of a span, best first, each (move, mirror) at most once. Of two answers the one with the smaller
        `distance` is the surer; `probability` over all readings sums to at most one."""

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        """The named segments of the whole track, in order of time, none overlapping another."""


Teach = Callable[[Mapping[str, Sequence[Exemplar]], bool], Recogniser]
"""Teaches moves by exemplars of each, all danced as written; True: they may be danced to their other side too."""
