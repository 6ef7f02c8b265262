"""A take beside its model: itself, late counts, other shapes, another side of the camera."""

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.composer.comparing import compare
from dancecore.composer.dancing import danced
from dancecore.composer.performance import LIMBS, of_motion, of_track
from dancecore.composer.settings import ComposerSettings
from dancecore.composer.steps import Step
from dancecore.errors import DanceError
from dancecore.moves.body import joints
from dancecore.moves.motion import Motion
from dancecore.moves.sequence import mirrored, placed, sample
from dancecore.moves.taxonomy import Taxonomy
from dancecore.types import SECOND, PoseTrack

BPM = 112.0
BEATS = [beat * 60 / BPM for beat in range(16)]
STEPS = [Step("mv_floss", 4), Step("mv_running_man", 4), Step("mv_two_step", 4, True), Step("mv_swim", 4)]


@pytest.fixture(scope="module")
def motion(taxonomy: Taxonomy, numbers: ComposerSettings) -> Motion:
    return danced(STEPS, taxonomy, BPM, settings().media.rate_hz, numbers).motion


def late_at(motion: Motion, counts: tuple[int, ...], ms: float) -> Motion:
    """The same dance with these counts later; the ones before and after are where they were."""
    beats = np.arange(0, motion.beats[-1], 1 / 64)
    away = np.min([np.abs(beats - (count - 1)) for count in counts], axis=0)
    delay = ms / 1000 * BPM / 60 * np.where(away < 1, (1 + np.cos(np.pi * away)) / 2, 0.0)
    late = sample(motion, np.clip(beats - delay, 0, motion.beats[-1]))
    return Motion(beats.copy(), late.rotation, late.root)


def filmed(motion: Motion, noise_m: float = 0.0, yaw: float = 0.0, start_s: float = 0.0, seed: int = 0) -> PoseTrack:
    """What a pose estimator that errs by so many metres would report, 20 frames a second, `start_s` into its clip."""
    rate, rng = 20, np.random.default_rng(seed)
    shown = placed(motion, np.radians(yaw), np.zeros(3))
    frames = int(motion.beats[-1] * 60 / BPM * rate)
    world = joints(sample(shown, np.arange(frames) / rate * BPM / 60))
    world = world - world[:, [23, 24]].mean(axis=1, keepdims=True) + rng.normal(0, noise_m, world.shape)
    time = np.round((start_s + np.arange(frames) / rate) * SECOND).astype(np.int64)
    flat = np.zeros((frames, 33, 2), np.float32)
    return PoseTrack(
        time, flat, (world * [1, -1, -1]).astype(np.float32), np.ones((frames, 33), np.float32),
        np.zeros(frames, bool), 100, 100,
    )  # fmt: skip


def test_a_take_is_itself(motion: Motion, numbers: ComposerSettings) -> None:
    model = of_motion(motion, BPM, numbers.compare_hz)
    same = compare(model, model, BEATS, numbers)
    assert [count.late_ms for count in same.counts] == pytest.approx([0] * 16, abs=0.5)
    assert (same.timing, same.shape, same.off_time, same.off_shape) == (1, 1, (), ())
    assert same.turn_deg == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("ms", [120, -120])
def test_exactly_the_late_counts_are_named(ms: float, motion: Motion, numbers: ComposerSettings) -> None:
    model = of_motion(motion, BPM, numbers.compare_hz)
    found = compare(model, of_motion(late_at(motion, (5, 13), ms), BPM, numbers.compare_hz), BEATS, numbers)
    assert found.off_time == (5, 13)
    assert found.counts[4].late_ms == pytest.approx(ms, abs=30)
    assert found.timing == pytest.approx(14 / 16)


def test_two_takes_of_a_pose_estimator(motion: Motion, numbers: ComposerSettings) -> None:
    """Noise of 2 cm a joint, another side of the camera, and a later beginning change nothing of what is named."""
    model = of_track(filmed(motion, 0.02), numbers.compare_hz)
    same = compare(model, of_track(filmed(motion, 0.02, yaw=35, seed=1), numbers.compare_hz), BEATS, numbers)
    assert max(abs(count.late_ms) for count in same.counts) <= 50, "within a frame"
    assert same.turn_deg == pytest.approx(-35, abs=3)
    late = of_track(filmed(late_at(motion, (5, 13), 120), 0.02, start_s=0.4, seed=2), numbers.compare_hz)
    found = compare(model, late, BEATS, numbers)
    assert found.off_time == (5, 13)
    assert found.offset_ms == pytest.approx(400, abs=30)


def test_what_comes_before_and_after_is_left_out(motion: Motion, numbers: ComposerSettings) -> None:
    """A take that begins with three seconds of standing, of a dancer filmed from the side."""
    late = filmed(late_at(motion, (9,), 140), 0.02, yaw=-50)
    stands = np.repeat(late.world_m[:1], 60, axis=0)
    world = np.concatenate([stands, late.world_m, late.world_m[-20:][::-1]])
    frames = len(world)
    take = PoseTrack(
        np.arange(frames) * (SECOND // 20), np.zeros((frames, 33, 2), np.float32), world,
        np.ones((frames, 33), np.float32), np.zeros(frames, bool), 100, 100,
    )  # fmt: skip
    found = compare(of_motion(motion, BPM, numbers.compare_hz), of_track(take, numbers.compare_hz), BEATS, numbers)
    assert found.off_time == (9,)
    assert found.offset_ms == pytest.approx(3000, abs=60)
    assert found.turn_deg == pytest.approx(50, abs=4)


def test_the_limb_that_is_elsewhere_is_named(motion: Motion, numbers: ComposerSettings) -> None:
    from dancecore.moves.motion import RIG
    from dancecore.moves.posing import turn

    raised = motion.rotation.copy()
    arm = RIG.index("left_shoulder")
    part = (motion.beats > 7.4) & (motion.beats < 8.6)
    raised[part, arm] = turn("Z", np.full(part.sum(), 70.0)) @ raised[part, arm]
    other = Motion(motion.beats.copy(), raised, motion.root.copy())
    model = of_motion(motion, BPM, numbers.compare_hz)
    found = compare(model, of_motion(other, BPM, numbers.compare_hz), BEATS, numbers)
    assert found.off_shape == (9,)
    assert set(found.counts[8].off_shape) <= {"left_elbow", "left_wrist"}
    assert found.off_time == ()


def test_the_other_side_is_another_shape(motion: Motion, numbers: ComposerSettings) -> None:
    model = of_motion(motion, BPM, numbers.compare_hz)
    found = compare(model, of_motion(mirrored(motion), BPM, numbers.compare_hz), BEATS, numbers)
    assert found.shape < 0.95
    assert len(found.off_shape) >= 4


def test_what_cannot_be_compared_is_refused(motion: Motion, numbers: ComposerSettings) -> None:
    model = of_motion(motion, BPM, numbers.compare_hz)
    with pytest.raises(DanceError, match="no beats"):
        compare(model, model, [99.0], numbers)
    short = of_motion(sample(motion, np.arange(0, 6, 1 / 16)), BPM, numbers.compare_hz)
    with pytest.raises(DanceError, match="not all of the dance"):
        compare(model, short, BEATS, numbers)
    track = filmed(motion)
    assert compare(model, of_track(track, numbers.compare_hz), BEATS, numbers).off_time == ()
    with pytest.raises(DanceError, match="NO_PERSON"):
        of_track(track.window(0, SECOND // 2), numbers.compare_hz)
    assert of_track(track, 50).ways.shape[1] == len(LIMBS) == 9
