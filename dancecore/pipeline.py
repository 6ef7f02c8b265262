"""The way of one clip, from the file to its named moves. The batch job and the online service take the same steps."""

from dataclasses import dataclass
from pathlib import Path

from dancecore.decoding.decode import decode
from dancecore.features import extract
from dancecore.matching.bank import Bank
from dancecore.matching.score import score
from dancecore.media import audio, frames, probe
from dancecore.music import track_beats
from dancecore.pose import PoseModel, clean, estimate, primary
from dancecore.segmentation import propose
from dancecore.settings import AnalysisSettings
from dancecore.types import BeatGrid, ClipInfo, Features, PoseTrack, Segment


@dataclass(frozen=True)
class Analysis:
    """All that is learned of one clip. `beats` is None where none can be trusted; segments are in order of time."""

    info: ClipInfo
    pose: PoseTrack
    beats: BeatGrid | None
    features: Features
    segments: list[Segment]


def analyse(clip: Path, model: PoseModel, bank: Bank, settings: AnalysisSettings) -> Analysis:
    """Index one clip. Raises DanceError with the code of the first step that refuses it."""
    info = probe(clip, settings.media)
    pose = clean(
        primary(estimate(frames(clip, settings.media.rate_hz), model, settings.pose), settings.pose), settings.pose
    )
    beats = hear(clip, settings)
    features = extract(pose, settings.features)
    segments = identify(features, beats, bank, settings)
    return Analysis(info, pose, beats, features, segments)


def hear(clip: Path, settings: AnalysisSettings) -> BeatGrid | None:
    """The beat grid of a clip's sound; None when it has no sound, or no beats that can be trusted."""
    samples = audio(clip, settings.music.rate_hz)
    beats = None if samples is None else track_beats(samples, settings.music.rate_hz, settings.music)
    return beats if beats is not None and beats.confidence >= settings.music.min_confidence else None


def identify(features: Features, beats: BeatGrid | None, bank: Bank, settings: AnalysisSettings) -> list[Segment]:
    """The moves found in the features of a dancer."""
    spans = propose(features, beats, settings.segmentation)
    scores = score(features, spans, beats, bank, settings.matching)
    return decode(scores, settings.decoding)
