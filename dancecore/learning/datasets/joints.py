"""Where the joints of synthetic dancers really are: `videos/{clip}/truth/joints.npz`."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dancecore.errors import NO_NPZ, DanceError
from dancecore.moves.camera import CameraPath
from dancecore.skeleton import INDEX
from dancecore.types import SECOND, Float, IntT, PoseTrack, check_shape

HIPS = [INDEX["left_hip"], INDEX["right_hip"]]

NEAR = 0.15
"""Of a dancer's height in the picture: hips that are so near to theirs are theirs; others stand 0.4 heights away."""


@dataclass(frozen=True, slots=True)
class TrueJoints:
    """D dancers over F frames, the labelled one first.

    time_ns (F,) int64; world_m (D, F, 33, 3) float32 metres, y up; xy_px (D, F, 33, 2) float32: where `camera` sees
    them, NaN behind it.
    """

    time_ns: IntT
    world_m: Float
    xy_px: Float
    camera: CameraPath

    def __post_init__(self) -> None:
        dancers, frames = len(self.world_m), len(self.camera)
        check_shape("time_ns", self.time_ns, (frames,), np.int64)
        check_shape("world_m", self.world_m, (dancers, frames, 33, 3), np.float32)
        check_shape("xy_px", self.xy_px, (dancers, frames, 33, 2), np.float32)


def pack_joints(joints: TrueJoints) -> bytes:
    """The npz file: the fields of `TrueJoints`; of the camera rotation (F, 3, 3), centre (F, 3), focal_px (F,) and
    size (2,), width and height. Not compressed: that would take longer than to make a clip of keypoints."""
    out, camera = io.BytesIO(), joints.camera
    np.savez(
        out, time_ns=joints.time_ns, world_m=joints.world_m, xy_px=joints.xy_px, rotation=camera.rotation,
        centre=camera.centre, focal_px=camera.focal_px, size=[camera.width, camera.height],
    )  # fmt: skip
    return out.getvalue()


def read_joints(path: Path) -> TrueJoints:
    """The joints in a file of `pack_joints`. Raises DanceError("INVALID_INPUT") for any other file."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            width, height = (int(side) for side in kept["size"])
            camera = CameraPath(width, height, kept["rotation"], kept["centre"], kept["focal_px"])
            return TrueJoints(kept["time_ns"], kept["world_m"], kept["xy_px"], camera)
    except NO_NPZ as error:
        raise DanceError("INVALID_INPUT", f"{path} holds no true joints: {error}") from error


def labelled_first(tracks: Sequence[PoseTrack], joints: TrueJoints) -> list[PoseTrack]:
    """The tracks of a clip, those first that are on the labelled dancer for most frames."""
    true = joints.xy_px[0, np.abs(joints.time_ns[:, None] - tracks[0].time_ns).argmin(0)]
    height = np.ptp(true[..., 1], axis=1)

    def followed(track: PoseTrack) -> int:
        apart = np.linalg.norm((track.xy_px - true)[:, HIPS].mean(1), axis=-1)
        return int((apart < NEAR * height).sum())

    return sorted(tracks, key=followed, reverse=True)


def nobody(joints: TrueJoints, rate_hz: int) -> PoseTrack:
    """The track of a labelled dancer who was not found in any frame."""
    time_ns = np.arange(0, joints.time_ns[-1] + 1, SECOND // rate_hz)
    empty = np.full((len(time_ns), 33, 3), np.nan, np.float32)
    unseen, cut = np.zeros((len(time_ns), 33), np.float32), np.zeros(len(time_ns), np.bool_)
    return PoseTrack(time_ns, empty[..., :2].copy(), empty, unseen, cut, joints.camera.width, joints.camera.height)
