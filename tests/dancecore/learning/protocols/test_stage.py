"""What recognisers see: noise of the estimator, the same every time; sides; joints that a source lacks stay unseen."""

from dataclasses import replace

import numpy as np
import pytest

from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Label
from dancecore.learning.datasets.packs import Recording
from dancecore.learning.protocols.plan import Performance
from dancecore.learning.protocols.stage import Numbers, Stage, flattened, front_yaw
from dancecore.moves.body import joints
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.sequence import placed
from dancecore.skeleton import INDEX

LACKING = [INDEX[name] for name in ("left_ear", "right_ear", "left_pinky", "right_pinky", "left_heel")]


def standing(turn: float) -> Recording:
    """Two seconds of a T-pose that faces `turn` radians to the left of the sensor, without some joints."""
    still = Motion(np.arange(60) / 1.0, np.tile(np.eye(3), (60, len(RIG), 1, 1)), np.zeros((60, 3)))
    points = joints(placed(still, turn, np.zeros(3))).astype(np.float32)
    points[:, LACKING] = np.nan
    return Recording("one", "ann", (Label(0, 2000, "t_pose", None),), 30.0, points)


def stage(recording: Recording, sight: str = "noisy", *, flat: bool = False) -> Stage:
    numbers = settings()
    return Stage({"one": recording}, Numbers(numbers.analysis, numbers.templates, numbers.observe), sight, flat)


def asked(yaw: float | None = 0.0, mirror: bool | None = None) -> Performance:
    return Performance("one", "ann", "t_pose", mirror, 0, 2000, yaw)


def test_noise_is_that_of_the_side_and_comes_again() -> None:
    first, again = (stage(standing(0.0)).track(asked()) for _ in range(2))
    clean, other = stage(standing(0.0), "clean").track(asked()), stage(standing(0.0)).track(asked(1.0))
    assert np.array_equal(first.xy_px, again.xy_px, equal_nan=True)
    apart = np.nanmean(np.abs(first.xy_px - clean.xy_px))
    assert 0.5 < apart < 40  # pixels of a picture of 1000
    assert not np.array_equal(first.xy_px, other.xy_px, equal_nan=True)


@pytest.mark.parametrize("sight", ["noisy", "clean"])
def test_joints_that_the_source_lacks_stay_unseen(sight: str) -> None:
    track = stage(standing(0.0), sight).track(asked(45.0))
    assert (track.visibility[:, LACKING] == 0).all()
    assert np.isnan(track.xy_px[:, LACKING]).all()
    assert np.isfinite(track.xy_px[:, INDEX["left_shoulder"]]).mean() > 0.8


@pytest.mark.parametrize("degrees", [0, 35, -30, 90])
def test_the_sensor_stood_where_the_dancer_turned_away_from(degrees: int) -> None:
    recording = standing(np.radians(-degrees))
    assert front_yaw(recording) == degrees
    as_recorded, from_there = (stage(recording, "clean").track(asked(yaw)) for yaw in (None, float(degrees)))
    np.testing.assert_allclose(as_recorded.xy_px, from_there.xy_px, atol=1)


def test_a_flat_stage_shows_no_depth() -> None:
    track = stage(standing(0.0), flat=True).track(asked(30.0))
    deep = stage(standing(0.0)).track(asked(30.0))
    assert np.nanmax(np.abs(track.world_m[..., 2])) == 0
    assert np.nanmax(np.abs(deep.world_m[..., 2])) > 0.05
    assert np.array_equal(track.xy_px, deep.xy_px, equal_nan=True)
    assert np.array_equal(np.isnan(flattened(deep).world_m), np.isnan(track.world_m))


def test_a_mirrored_performance_is_learned_in_the_mirror() -> None:
    seen = stage(standing(0.0))
    exemplar = seen.exemplar(asked(mirror=True))
    assert np.array_equal(exemplar.track.xy_px, seen.track(asked()).mirrored().xy_px, equal_nan=True)


def test_a_filmed_clip_has_the_side_it_has() -> None:
    flat = replace(standing(0.0), points=standing(0.0).points[..., :2])
    with pytest.raises(DanceError, match="cannot be seen from 30 degrees"):
        stage(flat).track(asked(30.0))
    assert not stage(flat).solid
