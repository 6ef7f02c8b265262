"""What the ingress and the queue's workers ask of those who recognise moves, and how a clip goes through them.

A clip is the id under which cluster.keys finds what belongs to it: its source to begin with, then the poses, features
and segments that each step leaves there. A step whose result is there already does nothing.
"""

from dataclasses import dataclass
from typing import Protocol

from dancecore.types import ClipInfo, Versions


@dataclass(frozen=True, slots=True)
class Posed:
    """What looking at a clip told: what it is, its frames at the analysis rate, how many a second were looked at (None:
    its poses were there already)."""

    info: ClipInfo
    frames: int
    fps_effective: float | None


class Recognition(Protocol):
    """The deployments behind the ingress. Every method raises DanceError, MODEL_REPLACED among others when results at
    `versions` are not to be had any more, WORKER_DIED, OVERLOADED."""

    async def versions(self) -> Versions:
        """The versions that results have now."""

    async def poses(self, clip: str, longest_ms: int | None = None) -> Posed:
        """Probe a clip, store the poses of its dancers, and a preview; one that is asked about in passing may have
        `longest_ms` (else TOO_LONG) and gets no preview."""

    async def features(self, clip: str, versions: Versions) -> None:
        """Store the features of the dancer to index."""

    async def segments(self, clip: str, versions: Versions) -> None:
        """Store the segments."""
