"""Matching by lifted poses, the same from whatever side somebody is seen (`dancecore.matching.lifted`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dancecore.decoding.decode import decode
from dancecore.features import extract
from dancecore.features.lifted import LiftedFeatures, extract_lifted
from dancecore.matching.enrol import Exemplar
from dancecore.matching.lifted import lifted_bank, nearest_lifted
from dancecore.segmentation import propose
from dancecore.settings import AnalysisSettings, LiftedSettings
from dancecore.types import BeatGrid, Candidate, MoveScores, PoseTrack, Segment, Span


class LiftedPoses:
    """A bank of exemplars. In a whole track every found span is named, as the peers do."""

    def __init__(
        self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, analysis: AnalysisSettings,
        settings: LiftedSettings,
    ) -> None:  # fmt: skip
        self._bank = lifted_bank(exemplars, mirrored, analysis.features, settings)
        self._analysis, self._settings = analysis, settings
        self._features: dict[int, tuple[PoseTrack, LiftedFeatures]] = {}

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        return nearest_lifted(self._of(track), [span], self._bank, self._settings)[0]

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        spans = propose(extract(track, self._analysis.features), beats, self._analysis.segmentation)
        found = nearest_lifted(self._of(track), spans, self._bank, self._settings) if spans else []
        believing = replace(self._analysis.decoding, max_distance=float("inf"), max_ratio=float("inf"))
        scores = [MoveScores(span, tuple(each)) for span, each in zip(spans, found, strict=True)]
        return decode(scores, believing)

    def _of(self, track: PoseTrack) -> LiftedFeatures:
        if id(track) not in self._features:
            self._features[id(track)] = track, extract_lifted(track, self._analysis.features)
        return self._features[id(track)][1]
