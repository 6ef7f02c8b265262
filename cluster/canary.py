"""The rule of the canary: who gets the model that is on trial, how it is compared, and what becomes of it.

Nothing here has a clock or a database: `now` and the counts are arguments.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import hypot
from typing import Literal

from scipy.stats import binomtest

from cluster.settings import RegistrySettings
from dancecore.types import MS, OTHER, Segment

Action = Literal["promote", "keep", "roll back"]


@dataclass(frozen=True, slots=True)
class Arm:
    """What one of two models was given: clips, the segments found in them, and how many segments people corrected."""

    clips: int
    segments: int
    corrections: int

    def __post_init__(self) -> None:
        if min(self.clips, self.corrections) < 0 or self.corrections > self.segments:
            raise ValueError(f"counts that cannot be: {self}")

    @property
    def correction_rate(self) -> float:
        """Share of the segments that were corrected, 0..1; 0 without segments."""
        return self.corrections / self.segments if self.segments else 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a canary: both models since `since`, from when on neither of them changed.

    compared: clips that both models looked at; named_ms: their time to which either gives a move; differing_ms: the
    part of it to which they give different ones.
    """

    canary_id: str
    production_id: str
    since: datetime
    canary: Arm
    production: Arm
    compared: int
    named_ms: int
    differing_ms: int

    @property
    def disagreement(self) -> float:
        """Share of the named time that the two name differently, 0..1; 0 when nothing is named."""
        return self.differing_ms / self.named_ms if self.named_ms else 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the canary, and why, in one sentence."""

    action: Action
    reason: str


def takes_canary(sha256: str, canary_id: str, share: float) -> bool:
    """Whether a clip is among the `share` (0..1) that the canary gets: always the same for one clip and one canary.

    Another canary gets other clips, so that nobody is always the one who tries things out.
    """
    digest = hashlib.sha256(f"{canary_id}\0{sha256}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def compare(served: Sequence[Segment], other: Sequence[Segment]) -> dict[str, float]:
    """How two models differ on one clip: `named_ms` and `differing_ms` of Evidence, for the metrics of its analysis.

    Segments in order, not overlapping; time that no segment covers is "other". Sides are not compared: several moves
    are their own mirror image a beat later.
    """
    edges = sorted({edge for part in (*served, *other) for edge in (part.start_ns, part.end_ns)})
    named = differing = 0
    for lo, hi in pairwise(edges):
        first, second = _move_at(served, lo), _move_at(other, lo)
        named += (hi - lo) * (first != OTHER or second != OTHER)
        differing += (hi - lo) * (first != second)
    return {"named_ms": float(named // MS), "differing_ms": float(differing // MS)}


def decide(evidence: Evidence, now: datetime, settings: RegistrySettings) -> Decision:
    """What becomes of the canary at `now`.

    Rolled back at once when it disagrees with production too much, or is corrected more often beyond doubt; kept until
    the stable period is over and both have seen enough clips; then promoted, or rolled back when it is corrected more
    often than the gate allows.
    """
    enough = evidence.compared >= settings.min_clips
    rise = evidence.canary.correction_rate - evidence.production.correction_rate
    if enough and evidence.disagreement > settings.max_disagreement:
        return Decision("roll back", f"it disagrees with production {_percent(evidence.disagreement)} of the time, "
                        f"more than {_percent(settings.max_disagreement)}")  # fmt: skip
    worse = f"{_percent(rise)} more of its segments are corrected than of production's"
    if least_rise(evidence, settings.confidence) > settings.max_correction_rise:
        return Decision("roll back", f"{worse}, beyond doubt more than {_percent(settings.max_correction_rise)}")
    if (left := evidence.since + timedelta(hours=settings.stable_h) - now) > timedelta(0):
        return Decision("keep", f"{_hours(left)} of {settings.stable_h:g} h are left")
    fewest = min(evidence.compared, evidence.canary.clips, evidence.production.clips)
    if fewest < settings.min_clips:
        return Decision("keep", f"the period is over, but of clips of either and of both the fewest are {fewest}, "
                        f"fewer than {settings.min_clips}")  # fmt: skip
    if rise > settings.max_correction_rise:
        return Decision("roll back", f"{worse}, more than {_percent(settings.max_correction_rise)}")
    return Decision("promote", f"stable for {settings.stable_h:g} h: {evidence.canary.clips} clips, "
                    f"{_percent(evidence.disagreement)} disagreement, {_percent(rise)} more corrections")  # fmt: skip


def least_rise(evidence: Evidence, confidence: float) -> float:
    """Lower end of the interval in which the rise of the correction rate lies, -1..1; -1 when either has no segments.

    Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10, of Wilson's
    score intervals. Segments of one clip are taken as independent.
    """
    if not (evidence.canary.segments and evidence.production.segments):
        return -1.0
    tried, served = evidence.canary, evidence.production
    low = _wilson(tried, confidence)[0]
    high = _wilson(served, confidence)[1]
    rise = tried.correction_rate - served.correction_rate
    return rise - hypot(tried.correction_rate - low, high - served.correction_rate)


def _wilson(arm: Arm, confidence: float) -> tuple[float, float]:
    found = binomtest(arm.corrections, arm.segments).proportion_ci(confidence, "wilson")
    return float(found.low), float(found.high)


def _move_at(segments: Sequence[Segment], time_ns: int) -> str:
    return next((part.move_id for part in segments if part.start_ns <= time_ns < part.end_ns), OTHER)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.1f} h"
