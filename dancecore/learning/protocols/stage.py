"""What recognisers see of the performances of a protocol: poses as an estimator would find them, cleaned as any."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Self
from zlib import crc32

import numpy as np

from dancecore.errors import DanceError
from dancecore.features.normalise import held, middle
from dancecore.learning.datasets.entries import Entry
from dancecore.learning.datasets.packs import TORSO_M, Recording, camera_at, faced, filmed, hide, resampled
from dancecore.learning.protocols.plan import Performance
from dancecore.matching.enrol import Exemplar
from dancecore.matching.templates import landmarks
from dancecore.moves.camera import still
from dancecore.pipeline import hear
from dancecore.pose.cleaning import clean
from dancecore.settings import AnalysisSettings, TemplateSettings
from dancecore.skeleton import INDEX
from dancecore.synthetic.landmarks import BRANCHES, PARENT
from dancecore.synthetic.observe import observe
from dancecore.synthetic.observe_settings import ObserveSettings
from dancecore.types import MS, BeatGrid, Float64, PoseTrack, Span

Sight = Literal["noisy", "clean"]
"""With the errors of a pose estimator, or faultless: what is reported of the latter says what noise costs."""


@dataclass(frozen=True)
class Numbers:
    """The settings that what is seen depends on."""

    analysis: AnalysisSettings
    templates: TemplateSettings
    observe: ObserveSettings


class Stage:
    """The clips of one set, each looked at once in a run from each side that is asked for."""

    def __init__(self, clips: Mapping[str, Recording | Entry], numbers: Numbers, sight: Sight, flat: bool) -> None:
        self._clips, self._numbers, self._sight, self._flat = clips, numbers, sight, flat
        self._seen: dict[tuple[str, float | None], PoseTrack] = {}
        self._heard: dict[str, BeatGrid | None] = {}

    def seen_as(self, sight: Sight, flat: bool) -> Self:
        """The same clips, seen otherwise."""
        return type(self)(self._clips, self._numbers, sight, flat)

    def track(self, performance: Performance) -> PoseTrack:
        """The cleaned poses of its whole clip. Raises DanceError as reading them does."""
        key = performance.clip, performance.yaw
        if key not in self._seen:
            track = clean(self._look(*key), self._numbers.analysis.pose)
            self._seen[key] = flattened(track) if self._flat else track
        return self._seen[key]

    def exemplar(self, performance: Performance) -> Exemplar:
        """The performance as one to learn from, a mirrored one in the mirror. Raises DanceError as `Exemplar` does."""
        track = self.track(performance)
        flat = self._flat or not self._solid(performance.clip)
        name = f"{performance.clip}@{performance.start_ms}"
        return Exemplar(name, track.mirrored() if performance.mirror else track, span_of(performance), None, flat)

    def beats(self, performance: Performance) -> BeatGrid | None:
        """Those that the sound of its clip gives away; None for clips without a video."""
        source = self._clips[performance.clip]
        video = source.video if isinstance(source, Entry) else None
        if video is None or not video.exists():
            return None
        if performance.clip not in self._heard:
            self._heard[performance.clip] = hear(video, self._numbers.analysis)
        return self._heard[performance.clip]

    @property
    def solid(self) -> bool:
        """Every clip is known in three dimensions, and so may be seen without faults."""
        return all(isinstance(each, Recording) and each.solid for each in self._clips.values())

    def _solid(self, clip: str) -> bool:
        source = self._clips[clip]
        return source.solid if isinstance(source, Recording) else True

    def _look(self, clip: str, yaw: float | None) -> PoseTrack:
        source = self._clips[clip]
        if isinstance(source, Entry):
            if yaw is not None:
                raise DanceError("INVALID_INPUT", f"{clip} has been filmed: it cannot be seen from {yaw:g} degrees")
            return source.track()
        if not source.solid:
            return filmed(source, yaw or 0.0, self._numbers.analysis.media.rate_hz)
        return look_at(source, front_yaw(source) if yaw is None else yaw, self._numbers, self._sight)


def look_at(recording: Recording, yaw: float, numbers: Numbers, sight: Sight) -> PoseTrack:
    """A recording in three dimensions before a still camera, `yaw` degrees to the left of the dancer's front.

    The same recording from the same side gives the same track. Joints that the source lacks stay unseen.
    """
    rate_hz = numbers.analysis.media.rate_hz
    if sight == "clean":
        return filmed(recording, yaw, rate_hz)
    time_ns, points = resampled(recording, rate_hz)
    stood = faced(points)
    body = landmarks(_completed(stood), numbers.templates.torso_stretch)
    camera = still(camera_at(stood, yaw), len(body))
    seed = crc32(f"{recording.clip}@{yaw:g}".encode())
    return hide(observe(body, time_ns, camera, numbers.observe, seed), points)


def front_yaw(recording: Recording) -> float:
    """Degrees that the sensor of a recording, which looks along -z, stood to the left of the dancer's front."""
    left = np.zeros(3)
    for joint in ("hip", "shoulder"):
        across = recording.points[:, INDEX[f"left_{joint}"]] - recording.points[:, INDEX[f"right_{joint}"]]
        left += np.median(across, axis=0)
    return round(float(np.degrees(np.arctan2(left[2], left[0]))))


def flattened(track: PoseTrack) -> PoseTrack:
    """The track with nothing but the picture: its world landmarks are those of the picture, all at one depth."""
    points = held(track.xy_px.astype(np.float64))
    about = points - middle(points, "hip")[:, None]
    torso = float(np.median(np.linalg.norm(middle(about, "shoulder"), axis=1)))
    world = np.concatenate([about, np.zeros((*about.shape[:2], 1))], axis=2) * TORSO_M / max(torso, 1.0)
    seen = np.isfinite(track.xy_px).all(axis=2, keepdims=True)
    return replace(track, world_m=np.where(seen, world, np.nan).astype(np.float32))


def span_of(performance: Performance) -> Span:
    """When it is danced."""
    return Span(performance.start_ms * MS, performance.end_ms * MS)


def _completed(points: Float64) -> Float64:
    """Points (T, 33, 3) in which a joint that a source lacks lies where the one before it does: it is not shown, but
    the model of the estimator's errors knows whole bodies only."""
    whole = points.copy()
    for joint in BRANCHES:
        lacking = ~np.isfinite(whole[:, joint]).all(axis=1)
        whole[lacking, joint] = whole[lacking, PARENT[joint]]
    return whole
