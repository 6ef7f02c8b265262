"""Rendered dancers beside what BlazePose reports of them: what the error model of `observe` is fitted on."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dancecore.moves.camera import CameraPath
from dancecore.synthetic.landmarks import Landmarks
from dancecore.types import Float64, PoseTrack


@dataclass(frozen=True, slots=True)
class Sample:
    """The lead of one rendered clip over T analysis frames.

    joints (T, 33, 3), world metres, are the landmarks by the table whose offsets were `offset` (33, 3); rotation
    (T, 19, 3, 3) turns the RIG joints in the world; `leg_m` is the body's leg length. `others`
    (D - 1, T, 33, 3) are the joints of those who dance beside; `track` is what was reported of the lead.
    """

    joints: Float64
    others: Float64
    offset: Float64
    rotation: Float64
    leg_m: float
    camera: CameraPath
    track: PoseTrack

    def mapped(self, landmarks: Landmarks) -> "Sample":
        """The same with the joints where another table has them."""
        moved = self.frames(landmarks) @ (self.leg_m * (landmarks.offset - self.offset))[..., None]
        return replace(self, joints=self.joints + moved[..., 0], offset=landmarks.offset)

    def frames(self, landmarks: Landmarks) -> Float64:
        """(T, 33, 3, 3): the axes of the T-pose as the RIG joint of each landmark has turned them."""
        return self.rotation[:, landmarks.moves_with]


def write_sample(sample: Sample, path: Path) -> None:
    """Keep a sample in an NPZ file."""
    camera, track = sample.camera, sample.track
    path.parent.mkdir(parents=True, exist_ok=True)
    small = {name: getattr(sample, name).astype(np.float32) for name in ("joints", "others", "rotation")}
    np.savez_compressed(
        path, offset=sample.offset, leg_m=sample.leg_m, camera_rotation=camera.rotation, centre=camera.centre,
        focal_px=camera.focal_px, size=[camera.width, camera.height], time_ns=track.time_ns, xy_px=track.xy_px,
        world_m=track.world_m, visibility=track.visibility, cut=track.cut, **small,
    )  # fmt: skip


def read_sample(path: Path) -> Sample:
    """A sample that `write_sample` kept."""
    with np.load(path) as kept:
        width, height = (int(side) for side in kept["size"])
        camera = CameraPath(width, height, kept["camera_rotation"], kept["centre"], kept["focal_px"])
        track = PoseTrack(
            kept["time_ns"], kept["xy_px"], kept["world_m"], kept["visibility"], kept["cut"], width, height
        )
        joints, others, rotation = (kept[name].astype(np.float64) for name in ("joints", "others", "rotation"))
        return Sample(joints, others, kept["offset"], rotation, float(kept["leg_m"]), camera, track)
