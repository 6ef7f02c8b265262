"""What dancers do: the steps at their beats, in their styles, where they stand, out of each other's way."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.moves import body as stick
from dancecore.moves.sequence import around, heading
from dancecore.moves.style import Style
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX
from dancecore.synthetic.choreography import choreograph, motions
from dancecore.synthetic.dance import Dancer, Knobs, draw_knobs
from dancecore.synthetic.generators import Step
from dancecore.synthetic.timeline import timeline

ALL = settings().synthetic
PLAIN = Style(
    amplitude=1.0, sharpness=0.0, delay=0.0, timing=0.0, asymmetry=0.0, noise_deg=0.0, habit=0, seed=0
)  # fmt: skip
STEPS = (
    Step("mv_dab", 8, False, True), Step("mv_floss", 4, False, True), Step("nd_stretch", 4, False, False),
    Step("mv_clap", 4, False, True),
)  # fmt: skip
FEET = slice(INDEX["left_heel"], INDEX["right_foot_index"] + 1)


def test_each_step_is_its_move_away_from_the_seams(taxonomy: Taxonomy) -> None:
    start = 0
    for step in STEPS:
        beats = np.arange(start + 1.25, start + step.beats - 1.25, 0.25)
        danced = stick.joints(choreograph(STEPS, 0.8, PLAIN, taxonomy, beats))
        if step.dance:
            move = stick.joints(around(taxonomy.moves[step.move_id].motion, beats - start))
            hips = [INDEX["left_hip"], INDEX["right_hip"]]
            shapes = [each - each[:, hips].mean(1, keepdims=True) for each in (danced, move)]
            assert np.abs(shapes[0] - shapes[1]).max() < 0.03, step.move_id
        start += step.beats


def test_a_mirrored_step_is_the_mirror_image(taxonomy: Taxonomy) -> None:
    beats = np.arange(0, 8, 0.5)
    one, other = (
        stick.joints(choreograph([Step("mv_dab", 8, mirror, True)], 0.8, PLAIN, taxonomy, beats))
        for mirror in (False, True)
    )
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    assert np.allclose(one[:, wrists], other[:, wrists[::-1]] * [-1, 1, 1], atol=1e-6)


@pytest.fixture(scope="module")
def company(taxonomy: Taxonomy) -> list[Knobs]:
    """Clips with three people."""
    three = replace(ALL, people=replace(ALL.people, company_shares=(0.0, 0.0, 1.0)))
    return [draw_knobs(seed, three, taxonomy) for seed in range(24)]


def test_there_is_a_motion_for_everybody_at_every_frame(company: list[Knobs], taxonomy: Taxonomy) -> None:
    for knobs in company[:6]:
        for rate in (None, 20.0):
            beats, _ = timeline(knobs.dance, rate or knobs.fps)
            danced = motions(knobs, taxonomy, rate)
            assert len(danced) == len(knobs.dancers)
            assert all(np.array_equal(each.beats, beats) for each in danced)


def test_another_rate_is_the_same_dance(company: list[Knobs], taxonomy: Taxonomy) -> None:
    """Frames that are shown at the same time show the same pose."""
    knobs = company[0]
    slow, fast = motions(knobs, taxonomy, 10.0), motions(knobs, taxonomy, 30.0)
    for a, b in zip(slow, fast, strict=True):
        assert np.allclose(a.rotation, b.rotation[::3][: len(a.rotation)], atol=1e-6)
        assert np.allclose(a.root, b.root[::3][: len(a.root)], atol=1e-6)


def test_dancers_stand_where_they_were_put(company: list[Knobs], taxonomy: Taxonomy) -> None:
    for knobs in company:
        for dancer, motion in zip(knobs.dancers, motions(knobs, taxonomy), strict=True):
            first = motion.root[0, [0, 2]] * stick.NEUTRAL.leg
            assert np.linalg.norm(first - dancer.place) < 0.8, "where the step begins, and a swing of the hips"


def test_nobody_runs_into_another(company: list[Knobs], taxonomy: Taxonomy) -> None:
    """Bones, as points a hand apart, of all pairs of dancers in every frame; the tallest bodies."""
    tall = stick.NEUTRAL.varied(height=1.12)
    for knobs in company:
        worlds = [along_bones(stick.joints(motion, tall)) for motion in motions(knobs, taxonomy, 10.0)]
        for i, a in enumerate(worlds):
            for b in worlds[i + 1 :]:
                apart = np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min()
                assert apart > 0.1, f"seed {knobs.seed}: {apart:.2f} m"


def along_bones(world: np.ndarray) -> np.ndarray:
    middles = [(world[:, INDEX[a]] + world[:, INDEX[b]]) / 2 for a, b in LIMBS]
    return np.concatenate([world[:, 11:], np.stack(middles, axis=1)], axis=1)


LIMBS = [
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("shoulder", "hip"))
]


def danced(knobs: Knobs, taxonomy: Taxonomy, role: str) -> list[tuple[Dancer, np.ndarray]]:
    """The dancers of a role, their wrists' heights about the hips (F, 2)."""
    wrists, hips = [INDEX["left_wrist"], INDEX["right_wrist"]], [INDEX["left_hip"], INDEX["right_hip"]]
    found = []
    for dancer, motion in zip(knobs.dancers, motions(knobs, taxonomy, 20.0), strict=True):
        world = stick.joints(motion)
        if dancer.role == role:
            found.append((dancer, (world[:, wrists] - world[:, hips].mean(1, keepdims=True))[..., 1]))
    return found


def test_followers_do_the_steps_and_bystanders_do_not(company: list[Knobs], taxonomy: Taxonomy) -> None:
    """Correlation of how high the wrists are with the lead's."""

    def likeness(role: str) -> float:
        alike = []
        for knobs in company:
            (_, lead), *_ = danced(knobs, taxonomy, "lead")
            alike += [np.corrcoef(lead.ravel(), other.ravel())[0, 1] for _, other in danced(knobs, taxonomy, role)]
        return float(np.median(alike))

    assert likeness("follow") > 0.8
    assert abs(likeness("bystander")) < 0.5


def test_others_face_as_they_were_turned(company: list[Knobs], taxonomy: Taxonomy) -> None:
    for knobs in company[:8]:
        for dancer, motion in zip(knobs.dancers, motions(knobs, taxonomy, 20.0), strict=True):
            if dancer.role == "bystander":
                assert np.degrees(np.median(heading(motion))) == pytest.approx(dancer.turn, abs=25)


def test_feet_stay_on_the_floor_in_whole_dances(taxonomy: Taxonomy) -> None:
    for seed in range(12):
        knobs = draw_knobs(seed, ALL, taxonomy)
        low = stick.joints(motions(knobs, taxonomy, 20.0)[0])[:, FEET, 1].min(axis=1)
        assert low.min() > -0.02, seed
