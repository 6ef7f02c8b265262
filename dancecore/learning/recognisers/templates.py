"""What ships: DTW against templates (`dancecore.matching`), for whole tracks with the trained classifier."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dancecore.decoding.decode import UNKNOWN
from dancecore.decoding.fusion import likelihoods, pooled
from dancecore.features import extract
from dancecore.matching.bank import Bank
from dancecore.matching.enrol import Exemplar, learn
from dancecore.matching.score import distances, score, series
from dancecore.models.classify import Classifier, FrameScores
from dancecore.models.judge import log_softmax
from dancecore.pipeline import identify
from dancecore.settings import AnalysisSettings, TemplateSettings
from dancecore.types import BeatGrid, Candidate, Features, PoseTrack, Segment, Span


class Templates:
    """A bank, and a classifier where there is one, asked as the pipeline asks them."""

    def __init__(self, bank: Bank, settings: AnalysisSettings, classifier: Classifier | None = None) -> None:
        self._bank, self._settings, self._classifier = bank, settings, classifier
        self._all = replace(settings.matching, top=len(bank.readings))
        self._features: dict[int, tuple[PoseTrack, Features]] = {}

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        if self._classifier:
            return self._pooled(self._classifier(self._of(track)), self._of(track), span, beats)
        (found,) = score(self._of(track), [span], beats, self._bank, self._all)
        return found.candidates

    def _pooled(self, said: FrameScores, features: Features, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        """Readings by the mean of the frames' scores, as segments have their confidence; how unsure is the distance."""
        numbers, readings = self._settings, self._bank.readings
        far = distances(series(features, [span]), beats.bpm if beats else None, self._bank, numbers.matching)
        likely = likelihoods(far, numbers.matching.alpha, numbers.decoding.other_distance)
        frames = slice(*(int(at) for at in np.searchsorted(features.time_ns, [span.start_ns, span.end_ns])))
        by_template = likely.repeat(frames.stop - frames.start, axis=0)
        scores = pooled(said, frames, (*readings, UNKNOWN), by_template, numbers.decoding).mean(axis=0)
        p = np.exp(log_softmax(scores / numbers.decoding.temperature))[:-1]
        ranked = ((readings[r], float(p[r])) for r in np.argsort(-p, kind="stable"))
        return [Candidate(move_id, mirror, 1 - share, share) for (move_id, mirror), share in ranked]

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        return identify(self._of(track), beats, self._bank, self._settings, self._classifier)

    def _of(self, track: PoseTrack) -> Features:
        if id(track) not in self._features:
            self._features[id(track)] = track, extract(track, self._settings.features)
        return self._features[id(track)][1]


def taught(
    exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, settings: AnalysisSettings, templates: TemplateSettings
) -> Templates:
    """A bank of what was learned from exemplars; danced as written only, unless `mirrored`."""
    learned = [
        template
        for move_id, shown in exemplars.items()
        for template in learn(move_id, shown, templates, settings.features)
        if mirrored or not template.mirror
    ]
    return Templates(Bank.build(learned, settings.matching), settings)
