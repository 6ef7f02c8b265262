"""Moves known by exemplars: found whoever dances them, and from whatever side they are seen.

Three distances are blended, for each alone fails somewhere: of lifted poses (`features.lifted`), which no view changes;
of limbs as the picture shows them (`lifting.limbs`), the exemplar turned to face as the dancer does, which is exact
where both face alike; and of how those limbs are held and how much they swing, whenever they do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numba
import numpy as np

from dancecore.errors import DanceError
from dancecore.features.lifted import KIND, POSES, SPEEDS, WAY, WIDTH, extract_lifted
from dancecore.lifting.lifter import lift
from dancecore.lifting.limbs import limbs_of, turned_limbs
from dancecore.matching.dtw import band_limits
from dancecore.matching.enrol import Exemplar
from dancecore.settings import EnrolledSettings, FeatureSettings
from dancecore.types import Candidate, Float, Float64, IntT, PoseTrack, Reading, Span

STEPS = 2
"""Parts of an exemplar begin every half of a span's length: the band absorbs most of a quarter."""

LENGTHS = 1.15
"""Ratio of the lengths for which parts are made: spans in between are stretched to the nearest."""


@dataclass(frozen=True, slots=True)
class Dance:
    """T frames of one dancer. time_ns (T,); columns (T, 170): those of `features.lifted` times the roots of their
    shares; limbs (T, 18, 3) as `limbs_of`; facing (T, 2) as `Lifted` has it."""

    time_ns: IntT
    columns: Float
    limbs: Float
    facing: Float

    def frames(self, span: Span) -> slice:
        """Those in a span. Raises DanceError("INVALID_INPUT") where it holds fewer than two."""
        lo, hi = (int(at) for at in np.searchsorted(self.time_ns, [span.start_ns, span.end_ns]))
        if hi - lo < 2:
            raise DanceError(
                "INVALID_INPUT", f"span {span.start_ns}..{span.end_ns} holds {hi - lo} frames; 2 are needed"
            )
        return slice(lo, hi)


@dataclass(frozen=True, slots=True)
class Takes:
    """R performances of N frames each: columns (R, N, 170), limbs (R, N, 18, 3), facing (R,) radians, and the number of
    the reading (R,) that each is of."""

    columns: Float
    limbs: Float
    facing: Float
    reading: IntT


class Enrolled:
    """What was enrolled. `readings`: the (move, mirror) that are known, both sides of each with `mirrored`."""

    def __init__(
        self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, features: FeatureSettings,
        settings: EnrolledSettings,
    ) -> None:  # fmt: skip
        """Raises DanceError("INVALID_INPUT") when there is none."""
        if not exemplars:
            raise DanceError("INVALID_INPUT", "no move is enrolled")
        self.features, self.settings = features, settings
        self.readings: tuple[Reading, ...] = tuple(
            (m, side) for m in exemplars for side in (False, True)[: 1 + mirrored]
        )
        self._shown = [
            (self.readings.index((move, side)), self._part(each.track.mirrored() if side else each.track, each.span))
            for move, side in self.readings for each in exemplars[move]
        ]  # fmt: skip
        self._takes: dict[int | None, Takes] = {}

    def within(self, track: PoseTrack) -> "Within":
        """The moves as they are looked for in one cleaned track."""
        return Within(self, dance_of(track, self.features, self.settings))

    def takes(self, frames: int | None) -> Takes:
        """Every exemplar as spans of about so many frames are compared with: whole, repeated, in parts. None: whole."""
        length = None if frames is None else round(LENGTHS ** round(float(np.log(frames) / np.log(LENGTHS))))
        if length not in self._takes:
            cut = [
                (k, part, at) for k, part in self._shown for at in _cuttings(len(part.columns), length, self.settings)
            ]
            sampled = [_sampled(part, at) for _, part, at in cut]
            columns, limbs, facing = (np.stack(each) for each in zip(*sampled, strict=True))
            self._takes[length] = Takes(columns, limbs, facing, np.array([k for k, _, _ in cut]))
        return self._takes[length]

    def _part(self, track: PoseTrack, span: Span) -> Dance:
        whole = dance_of(track, self.features, self.settings)
        part = whole.frames(span)
        return Dance(whole.time_ns[part], whole.columns[part], whole.limbs[part], whole.facing[part])


class Within:
    """Enrolled moves in one dance."""

    def __init__(self, moves: Enrolled, dance: Dance) -> None:
        self.readings, self._moves, self._dance = moves.readings, moves, dance

    def distances(self, spans: Sequence[Span], *, parts: bool) -> Float64:
        """(S, R): how far each span is from each of the `readings`, from its nearest exemplar. With `parts` a span may
        hold a part of a move or repeats of it, as found ones do; else it is one performance of the whole move.

        Root mean squares over columns and limbs, averaged over warping paths and blended by the settings' shares.
        Raises DanceError("INVALID_INPUT") for a span with fewer than two frames.
        """
        return np.array([self._nearest(self._dance.frames(span), parts) for span in spans]).reshape(
            -1, len(self.readings)
        )

    def likened(self, spans: Sequence[Span], other_distance: float) -> Float64:
        """(S, R): the distances on the scale of those from templates, where `other_distance` is that of no move."""
        settings = self._moves.settings
        return np.asarray(other_distance + settings.slope * (self.distances(spans, parts=True) - settings.threshold))

    def rank(self, span: Span) -> list[Candidate]:
        """Every reading of a whole performance, nearest first, with softmax(-alpha x distance) as probability."""
        (distance,) = self.distances([span], parts=False)
        likely = np.exp(-self._moves.settings.alpha * (distance - distance.min()))
        likely /= likely.sum()
        order = np.argsort(distance, kind="stable")
        readings = ((r, *self.readings[r]) for r in order)
        return [Candidate(move, mirror, float(distance[r]), float(likely[r])) for r, move, mirror in readings]

    def _nearest(self, frames: slice, parts: bool) -> Float64:
        dance, settings = self._dance, self._moves.settings
        part = Dance(dance.time_ns[frames], dance.columns[frames], dance.limbs[frames], dance.facing[frames])
        length = len(part.columns)
        takes = self._moves.takes(length if parts else None)
        columns, limbs, facing = _sampled(part, np.linspace(0, length - 1, settings.frames))
        shown = turned_limbs(takes.limbs, facing - takes.facing)
        seen = turned_limbs(limbs[None], np.zeros(1, np.float32))[0]
        low, high = band_limits(settings.frames, settings.frames, settings.band)
        blend = settings.lifted * _paths(_apart(columns, takes.columns), low, high)
        blend += settings.limbs * _paths(_apart(seen, shown) / np.float32(np.sqrt(seen.shape[1])), low, high)
        blend += settings.posture * np.sqrt(np.mean((_posture(seen[None]) - _posture(shown)) ** 2, axis=1))
        nearest = np.full(len(self.readings), np.inf)
        np.minimum.at(nearest, takes.reading, blend)
        return nearest


def dance_of(track: PoseTrack, features: FeatureSettings, settings: EnrolledSettings) -> Dance:
    """What enrolled moves are compared by, of a cleaned track."""
    lifted = lift(track, features)
    columns = extract_lifted(track, features, lifted).values * np.sqrt(column_shares(settings))
    return Dance(track.time_ns, columns, limbs_of(track, lifted, features), lifted.facing)


def column_shares(settings: EnrolledSettings) -> Float:
    """(170,) float32, of sum one: how much each column of `features.lifted` counts."""
    shares = np.zeros(WIDTH, np.float32)
    for part, share in ((POSES, settings.poses), (SPEEDS, settings.speeds), (WAY, settings.way), (KIND, settings.kind)):
        shares[part] = share / (part.stop - part.start)
    return np.asarray(shares / shares.sum())


def _cuttings(frames: int, length: int | None, settings: EnrolledSettings) -> list[Float64]:
    """At which of its frames an exemplar of so many is looked at, for spans of `length`, or whole. A move that is
    danced longer than its exemplar is taken to be repeated."""
    if length is None or length >= settings.whole * frames:
        repeats = 1 if length is None else max(1, round(length / frames))
        return [np.linspace(0, repeats * frames - 1, settings.frames)]
    starts = np.linspace(0, frames - length, max(2, round((frames - length) * STEPS / length) + 1))
    return [start + np.linspace(0, length - 1, settings.frames) for start in starts]


def _sampled(dance: Dance, at: Float64) -> tuple[Float, Float, Float]:
    """Columns (N, 170), limbs (N, 18, 3) and mean facing of a dance at frames `at` (N,), the first after the last."""
    below, frames = at.astype(np.int64), len(dance.columns)
    above, share = (below + 1) % frames, (at - below).astype(np.float32)[:, None]
    below = below % frames
    columns = (1 - share) * dance.columns[below] + share * dance.columns[above]
    limbs = (1 - share[..., None]) * dance.limbs[below] + share[..., None] * dance.limbs[above]
    cos, sin = dance.facing[below].mean(axis=0)
    return columns, limbs, np.arctan2(sin, cos)


def _apart(one: Float, others: Float) -> Float:
    """(R, N, N): Euclidean distances between the frames of one (N, D) and of others (R, N, D)."""
    count, frames, width = others.shape
    inner = (others.reshape(-1, width) @ one.T).reshape(count, frames, len(one))
    squared = (others**2).sum(axis=2)[:, :, None] + (one**2).sum(axis=1) - 2 * inner
    return np.sqrt(np.maximum(squared, 0))


def _posture(limbs: Float) -> Float:
    """(R, 2 D): mean and standard deviation over time of (R, N, D)."""
    return np.concatenate([limbs.mean(axis=1), limbs.std(axis=1)], axis=1)


@numba.njit(cache=True, nogil=True)
def _paths(local: Float, low: IntT, high: IntT) -> Float64:
    """(R,): cost over steps of the cheapest warping path through each of the local distances (R, N, M), inside a band
    (`matching.dtw.align`)."""
    count, rows, columns = local.shape
    found = np.empty(count)
    cost, steps = np.empty((2, columns + 1)), np.empty((2, columns + 1))
    for r in range(count):
        cost[:], steps[:] = np.inf, 0
        cost[0, 0] = 0
        for i in range(rows):
            was, now = i % 2, 1 - i % 2
            cost[now, :] = np.inf
            for j in range(low[i], high[i] + 1):
                best, taken = cost[was, j], steps[was, j]
                if cost[was, j + 1] < best:
                    best, taken = cost[was, j + 1], steps[was, j + 1]
                if cost[now, j] < best:
                    best, taken = cost[now, j], steps[now, j]
                cost[now, j + 1], steps[now, j + 1] = best + local[r, i, j], taken + 1
        found[r] = cost[rows % 2, columns] / steps[rows % 2, columns]
    return found
