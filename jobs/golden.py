"""The golden set: synthetic clips that every release must name as well as the last: `danceapp evaluate --gate`.

The set is its seeds: keypoints are made anew, as BlazePose would find them, from the seeds, the taxonomy and the
settings of synthetic dances. `golden.json` keeps which these were, and what was reached on each clip.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster.library import TAXONOMY, load_library
from cluster.settings import Settings
from cluster.telemetry import progress
from dancecore.errors import DanceError
from dancecore.learning import metrics
from dancecore.learning.datasets.folder import write_whole
from dancecore.learning.evaluation import Judge
from dancecore.learning.metrics import Interval
from dancecore.learning.recognisers.templates import Templates
from dancecore.models.classify import Classifier
from dancecore.moves.sides import without_sides
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.pose import clean
from dancecore.types import MS, PoseTrack
from jobs.synthetic_set import Recipe, stamped

REFERENCE = Path(__file__).parent.parent / "tests" / "data" / "golden.json"

RENEW = "danceapp evaluate --gate --renew"


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one clip: how many moves are danced, the sum of their best overlaps, and the segments found at an overlap of
    a half. Moves and their sides must be right."""

    moves: int
    overlap: float
    hits: int
    false: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the clips that were named, those of the reference on the same clips, and the drop that is allowed."""

    clips: int
    scores: dict[str, float]
    reference: dict[str, float]
    allowed: float

    @property
    def ok(self) -> bool:
        return all(self.reference[name] - score <= self.allowed + 1e-9 for name, score in self.scores.items())


def judge(settings: Settings, part: int | None = None, reference: Path = REFERENCE) -> Verdict:
    """Name the golden set, or its first `part` clips, and compare; a part is let off one segment more.

    Raises DanceError: INVALID_INPUT when the set is not the one of the reference, MISSING_EXTRA without anny.
    """
    kept = json.loads(reference.read_text(encoding="utf-8"))
    stamp = _stamp(settings)
    if differs := [name for name, value in stamp["made_of"].items() if kept["made_of"].get(name) != value]:
        message = f"the golden set has changed ({', '.join(differs)}): see that it is meant to, then {RENEW}"
        raise DanceError("INVALID_INPUT", message)
    before = [Tally(*row) for row in kept["clips"][:part]]
    now = tallies(settings, len(before))
    moves = sum(tally.moves for tally in before)
    allowed = settings.evaluation.gate_drop + (1 / moves if len(before) < len(kept["clips"]) else 0)
    return Verdict(len(now), scores_of(now), scores_of(before), allowed)


def renew(settings: Settings, reference: Path = REFERENCE) -> dict[str, float]:
    """Make what is reached now the reference; its scores."""
    now = tallies(settings, settings.evaluation.golden_clips)
    rows = [list(asdict(tally).values()) for tally in now]
    lines = ",\n".join(json.dumps(row) for row in rows)
    made_of = json.dumps(_stamp(settings)["made_of"], indent=1)
    text = f'{{"made_of": {made_of},\n"scores": {json.dumps(scores_of(now))},\n"clips": [\n{lines}\n]}}\n'
    write_whole(reference, text.encode())
    return scores_of(now)


def tallies(settings: Settings, clips: int) -> list[Tally]:
    """What is reached on the first clips of the golden set by what ships."""
    library = load_library(settings)
    recogniser = Templates(library.bank, settings.analysis, Classifier(library.bundle) if library.bundle else None)
    judge = Judge(True, without_sides(library.taxonomy.moves.values()))
    found = []
    with progress("golden set", clips, settings.index.report_every_s) as advance:
        for name, track, truth in _clips(settings, clips, judge):
            named = [
                judge.interval(s.start_ns, s.end_ns, s.move_id, s.mirror) for s in recogniser.segments(track, None)
            ]
            found.append(_tally(truth, named))
            advance(name)
    return found


def scores_of(tallied: Sequence[Tally]) -> dict[str, float]:
    """Segment IoU and segment F1@50 of these clips together."""
    moves = sum(tally.moves for tally in tallied)
    hits, false = (sum(getattr(tally, name) for tally in tallied) for name in ("hits", "false"))
    counts = metrics.Counts(hits, false, moves - hits)
    return {"segment IoU": float(np.sum([tally.overlap for tally in tallied]) / moves), "segment F1@50": counts.f1}


def _clips(settings: Settings, clips: int, judge: Judge) -> Iterator[tuple[str, PoseTrack, list[Interval]]]:
    from dancecore.synthetic.dance import draw_knobs
    from dancecore.synthetic.keypoints import make_keypoints

    taxonomy, first = load_taxonomy(TAXONOMY), settings.evaluation.golden_first_seed
    for seed in range(first, first + clips):
        knobs = draw_knobs(seed, settings.synthetic, taxonomy)
        made = make_keypoints(knobs, taxonomy, settings.observe, settings.media.rate_hz, f"syn_{seed}")
        truth = (judge.interval(s.start_ms * MS, s.end_ms * MS, s.move_id, s.mirror) for s in made.truth.segments)
        yield f"syn_{seed}", clean(made.tracks[0], settings.pose), metrics.joined(truth)


def _tally(truth: Sequence[Interval], found: Sequence[Interval]) -> Tally:
    counts = metrics.segment_counts(truth, found, 0.5)
    moves = counts.hits + counts.missed
    overlap = metrics.mean_segment_iou(truth, found) * moves if moves else 0.0
    return Tally(moves, round(overlap, 4), counts.hits, counts.false)


def _stamp(settings: Settings) -> dict[str, Any]:
    recipe = Recipe("keypoints", settings.evaluation.golden_first_seed, settings.evaluation.golden_clips)
    return stamped(recipe, settings, load_taxonomy(TAXONOMY).semver)
