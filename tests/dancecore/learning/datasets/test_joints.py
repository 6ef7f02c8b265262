"""True joints: what is written is read; the labelled dancer's track comes first; one who is never found has a track."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.learning.datasets.joints import TrueJoints, labelled_first, nobody, pack_joints, read_joints
from dancecore.moves.camera import Camera, still
from dancecore.types import PoseTrack

FRAMES, FPS, RATE = 30, 30, 20


@pytest.fixture
def joints() -> TrueJoints:
    """Two dancers, a metre apart, who drift to their left."""
    rng = np.random.default_rng(0)
    drift = np.arange(FRAMES)[:, None, None] * [0.01, 0, 0]
    body = rng.uniform([-0.4, 0, -0.2], [0.4, 1.7, 0.2], (33, 3))
    world = np.stack([body + drift, body + drift + [1.0, 0, 0]]).astype(np.float32)
    camera = still(Camera(360, 640), FRAMES)
    xy = np.stack([camera.project(each) for each in world]).astype(np.float32)
    return TrueJoints(np.arange(FRAMES) * 1_000_000_000 // FPS, world, xy, camera)


def track_of(joints: TrueJoints, dancer: int, found: slice = slice(None)) -> PoseTrack:
    """A faultless track of a dancer, seen in some frames, at another rate than the truth's."""
    time_ns = np.arange(RATE) * (1_000_000_000 // RATE)
    nearest = np.abs(joints.time_ns[:, None] - time_ns).argmin(0)
    xy = np.full((RATE, 33, 2), np.nan, np.float32)
    xy[found] = joints.xy_px[dancer, nearest][found]
    visibility = np.isfinite(xy[..., 0]).astype(np.float32)
    world = np.zeros((RATE, 33, 3), np.float32)
    return PoseTrack(time_ns, xy, world, visibility, np.zeros(RATE, np.bool_), 360, 640, dancer)


def test_what_is_written_is_read(joints: TrueJoints, tmp_path: Path) -> None:
    path = tmp_path / "joints.npz"
    path.write_bytes(pack_joints(joints))
    found = read_joints(path)
    for name in ("time_ns", "world_m", "xy_px"):
        np.testing.assert_array_equal(getattr(found, name), getattr(joints, name))
    np.testing.assert_allclose(found.camera.project(found.world_m[1].astype(np.float64)), found.xy_px[1], atol=1e-3)
    assert pack_joints(found) == pack_joints(joints)


@pytest.mark.parametrize("content", [b"", b"no npz", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty zip"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "joints.npz"
    path.write_bytes(content)
    with pytest.raises(DanceError, match="holds no true joints"):
        read_joints(path)


@pytest.mark.parametrize("name", ["time_ns", "world_m", "xy_px"])
def test_shapes_must_agree(joints: TrueJoints, name: str) -> None:
    with pytest.raises(DanceError, match="must be"):
        replace(joints, **{name: getattr(joints, name)[:1]})


def test_the_labelled_dancer_comes_first(joints: TrueJoints) -> None:
    other, lead, glimpse = track_of(joints, 1), track_of(joints, 0, slice(5, None)), track_of(joints, 0, slice(2))
    ordered = labelled_first([other, glimpse, lead], joints)
    assert [each is want for each, want in zip(ordered, (lead, glimpse, other), strict=True)] == [True] * 3


def test_who_is_never_found_has_an_empty_track(joints: TrueJoints) -> None:
    track = nobody(joints, RATE)
    assert len(track) == RATE
    assert not track.present.any()
    assert (track.visibility == 0).all()
    assert labelled_first([track], joints) == [track]
