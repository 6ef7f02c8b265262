"""What cleaning drops, bridges and smooths."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cluster.settings import settings as configured
from dancecore.pose import clean
from dancecore.types import PoseTrack

NUMBERS = configured().pose
STEP_NS = 50_000_000


def track(n: int, *, lost: tuple[int, ...] = (), cuts: tuple[int, ...] = (), jitter: float = 0.0) -> PoseTrack:
    """A dancer moving on a straight line, 10 px a frame, unseen in the `lost` frames."""
    rng = np.random.default_rng(0)
    line = np.arange(n)[:, None, None]
    xy = (100 + 10 * line + np.arange(33)[:, None] + np.zeros(2) + rng.normal(0, jitter, (n, 33, 2))).astype(np.float32)
    world = (0.01 * line + np.zeros((33, 3)) + rng.normal(0, jitter / 500, (n, 33, 3))).astype(np.float32)
    visibility = np.full((n, 33), 0.9, np.float32)
    cut = np.zeros(n, np.bool_)
    cut[list(cuts)] = True
    for i in lost:
        xy[i], world[i], visibility[i] = np.nan, np.nan, 0
    return PoseTrack(np.arange(n) * STEP_NS, xy, world, visibility, cut, 640, 480)


GAPS = {
    "one frame": ((10,), (), ()),
    "three frames": ((10, 11, 12), (), ()),
    "four frames stay unseen": ((10, 11, 12, 13), (), (10, 11, 12, 13)),
    "a gap that ends at a cut": ((10, 11), (12,), (10, 11)),
    "a gap with a cut inside": ((10, 11, 12), (11,), (10, 11, 12)),
    "a gap that begins at a cut": ((10, 11), (10,), (10, 11)),
    "a gap at the start": ((0, 1), (), (0, 1)),
    "a gap at the end": ((28, 29), (), (28, 29)),
    "two gaps, one short": ((5, 15, 16, 17, 18), (), (15, 16, 17, 18)),
}


@pytest.mark.parametrize(("lost", "cuts", "unseen"), GAPS.values(), ids=GAPS.keys())
def test_gaps(lost: tuple[int, ...], cuts: tuple[int, ...], unseen: tuple[int, ...]) -> None:
    cleaned = clean(track(30, lost=lost, cuts=cuts), NUMBERS)
    gone = np.isin(np.arange(30), unseen)
    assert (np.isnan(cleaned.xy_px).any((1, 2)) == gone).all()
    assert (np.isnan(cleaned.world_m).any((1, 2)) == gone).all()
    assert ((cleaned.visibility == 0).all(1) == gone).all()
    whole = track(30)  # a straight line is bridged exactly, and no polynomial of order 3 bends it
    np.testing.assert_allclose(cleaned.xy_px[~gone], whole.xy_px[~gone], atol=1e-2)
    np.testing.assert_allclose(cleaned.world_m[~gone], whole.world_m[~gone], atol=1e-4)


def test_a_doubtful_joint_counts_as_unseen() -> None:
    dirty = track(30)
    visibility = dirty.visibility.copy()
    visibility[10:20, 15] = 0.19
    xy = dirty.xy_px.copy()
    xy[10:20, 15] += 300
    cleaned = clean(replace(dirty, xy_px=xy, visibility=visibility), NUMBERS)
    assert np.isnan(cleaned.xy_px[10:20, 15]).all()
    assert np.isfinite(np.delete(cleaned.xy_px, 15, axis=1)).all()
    np.testing.assert_allclose(cleaned.xy_px[[9, 20], 15], track(30).xy_px[[9, 20], 15], atol=1e-2)


def test_smoothing_takes_the_noise_share_of_its_window() -> None:
    noisy, still = track(400, jitter=5), track(400)
    left = (clean(noisy, NUMBERS).xy_px - still.xy_px)[20:-20].std() / (noisy.xy_px - still.xy_px).std()
    assert left == pytest.approx(np.sqrt(89 / 429), abs=0.03)  # Savitzky & Golay 1964, table I: cubic, 11 points


def test_a_cut_is_not_smoothed_over() -> None:
    jump = track(40, cuts=(20,))
    xy = jump.xy_px.copy()
    xy[20:] += 200
    cleaned = clean(replace(jump, xy_px=xy), NUMBERS)
    np.testing.assert_allclose(cleaned.xy_px, xy, atol=1e-2)


@given(
    seen=arrays(np.bool_, st.integers(1, 40)),
    cuts=st.lists(st.integers(0, 39), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_what_downstream_may_rely_on(seen: np.ndarray, cuts: list[int]) -> None:
    n = len(seen)
    dirty = track(n, lost=tuple(np.flatnonzero(~seen)), cuts=tuple(c for c in cuts if c < n), jitter=3)
    cleaned = clean(dirty, NUMBERS)
    finite = np.isfinite(cleaned.xy_px).all(-1)
    assert (finite == np.isfinite(cleaned.world_m).all(-1)).all()
    assert (finite == (cleaned.visibility >= NUMBERS.joint_confidence)).all()
    assert (cleaned.visibility[~finite] == 0).all()
    assert finite[seen].all()  # nothing that was seen is lost
    assert (cleaned.cut == dirty.cut).all()
    assert (cleaned.time_ns == dirty.time_ns).all()


@given(offset=st.floats(-500, 500), factor=st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_cleaning_moves_and_scales_with_the_dancer(offset: float, factor: float) -> None:
    dirty = track(25, lost=(4, 9, 10), jitter=3)
    moved = replace(dirty, xy_px=(dirty.xy_px * factor + offset).astype(np.float32))
    expected = clean(dirty, NUMBERS).xy_px * factor + offset
    np.testing.assert_allclose(clean(moved, NUMBERS).xy_px, expected, atol=0.02 * max(1, factor))
