"""Motion: the moves on their beats, and what happens at seams, over dances drawn from the whole taxonomy."""

from itertools import pairwise

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.composer.book import Book
from dancecore.composer.dancing import Dance, around_seam, at_rate, danced, slide
from dancecore.composer.planning import plan
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.composer.wish import Wish
from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.sequence import around, mirrored
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX

RATE = settings().media.rate_hz
PLANS = 12
HIPS = [INDEX["left_hip"], INDEX["right_hip"]]


@pytest.fixture(scope="module")
def shown(book: Book, taxonomy: Taxonomy, numbers: ComposerSettings) -> list[tuple[tuple[Step, ...], Dance]]:
    """Plans of eight bars, no two alike, that come to most moves."""
    found = []
    for seed in range(PLANS):
        steps = plan(Wish(8, 104, novelty=1.0, diversity=1.0, seed=seed), book, numbers).steps
        found.append((steps, danced(steps, taxonomy, 104, RATE, numbers)))
    return found


def test_seams_are_calm(shown: list[tuple[tuple[Step, ...], Dance]]) -> None:
    seams = [seam for _, dance in shown for seam in dance.seams]
    assert len(seams) > 50
    assert max(seam.speed for seam in seams) <= 1.5
    frames = [seam.blend * 60 / 104 * RATE for seam in seams]
    assert min(frames) >= 8 - 1e-9
    assert np.median(frames) < 12


def test_feet_that_stand_do_not_slide(shown: list[tuple[tuple[Step, ...], Dance]], taxonomy: Taxonomy) -> None:
    """Beyond what both moves slide by themselves, on purpose, in the same frames."""
    for steps, dance in shown:
        for seam, (a, b) in zip(dance.seams, pairwise(steps), strict=True):
            here = around_seam(dance.motion, seam.beat, seam.blend)
            beats = here.beats - seam.beat
            own = [slide(around(taxonomy.moves[step.move_id].motion, beats)) for step in (a, b)]
            assert slide(here) <= max(own) + 0.02, (a, b)


def test_feet_stay_on_or_above_the_floor(shown: list[tuple[tuple[Step, ...], Dance]]) -> None:
    soles = [INDEX[f"{side}_{end}"] for side in ("left", "right") for end in ("heel", "foot_index")]
    for _, dance in shown:
        assert joints(dance.motion)[:, soles, 1].min() > -0.02


def test_each_move_is_danced_on_its_beats_and_side(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    steps = [Step("mv_dab", 8), Step("mv_floss", 4, True), Step("mv_clap", 8)]
    dance = danced(steps, taxonomy, 104, RATE, numbers)
    assert dance.motion.beats[-1] == 20
    start = 0.0
    for step in steps:
        motion = taxonomy.moves[step.move_id].motion
        middle = np.arange(start + 1.5, start + step.beats - 1.5, 0.25)
        written = around(mirrored(motion) if step.mirror else motion, middle - start)
        worlds = [joints(each) for each in (around(dance.motion, middle), written)]
        shapes = [world - world[:, HIPS].mean(axis=1, keepdims=True) for world in worlds]
        assert np.abs(shapes[0] - shapes[1]).max() < 0.03, step
        start += step.beats


def test_a_move_that_goes_on_has_no_seam(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    dance = danced([Step("mv_floss", 2)] * 4, taxonomy, 104, RATE, numbers)
    assert dance.seams == ()
    assert np.allclose(dance.motion.root, around(taxonomy.moves["mv_floss"].motion, dance.motion.beats).root)
    turned = danced([Step("mv_floss", 2), Step("mv_floss", 2, True)], taxonomy, 104, RATE, numbers)
    assert [seam.beat for seam in turned.seams] == [2.0]


def test_frames_of_a_recording(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    dance = danced([Step("mv_floss", 4), Step("mv_dab", 4)], taxonomy, 120, RATE, numbers)
    shown = at_rate(dance.motion, 120, 25)
    assert len(shown.beats) == 100
    assert shown.beats[[0, 50]].tolist() == [0.0, 4.0]


def test_what_has_no_motion_is_refused(taxonomy: Taxonomy, numbers: ComposerSettings) -> None:
    with pytest.raises(DanceError, match="has no motion of jeté"):
        danced([Step("jeté", 4)], taxonomy, 100, RATE, numbers)
    with pytest.raises(DanceError, match="no step"):
        danced([], taxonomy, 100, RATE, numbers)
