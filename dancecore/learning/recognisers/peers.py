"""Recognisers of others, taught and asked the same: 1-NN DTW and MiniRocket of aeon, on keypoints in the picture.

aeon is no dependency of DanceApp (see `Makefile`): without it these raise DanceError("MISSING_EXTRA").
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dancecore.decoding.decode import decode
from dancecore.errors import DanceError
from dancecore.features import extract
from dancecore.features.normalise import body_of
from dancecore.matching.enrol import Exemplar
from dancecore.segmentation import propose
from dancecore.settings import AnalysisSettings, FeatureSettings
from dancecore.skeleton import INDEX
from dancecore.types import BeatGrid, Candidate, Float64, MoveScores, PoseTrack, Reading, Segment, Span

FRAMES = 64
"""To which every span is stretched: aeon's classifiers want series of one length."""

SHOWN = [0, *(INDEX[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
              for side in ("left", "right"))]  # fmt: skip
"""The nose and the joints of arms and legs, which every source has: one that is never seen has no place to compare."""

BAND = 0.12
"""Of the warping window, as that of our own matching."""


class Peer(ABC):
    """What the peers share: normalised 2D keypoints, an exemplar's mirror image where moves have sides, and spans that
    are found as ours are, since they find none themselves."""

    def __init__(self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._seen: dict[int, tuple[PoseTrack, Float64]] = {}
        shown: list[tuple[Reading, Float64]] = []
        for move_id, examples in exemplars.items():
            for each in examples:
                shown.append(((move_id, False), self.series(each.track, each.span)))
                if mirrored:
                    shown.append(((move_id, True), self.series(each.track.mirrored(), each.span)))
        self.readings = [reading for reading, _ in shown]
        self.shown = np.stack([series for _, series in shown])

    @abstractmethod
    def distances(self, series: Float64) -> Mapping[Reading, tuple[float, float]]:
        """How far each reading is from a series (D, FRAMES), and its probability."""

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        found = self.distances(self.series(track, span))
        ranked = [Candidate(*reading, *numbers) for reading, numbers in found.items()]
        return sorted(ranked, key=lambda candidate: candidate.distance)

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        spans = propose(extract(track, self._settings.features), beats, self._settings.segmentation)
        believing = replace(self._settings.decoding, max_distance=float("inf"), max_ratio=float("inf"))
        return decode([MoveScores(span, tuple(self.rank(track, span, beats))) for span in spans], believing)

    def series(self, track: PoseTrack, span: Span) -> Float64:
        """(26, FRAMES): the keypoints of a span, torso lengths about the hips, stretched to one length."""
        if id(track) not in self._seen:
            self._seen[id(track)] = track, normalised(track, self._settings.features)
        lo, hi = np.searchsorted(track.time_ns, [span.start_ns, span.end_ns])
        return stretched(self._seen[id(track)][1][lo:hi], FRAMES).T.copy()


class NearestDtw(Peer):
    """The exemplar that is nearest by DTW; it is certain of it."""

    def distances(self, series: Float64) -> Mapping[Reading, tuple[float, float]]:
        apart = _aeon("distances").pairwise_distance(series[None], self.shown, method="dtw", window=BAND)[0]
        nearest: dict[Reading, float] = {}
        for reading, distance in zip(self.readings, np.sqrt(apart / series.size), strict=True):
            nearest[reading] = min(float(distance), nearest.get(reading, np.inf))
        best = min(nearest, key=lambda reading: nearest[reading])
        return {reading: (distance, float(reading == best)) for reading, distance in nearest.items()}


class MiniRocket(Peer):
    """Random convolutions and a ridge classifier (Dempster et al. 2021)."""

    def __init__(self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, settings: AnalysisSettings) -> None:
        from sklearn.linear_model import RidgeClassifierCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        super().__init__(exemplars, mirrored, settings)
        self._kernels = _aeon("transformations.collection.convolution_based").MiniRocket(random_state=0)
        self._classes = sorted(set(self.readings))
        ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
        self._ridge = make_pipeline(StandardScaler(with_mean=False), ridge)
        self._ridge.fit(self._kernels.fit_transform(self.shown), [self._classes.index(each) for each in self.readings])

    def distances(self, series: Float64) -> Mapping[Reading, tuple[float, float]]:
        margin = np.atleast_1d(self._ridge.decision_function(self._kernels.transform(series[None]))[0])
        margin = np.array([-margin[0], margin[0]]) if len(self._classes) == 2 else margin
        likely = np.exp(margin - margin.max())
        likely /= likely.sum()
        return {each: (-float(m), float(p)) for each, m, p in zip(self._classes, margin, likely, strict=True)}


def normalised(track: PoseTrack, settings: FeatureSettings) -> Float64:
    """(T, 26) SHOWN keypoints in torso lengths about the hips, shot by shot; 0 where there is nobody."""
    points = np.zeros((len(track), 2 * len(SHOWN)))
    for first, last in pairwise([0, *(np.flatnonzero(track.cut[1:]) + 1).tolist(), len(track)]):
        part = track.window(int(track.time_ns[first]), int(track.time_ns[last - 1]) + 1)
        if part.present.any():
            points[first:last] = body_of(part, settings).image[:, SHOWN].reshape(len(part), -1)
    return points


def stretched(values: Float64, frames: int) -> Float64:
    """(frames, D) of values (T, D), linear in time."""
    at = np.linspace(0, len(values) - 1, frames)
    below = np.minimum(at.astype(np.int64), max(len(values) - 2, 0))
    share = (at - below)[:, None]
    return np.asarray((1 - share) * values[below] + share * values[np.minimum(below + 1, len(values) - 1)])


def _aeon(module: str) -> Any:
    try:
        return importlib.import_module(f"aeon.{module}")
    except ModuleNotFoundError as error:
        raise DanceError("MISSING_EXTRA", "the peers need aeon: pip install --no-deps aeon==1.6.0") from error
