"""What ships for moves known by exemplars (`dancecore.matching.enrolled`)."""

from collections.abc import Mapping, Sequence

from dancecore.decoding.decode import decode
from dancecore.features import extract
from dancecore.matching.enrol import Exemplar
from dancecore.matching.enrolled import Enrolled, Within
from dancecore.matching.score import ranked
from dancecore.segmentation import propose
from dancecore.settings import AnalysisSettings
from dancecore.types import BeatGrid, Candidate, PoseTrack, Segment, Span


class EnrolledMoves:
    """Exemplars, asked as the pipeline asks them where no other move is known."""

    def __init__(
        self, exemplars: Mapping[str, Sequence[Exemplar]], mirrored: bool, settings: AnalysisSettings
    ) -> None:  # fmt: skip
        self._moves, self._settings = Enrolled(exemplars, mirrored, settings.features, settings.enrolled), settings
        self._within: dict[int, tuple[PoseTrack, Within]] = {}

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        return self._in(track).rank(span)

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        spans = propose(extract(track, self._settings.features), beats, self._settings.segmentation)
        far = self._in(track).likened(spans, self._settings.decoding.other_distance)
        readings, matching = self._moves.readings, self._settings.matching
        found = [ranked(span, row, readings, matching) for span, row in zip(spans, far, strict=True)]
        return decode(found, self._settings.decoding)

    def _in(self, track: PoseTrack) -> Within:
        if id(track) not in self._within:
            self._within[id(track)] = track, self._moves.within(track)
        return self._within[id(track)][1]
