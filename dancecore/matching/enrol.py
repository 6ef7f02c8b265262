"""Templates of a move that nobody wrote down: cut from exemplars of it, and seen again from other sides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dancecore.errors import DanceError
from dancecore.features.extract import extract
from dancecore.features.normalise import held, middle
from dancecore.learning.datasets.packs import Recording, faced, filmed, hide, resampled
from dancecore.matching.templates import ASSUMED_BPM, Template, both_sides, column_weights, landmarks, see, viewpoint
from dancecore.pose.cleaning import clean
from dancecore.settings import FeatureSettings, PoseSettings, TemplateSettings
from dancecore.skeleton import JOINTS
from dancecore.types import SECOND, Float64, PoseTrack, Span

SHORTEST_NS = SECOND // 2
"""Less of a dance is a pose that many moves pass through."""

STILL = 0.1
"""Torso lengths, standard deviation: a joint that moves less than this during a move does not tell it."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One performance of a move: the cleaned poses of the clip it is in, and when it is danced there.

    `bpm`: of the music, None if unknown. `flat`: nothing is known of the depth, so it is seen from its own side only.
    """

    name: str
    track: PoseTrack
    span: Span
    bpm: float | None
    flat: bool = False

    def __post_init__(self) -> None:
        part = self.track.window(self.span.start_ns, self.span.end_ns)
        if self.span.length_ns < SHORTEST_NS or len(part) < 2 or part.present.mean() < 0.5:
            when = f"{self.span.start_ns / SECOND:g}-{self.span.end_ns / SECOND:g} s"
            raise DanceError("INVALID_INPUT", f"{self.name}: {when} shows too little of a dancer to learn a move from")


def exemplar_of(recording: Recording, rate_hz: int, settings: TemplateSettings, pose: PoseSettings) -> Exemplar:
    """A recording of a motion pack, as the pose estimator would see it from the front; a flat one as it is."""
    time_ns, points = resampled(recording, rate_hz)
    if recording.solid:
        world = landmarks(faced(points), settings.torso_stretch)
        track = hide(see(world, time_ns, viewpoint(0.0, settings), settings.depth_slope), points)
    else:
        track = filmed(recording, 0.0, rate_hz)
    whole = Span(0, int(time_ns[-1]) + SECOND // rate_hz)
    return Exemplar(recording.clip, clean(track, pose), whole, None, flat=not recording.solid)


def learn(
    move_id: str, exemplars: Sequence[Exemplar], settings: TemplateSettings, features: FeatureSettings
) -> list[Template]:
    """Templates of the move: of each exemplar from each view (a flat one from its own), danced to either side.

    The columns that count are those of the joints that move, in all exemplars together (`signature`). An exemplar is
    taken to be repeated, as dances repeat their moves.
    """
    weights = column_weights(signature(exemplars), settings)
    templates = []
    for each in exemplars:
        part = slice(*np.searchsorted(each.track.time_ns, [each.span.start_ns, each.span.end_ns]))
        beats = max(1, round(each.span.length_ns / SECOND * (each.bpm or ASSUMED_BPM) / 60))
        for yaw in (0.0,) if each.flat else settings.views:
            seen = extract(turned(each.track, yaw, settings.depth_slope), features)
            templates += both_sides(move_id, each.name, yaw, each.bpm or 0.0, beats, seen, part, weights, True)
    return templates


def signature(exemplars: Sequence[Exemplar]) -> dict[str, float]:
    """How much each joint moves about the hips, of the one that moves most (0..1); joints that rest are left out."""
    spread = np.max([_spread(each) for each in exemplars], axis=0)
    return {name: float(s / spread.max()) for name, s in zip(JOINTS, spread, strict=True) if s > STILL}


def turned(track: PoseTrack, degrees: float, depth_slope: float) -> PoseTrack:
    """The track as it would be seen `degrees` further to the dancer's left, parallel rays and all joints visible.

    The body is lifted from the picture, which is exact, and the reported depth, stretched by 1 / `depth_slope`.
    """
    if degrees == 0:
        return track
    xy, world = held(track.xy_px.astype(np.float64)), held(track.world_m.astype(np.float64))
    hips, scale = middle(xy, "hip")[:, None], _torso(xy) / max(_torso(world), 1e-3)
    side, down = np.moveaxis((xy - hips) / scale, -1, 0)
    away = (world - middle(world, "hip")[:, None])[..., 2] / depth_slope
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    across, depth = cos * side + sin * away, (cos * away - sin * side) * depth_slope
    known = np.asarray(np.isfinite(track.xy_px).all(axis=2, keepdims=True))
    return replace(
        track,
        xy_px=np.where(known, hips + scale * np.stack([across, down], -1), np.nan).astype(np.float32),
        world_m=np.where(known, np.stack([across, down, depth], -1), np.nan).astype(np.float32),
    )


def _torso(points: Float64) -> float:
    """From mid-hip to mid-shoulder: bending and leaning only shorten it, so its 80th percentile over the clip."""
    return float(np.percentile(np.linalg.norm(middle(points, "shoulder") - middle(points, "hip"), axis=1), 80))


def _spread(exemplar: Exemplar) -> Float64:
    """(33,) standard deviation of each joint about the hips, in torso lengths."""
    xy = held(exemplar.track.window(exemplar.span.start_ns, exemplar.span.end_ns).xy_px.astype(np.float64))
    about = (xy - middle(xy, "hip")[:, None]) / max(_torso(xy), 1.0)
    return np.asarray(np.sqrt(about.var(axis=0).sum(axis=1)))
