"""The way of one clip, from the file to its named moves. The batch job and the online service take the same steps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dancecore.decoding.decode import decode
from dancecore.decoding.fusion import fused
from dancecore.features import extract
from dancecore.matching.bank import Bank
from dancecore.matching.enrolled import Enrolled, Within
from dancecore.matching.score import distances, ranked, series
from dancecore.media import audio, frames, probe
from dancecore.models.classify import Classifier, FrameScores, Says
from dancecore.music import track_beats
from dancecore.pose import PoseModel, clean, estimate, primary
from dancecore.segmentation import propose
from dancecore.settings import AnalysisSettings
from dancecore.types import BeatGrid, ClipInfo, Features, Float64, PoseTrack, Reading, Segment, Span


@dataclass(frozen=True)
class Analysis:
    """All that is learned of one clip. `beats` is None where none can be trusted; segments are in order of time."""

    info: ClipInfo
    pose: PoseTrack
    beats: BeatGrid | None
    features: Features
    segments: list[Segment]


@dataclass(frozen=True)
class Compared:
    """How far each of S spans is from each of R readings: distance (S, R), infinite where it cannot be compared."""

    spans: list[Span]
    distance: Float64
    readings: tuple[Reading, ...]


def analyse(
    clip: Path, model: PoseModel, bank: Bank, settings: AnalysisSettings, classifier: Classifier | None = None,
    own: Enrolled | None = None,
) -> Analysis:  # fmt: skip
    """Index one clip. Raises DanceError with the code of the first step that refuses it."""
    info = probe(clip, settings.media)
    pose = clean(
        primary(estimate(frames(clip, settings.media.rate_hz), model, settings.pose), settings.pose), settings.pose
    )
    beats = hear(clip, settings)
    features = extract(pose, settings.features)
    segments = identify(features, beats, bank, settings, classifier, own.within(pose) if own else None)
    return Analysis(info, pose, beats, features, segments)


def hear(clip: Path, settings: AnalysisSettings) -> BeatGrid | None:
    """The beat grid of a clip's sound; None when it has no sound, or no beats that can be trusted."""
    samples = audio(clip, settings.music.rate_hz)
    beats = None if samples is None else track_beats(samples, settings.music.rate_hz, settings.music)
    return beats if beats is not None and beats.confidence >= settings.music.min_confidence else None


def identify(
    features: Features, beats: BeatGrid | None, bank: Bank, settings: AnalysisSettings,
    classifier: Says | None = None, own: Within | None = None,
) -> list[Segment]:  # fmt: skip
    """The moves found in the features of a dancer: those of the taxonomy by templates, and by a trained classifier
    where there is one; a user's `own` by their exemplars, on the scale of the templates."""
    return name(
        compare(features, beats, bank, settings, own), classifier(features) if classifier else None, beats, settings
    )


def compare(
    features: Features, beats: BeatGrid | None, bank: Bank, settings: AnalysisSettings, own: Within | None = None
) -> Compared:
    """Where a dancer may begin something else, and what each part is like: templates, and a user's `own` moves."""
    spans = propose(features, beats, settings.segmentation)
    far = distances(series(features, spans), beats.bpm if beats else None, bank, settings.matching)
    readings = bank.readings
    if own is not None:
        far = np.hstack([far, own.likened(spans, settings.decoding.other_distance)])
        readings += own.readings
    return Compared(spans, far, readings)


def name(
    compared: Compared, said: FrameScores | None, beats: BeatGrid | None, settings: AnalysisSettings
) -> list[Segment]:
    """The moves of a dancer by what their parts are like, and by what a classifier said, if there is one."""
    spans, far, readings = compared.spans, compared.distance, compared.readings
    if said is None:
        found = [ranked(span, row, readings, settings.matching) for span, row in zip(spans, far, strict=True)]
        return decode(found, settings.decoding)
    return fused(said, spans, far, readings, beats, settings.matching.alpha, settings.decoding)
