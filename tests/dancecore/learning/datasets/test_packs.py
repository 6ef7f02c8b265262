"""Motion packs come back as written, stand upright before their cameras, and keep left and right apart."""

from pathlib import Path

import numpy as np
import pytest

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import Label, label_runs
from dancecore.learning.datasets.packs import Recording, faced, filmed, read_pack, resampled, write_pack
from dancecore.moves.body import joints
from dancecore.moves.motion import RIG, Motion
from dancecore.moves.sequence import placed
from dancecore.skeleton import INDEX

SOLID = ["bandai_namco", "cmu05_modern_dance", "cmu_mocap6_exercises", "istpa_gestures", "mesh2motion_cc0", "misc_mit"]
NOSE, SHOULDERS, HIPS, KNEES, ANKLES = INDEX["nose"], [11, 12], [23, 24], [25, 26], [27, 28]


def standing(turn: float, frames: int = 31, fps: float = 30.0) -> Recording:
    """A T-pose that faces `turn` radians to the left of +z, in a place of its own, without thumbs."""
    still = Motion(np.arange(frames) / 1.0, np.tile(np.eye(3), (frames, len(RIG), 1, 1)), np.zeros((frames, 3)))
    points = joints(placed(still, turn, np.array([1.0, 0.0, -2.0]))).astype(np.float32)
    points[:, [INDEX["left_thumb"], INDEX["right_thumb"]]] = np.nan
    return Recording("one", "ann", (Label(0, 1033, "t_pose", None),), fps, points)


def test_a_pack_comes_back(tmp_path: Path) -> None:
    given = [standing(0.0), standing(1.0, frames=7, fps=25.0)]
    write_pack(tmp_path / "pack.npz", given)
    found = read_pack(tmp_path / "pack.npz")
    assert [(r.clip, r.performer, r.fps, r.labels[0].move_id) for r in found] == [
        ("one", "ann", r.fps, "t_pose") for r in given
    ]
    for before, after in zip(given, found, strict=True):
        np.testing.assert_allclose(after.points, before.points, atol=2e-3)


def test_a_damaged_pack_is_refused(tmp_path: Path) -> None:
    """Wherever a byte of it is another one, that is told; what says only how to pack it may differ."""
    path = tmp_path / "pack.npz"
    write_pack(path, [standing(0.0)])
    whole, codes = path.read_bytes(), []
    for at in range(0, len(whole), 37):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            read_pack(path)
        except DanceError as error:
            codes.append(error.code)
    assert len(codes) > 20
    assert set(codes) == {"INVALID_INPUT"}


def test_a_pack_of_sequences_cannot_be_written(tmp_path: Path) -> None:
    recording = Recording("one", "ann", (), 30.0, standing(0.0).points)
    with pytest.raises(DanceError, match="a pack holds one label"):
        write_pack(tmp_path / "pack.npz", [recording])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pack.npz").write_bytes(content)
    with pytest.raises(DanceError, match="not a motion pack"):
        read_pack(tmp_path / "pack.npz")


def test_an_npz_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "pack.npz", other=np.zeros(3))
    with pytest.raises(DanceError, match="not a motion pack"):
        read_pack(tmp_path / "pack.npz")


@pytest.mark.parametrize("turn", [0.0, 0.7, 2.0, np.pi, -1.3])
def test_the_dancer_is_turned_to_the_front(turn: float) -> None:
    points = faced(standing(turn).points.astype(np.float64))
    left, right = points[0, INDEX["left_wrist"]], points[0, INDEX["right_wrist"]]
    np.testing.assert_allclose(left - right, [np.linalg.norm(left - right), 0, 0], atol=1e-5)
    assert points[0, NOSE, 2] > 0.05
    np.testing.assert_allclose(points[0, HIPS].mean(0)[[0, 2]], 0, atol=1e-6)


@pytest.mark.parametrize(("yaw", "side"), [(0.0, 1), (60.0, 1), (180.0, -1), (-60.0, 1)])
def test_left_is_on_the_right_of_a_picture_from_the_front(yaw: float, side: int) -> None:
    track = filmed(standing(0.4), yaw, 20)
    across = track.xy_px[0, INDEX["left_wrist"], 0] - track.xy_px[0, INDEX["right_wrist"], 0]
    assert np.sign(across) == side
    assert (track.visibility[:, INDEX["left_thumb"]] == 0).all()
    assert np.isnan(track.xy_px[:, INDEX["left_thumb"]]).all()
    seen = track.xy_px[np.isfinite(track.xy_px[..., 0])]
    assert seen.min() > 0
    assert seen.max() < track.width


def test_resampled_by_time() -> None:
    rising = standing(0.0, frames=31).points.copy()
    rising[:, NOSE, 1] = np.arange(31) / 30
    time_ns, points = resampled(Recording("r", "ann", (), 30.0, rising), 20)
    np.testing.assert_allclose(points[:, NOSE, 1], time_ns / 1e9, atol=1e-6)
    assert len(time_ns) == 21


def test_a_flat_recording_has_one_side() -> None:
    flat = Recording("f", "ann", (), 30.0, standing(0.0).points[..., :2])
    assert np.isfinite(filmed(flat, 0.0, 20).world_m[:, NOSE]).all()
    with pytest.raises(DanceError, match="is flat"):
        filmed(flat, 30.0, 20)


def test_runs_of_frame_labels() -> None:
    found = label_runs(np.array([-1, -1, 1, 1, 0, -1, 0]), ("jog", "squat"), 2.0)
    assert found == (Label(1000, 2000, "squat", None), Label(2000, 2500, "jog", None), Label(3000, 3500, "jog", None))


@pytest.mark.parametrize("name", SOLID)
def test_real_packs_stand_upright_and_look_forward(real_data: Path, name: str) -> None:
    recordings = read_pack(real_data / "motion" / f"{name}.npz")[::7]
    up, knees = [], []
    for recording in recordings:
        points = faced(resampled(recording, 20)[1])
        up.append(np.nanmedian(points[:20, SHOULDERS, 1].mean(1) - points[:20, HIPS, 1].mean(1)))
        knees.append(np.nanmedian(points[:20, KNEES, 2] - (points[:20, HIPS, 2] + points[:20, ANKLES, 2]) / 2))
    assert np.median(up) > 0.3  # metres
    assert np.median(knees) > -0.01  # they bend to the front: nothing is mirrored (feet of depth cameras tell nothing)


def test_real_flat_pack(real_data: Path) -> None:
    recordings = read_pack(real_data / "motion" / "hanchoom_korean.npz")
    assert len(recordings) == 27
    track = filmed(recordings[0], 0.0, 20)
    hips, shoulders = track.xy_px[:, HIPS, 1].mean(), track.xy_px[:, SHOULDERS, 1].mean()
    assert shoulders < hips


def test_real_sequences_have_runs(real_data: Path) -> None:
    recordings = read_pack(real_data / "motion" / "cmu_mocap6_exercises.npz")
    assert {label.move_id for recording in recordings for label in recording.labels} >= {"Squat", "JumpJack", "Twist"}
