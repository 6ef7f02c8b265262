"""No two dancers alike, and none with a foot through the floor."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dancecore.moves import legs
from dancecore.moves.body import joints
from dancecore.moves.sequence import around
from dancecore.moves.style import Style, danced_at, sized, styled, swings, wobbled
from dancecore.moves.taxonomy import Move, Taxonomy
from dancecore.skeleton import INDEX

FEET = slice(29, 33)
AS_WRITTEN = Style(amplitude=1.0, sharpness=0.0, delay=0.0, timing=0.0, asymmetry=0.0, noise_deg=0.0, habit=0, seed=0)


def reach(world: np.ndarray, name: str) -> float:
    """Metres that a joint moves about its mean, root mean square."""
    path = world[:, INDEX[name]] - world[:, [23, 24]].mean(axis=1)
    return float(np.sqrt(((path - path.mean(axis=0)) ** 2).sum(axis=1).mean()))


def test_as_written_changes_nothing(move: Move) -> None:
    apart = np.abs(joints(styled(move.motion, AS_WRITTEN)) - joints(move.motion))
    assert apart.max() < 0.03, "but for the ease with which the body sinks into long steps"
    assert np.median(apart) < 1e-6


def test_amplitude_makes_it_larger(taxonomy: Taxonomy) -> None:
    floss = taxonomy.moves["mv_floss"].motion
    small, large = (joints(styled(floss, replace(AS_WRITTEN, amplitude=a))) for a in (0.8, 1.2))
    assert reach(small, "left_wrist") < 0.9 * reach(joints(floss), "left_wrist") < 0.8 * reach(large, "left_wrist")


@pytest.mark.parametrize("amplitude", [0.75, 1.25])
def test_a_larger_or_smaller_dance_does_not_jump(move: Move, amplitude: float) -> None:
    """Not even where an arm swings right round, and its angle to its mean passes half a turn."""
    plain, scaled = (
        np.linalg.norm(np.diff(joints(styled(move.motion, replace(AS_WRITTEN, amplitude=a))), axis=0), axis=-1).max()
        for a in (1.0, amplitude)
    )
    assert scaled < 1.6 * plain


@pytest.mark.parametrize("amplitude", [0.75, 1.25])
def test_a_larger_or_smaller_dance_stays_on_the_floor(move: Move, amplitude: float) -> None:
    """Not even kneeling on raised heels does a foot sink in."""
    low = joints(styled(move.motion, replace(AS_WRITTEN, amplitude=amplitude)))[:, FEET, 1].min(axis=1)
    assert low.min() > -0.02


@pytest.mark.parametrize("move_id", ["mv_spin", "mv_t_step", "mv_grapevine"])
def test_what_a_foot_turns_about_stays_put_in_any_size(taxonomy: Taxonomy, move_id: str) -> None:
    """The ball that a spin turns on, heel and ball that a swivel goes by, the foot that a step leaves standing."""
    move = taxonomy.moves[move_id]
    plain, large = (sized(swings(move.motion), replace(AS_WRITTEN, amplitude=a)) for a in (1.0, 1.25))
    ends = [legs.soles(legs.feet_of(motion)) for motion in (plain, large)]
    moved, wider = (np.linalg.norm(np.diff(each[..., [0, 2]], axis=0), axis=-1).min(axis=-1) for each in ends)
    down = ends[0][1:, ..., 1].max(axis=-1) < 0.01
    assert down.any()
    assert (wider[down] < 1.5 * moved[down] + 0.005).all()


def test_asymmetry_favours_the_left_arm(taxonomy: Taxonomy) -> None:
    world = joints(styled(taxonomy.moves["mv_jumping_jack"].motion, replace(AS_WRITTEN, asymmetry=0.3)))
    assert reach(world, "left_wrist") > 1.3 * reach(world, "right_wrist")


def test_delay_is_in_beats(taxonomy: Taxonomy) -> None:
    jack = taxonomy.moves["mv_jumping_jack"].motion
    late = joints(styled(jack, replace(AS_WRITTEN, delay=0.25)))[:, INDEX["left_wrist"], 1]
    assert jack.beats[late.argmax()] == pytest.approx(1.25, abs=0.07)


def test_every_beat_is_missed_a_little(taxonomy: Taxonomy) -> None:
    """By the stated amount over many dances, in another way in each, and never so that time runs backwards."""
    beats = np.arange(0, 32, 1 / 16)
    off = []
    for seed in range(40):
        heard = danced_at(beats, replace(AS_WRITTEN, timing=0.06, seed=seed))
        assert (np.diff(heard) > 0).all()
        off.append((heard - beats)[::16])
    assert np.std(off) == pytest.approx(0.06, rel=0.1)
    assert abs(np.mean(off)) < 0.01
    assert len({float(each[0]) for each in off}) == 40


def test_sharpness_is_quick_between_beats(taxonomy: Taxonomy) -> None:
    jack = taxonomy.moves["mv_jumping_jack"].motion
    plain, sharp = (
        np.linalg.norm(np.diff(joints(styled(jack, replace(AS_WRITTEN, sharpness=s)))[:, 15], axis=0), axis=1)
        for s in (0.0, 0.5)
    )
    assert sharp.max() > 1.2 * plain.max()


def test_a_habit_lasts_from_dance_to_dance(taxonomy: Taxonomy) -> None:
    """The mean pose of long dances is the same for one habit, whatever else is new, and another for another."""
    dab = around(taxonomy.moves["mv_dab"].motion, np.arange(0, 200, 0.5))

    def mean_elbow(habit: int, seed: int) -> np.ndarray:
        return wobbled(dab, replace(AS_WRITTEN, noise_deg=8, habit=habit, seed=seed)).rotation[:, 7].mean(axis=0)

    own, again, other = mean_elbow(1, 1), mean_elbow(1, 2), mean_elbow(3, 1)
    assert np.abs(own - again).max() < 0.5 * np.abs(own - other).max()


def test_noise_is_drawn_by_its_seed(taxonomy: Taxonomy) -> None:
    dab = taxonomy.moves["mv_dab"].motion
    first, again, other = (joints(styled(dab, replace(AS_WRITTEN, noise_deg=8, seed=s))) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 99), st.floats(0.75, 1.25), st.floats(-0.5, 0.5), st.floats(-0.3, 0.3), st.floats(0, 0.08),
    st.floats(-0.3, 0.3), st.floats(0, 10), st.integers(0, 99),
)  # fmt: skip
def test_any_style_stands_on_the_floor(
    every: dict[str, Move], which: int, amplitude: float, sharpness: float, delay: float, timing: float,
    asymmetry: float, noise: float, seed: int,
) -> None:  # fmt: skip
    move = list(every.values())[which % len(every)]
    motion = styled(move.motion, Style(amplitude, sharpness, delay, timing, asymmetry, noise, seed, seed + 1))
    low, written = (joints(each)[:, FEET, 1].min(axis=1) for each in (motion, move.motion))
    assert low.min() > -0.02
    assert low.max() < written.max() + 0.03
    assert np.allclose(np.linalg.det(motion.rotation), 1)
