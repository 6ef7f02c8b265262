"""The matching that ships: DTW against templates (`dancecore.matching`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dancecore.features import extract
from dancecore.matching.bank import Bank
from dancecore.matching.enrol import Exemplar, learn
from dancecore.matching.score import score
from dancecore.pipeline import identify
from dancecore.settings import AnalysisSettings, TemplateSettings
from dancecore.types import BeatGrid, Candidate, Features, PoseTrack, Segment, Span


class Templates:
    """A bank, asked as the pipeline asks it."""

    def __init__(self, bank: Bank, settings: AnalysisSettings) -> None:
        self._bank, self._settings = bank, settings
        self._all = replace(settings.matching, top=len(bank.readings))
        self._features: dict[int, tuple[PoseTrack, Features]] = {}

    def rank(self, track: PoseTrack, span: Span, beats: BeatGrid | None) -> Sequence[Candidate]:
        (found,) = score(self._of(track), [span], beats, self._bank, self._all)
        return found.candidates

    def segments(self, track: PoseTrack, beats: BeatGrid | None) -> list[Segment]:
        return identify(self._of(track), beats, self._bank, self._settings)

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
