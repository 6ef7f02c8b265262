"""What happens to feet, speed and height between two moves."""

from itertools import pairwise

import numpy as np
import pytest

from dancecore.moves import legs
from dancecore.moves.body import joints
from dancecore.moves.crossing import LONGEST, cross, crossing_beats, eased
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import Part, around, join, mirrored, placed, travel
from dancecore.moves.taxonomy import Taxonomy
from dancecore.skeleton import INDEX
from dancecore.synthetic.body import T_POSE
from dancecore.synthetic.idle import load_non_dance

LEAST = 0.8
"""Beats that a crossing takes at least in these tests."""

PAIRS = 120
FLOOR_M = 0.01
"""An end of a sole that is so low is at floor height."""

SOLES = [[INDEX[f"{side}_{end}"] for end in ("heel", "foot_index")] for side in ("left", "right")]


def pairs(taxonomy: Taxonomy) -> list[tuple[str, Motion, Motion]]:
    """Moves drawn two by two, some of them mirrored."""
    rng, moves = np.random.default_rng(0), list(taxonomy.moves.values())
    drawn = []
    for _ in range(PAIRS):
        a, b = (moves[i] for i in rng.choice(len(moves), 2, replace=False))
        first, second = (mirrored(m.motion) if rng.uniform() < 0.3 else m.motion for m in (a, b))
        drawn.append((f"{a.move_id} to {b.move_id}", first, second))
    return drawn


def slid(world: np.ndarray) -> float:
    """The farthest, in metres, that a foot slides while it is on the floor; a foot may turn about one of its ends."""
    farthest = 0.0
    for sole in SOLES:
        ends = world[:, sole]
        down = ends[..., 1] < FLOOR_M
        step = np.linalg.norm(np.diff(ends[..., [0, 2]], axis=0), axis=-1)
        moved = np.where(down[1:] & down[:-1], step, np.inf).min(axis=1)
        so_far = 0.0
        for each in moved:
            so_far = so_far + each if np.isfinite(each) else 0.0
            farthest = max(farthest, so_far)
    return farthest


def speed(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(joints(motion), axis=0), axis=-1).max())


def seam(first: Motion, second: Motion) -> tuple[Motion, Motion, Motion, float]:
    """The frames of the crossing, and the same frames of both motions."""
    start = float(first.beats[-1])
    blend = min(crossing_beats(first, start, second, LEAST), start, second.beats[-1])
    dance = join([Part(first, start), Part(second, float(second.beats[-1]))], [blend])
    near = np.abs(dance.beats - start) <= blend / 2 + 1 / 16
    beats = dance.beats[near]
    follows = placed(second, *travel(first))
    later = Motion(second.beats + start, follows.rotation.copy(), follows.root.copy())
    crossing = Motion(beats.copy(), dance.rotation[near], dance.root[near])
    return crossing, around(first, beats), around(later, beats), blend


def test_what_stands_does_not_slide(taxonomy: Taxonomy) -> None:
    """Beyond what either move slides by itself, on purpose."""
    for name, first, second in pairs(taxonomy):
        crossing, before, after, _ = seam(first, second)
        own = max(slid(joints(each)) for each in (before, after))
        assert slid(joints(crossing)) < own + 0.02, name


def test_feet_stay_on_or_above_the_floor(taxonomy: Taxonomy) -> None:
    for name, first, second in pairs(taxonomy):
        assert joints(seam(first, second)[0])[:, [j for sole in SOLES for j in sole], 1].min() > -0.02, name


def test_nobody_hurries_from_move_to_move(taxonomy: Taxonomy) -> None:
    """Peak speed of any joint in the crossing over the peak within the two moves."""
    ratios = [speed(seam(a, b)[0]) / max(speed(a), speed(b)) for _, a, b in pairs(taxonomy)]
    assert np.median(ratios) < 1.1
    assert np.mean(np.array(ratios) > 1.5) < 0.05
    assert max(ratios) < 3, "the calmest moves, from hands low to hands high"


def test_a_crossing_takes_as_long_as_it_must(taxonomy: Taxonomy) -> None:
    taken = [crossing_beats(a, a.beats[-1], b, LEAST) for _, a, b in pairs(taxonomy)]
    assert min(taken) == LEAST
    assert max(taken) <= LONGEST
    assert len(set(taken)) > PAIRS / 10
    still = taxonomy.moves["mv_clap"].motion
    assert crossing_beats(still, 4.0, still, LEAST) == LEAST
    crouch = load_non_dance()["nd_tie_shoe"].motion
    assert crossing_beats(crouch, 6.0, still, LEAST) > crossing_beats(crouch, 16.0, still, LEAST), "up from the floor"


def standing(x: float) -> Motion:
    """Standing still with the right foot at home and the left one `x` leg lengths further out."""
    root = np.array([[0.0, -0.05, 0.0]])
    feet = legs.feet_of(T_POSE)
    feet.ankle[:, 0, 0] += x
    pose = legs.stand(T_POSE.rotation, root, feet)
    beats = np.arange(17) / 16
    return Motion(beats, np.repeat(pose, 17, axis=0), np.repeat(root, 17, axis=0))


@pytest.mark.parametrize("x", [0.002, 0.05, 0.3])
def test_a_foot_steps_where_it_must_and_the_other_stands(x: float) -> None:
    """The higher, the farther; and in its own half of the crossing only."""
    way = np.linspace(0, 1, 17)
    world = joints(cross(standing(0.0), standing(x), way))
    left, right = (world[:, sole] for sole in SOLES)
    assert np.allclose(right, right[0], atol=1e-6)
    lift = left[..., 1].min(axis=1)
    assert lift.max() == pytest.approx(min(0.25 * 0.9 * x + min(0.9 * x, 0.02), 0.12), rel=0.02)
    moving = np.linalg.norm(np.diff(left[:, 0], axis=0), axis=-1) > 1e-9
    assert moving.any()
    assert not (moving[:8].any() and moving[8:].any()), "one foot, one half"


def test_it_sets_off_and_arrives_gently() -> None:
    assert eased(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])) == pytest.approx([0, 0, 0.5, 1, 1])
    fine = eased(np.linspace(0, 1, 1001))
    assert all(b > a for a, b in pairwise(fine))
    assert np.diff(fine).max() * 1000 == pytest.approx(1.875, rel=1e-3)
