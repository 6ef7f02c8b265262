"""Motion packs: many labelled motions in one npz, and the cameras that turn them into what a clip would show.

A pack holds kp (F, 33, 2 or 3) float16, NaN where the source has no such joint, and for each of its N clips the rows
[start, start + length), fps, label, performer and clip id; packs of sequences add frame_label_names (K,) and
frame_label (F,), -1 where nothing is danced. Three dimensions are metres, y up; two are shares of the picture, y down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dancecore.errors import NO_NPZ, DanceError
from dancecore.learning.datasets.entries import Label, label_runs
from dancecore.matching.templates import see
from dancecore.moves.camera import Camera
from dancecore.skeleton import INDEX
from dancecore.types import SECOND, Float, Float64, IntT, PoseTrack

PICTURE = 1000
"""Pixels on a side of the square that two-dimensional packs are drawn into."""

TORSO_M = 0.5
"""Metres from mid-hip to mid-shoulder that a flat pose is taken to have."""

REACH_M = 2.2
"""Metres a dancer takes of the picture's height with raised arms: what a pack's camera frames."""

FOV = 45.0
"""Degrees, vertical: between a phone's wide and long lens."""

FILLED = 0.8
"""Share of the picture's height that they fill."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One motion of a pack. points (F, 33, 3) or (F, 33, 2) float32 at `fps`, NaN where a joint is not known."""

    clip: str
    performer: str
    labels: tuple[Label, ...]
    fps: float
    points: Float

    def __post_init__(self) -> None:
        if self.points.ndim != 3 or self.points.shape[1] != 33 or self.points.shape[2] not in (2, 3):
            raise DanceError("INVALID_INPUT", f"points must be (F, 33, 2 or 3), not {self.points.shape}")
        if not (len(self.points) and self.fps > 0):
            raise DanceError("INVALID_INPUT", f"{self.clip} has {len(self.points)} frames at {self.fps} fps")

    @property
    def solid(self) -> bool:
        """In three dimensions: a camera may look at it from any side."""
        return self.points.shape[2] == 3


def read_pack(path: Path) -> list[Recording]:
    """The recordings of a pack, in its order. Raises DanceError("INVALID_INPUT") for any other file."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            pack = dict(stored)
        return [_recording(pack, i) for i in range(len(pack["start"]))]
    except NO_NPZ as error:
        raise DanceError("INVALID_INPUT", f"{path.name} is not a motion pack: {error}") from error


def write_pack(path: Path, recordings: Sequence[Recording]) -> None:
    """Write recordings with one label each, over the whole of it. Raises DanceError("INVALID_INPUT") for others."""
    for each in recordings:
        if len(each.labels) != 1:
            raise DanceError("INVALID_INPUT", f"a pack holds one label a clip; {each.clip} has {len(each.labels)}")
    length = np.array([len(each.points) for each in recordings], np.int64)
    np.savez_compressed(
        path,
        kp=np.concatenate([each.points for each in recordings]).astype(np.float16),
        start=np.cumsum(length) - length,
        length=length,
        fps=np.array([each.fps for each in recordings], np.float32),
        label=np.array([each.labels[0].move_id for each in recordings]),
        performer=np.array([each.performer for each in recordings]),
        clip=np.array([each.clip for each in recordings]),
    )


def filmed(recording: Recording, yaw: float, rate_hz: int) -> PoseTrack:
    """The recording as faultless poses at `rate_hz`, seen `yaw` degrees to the left of the dancer's front.

    The front is where the dancer faces at first (the median over the first second). Joints the source lacks have no
    place and visibility 0. Errors of a pose estimator are added by `dancecore.synthetic.observe`.
    A flat recording has one side only: its own, with depth unknown (0). Raises DanceError("INVALID_INPUT") for another.
    """
    time_ns, points = resampled(recording, rate_hz)
    if recording.solid:
        return hide(see(faced(points), time_ns, camera_at(faced(points), yaw), depth_slope=1.0), points)
    if yaw:
        raise DanceError("INVALID_INPUT", f"{recording.clip} is flat: it cannot be seen from {yaw:g} degrees")
    return hide(_flat(points, time_ns), points)


def resampled(recording: Recording, rate_hz: int) -> tuple[IntT, Float64]:
    """time_ns (T,) and points (T, 33, 2 or 3) at `rate_hz`, linear between the recording's frames."""
    frames = int((len(recording.points) - 1) / recording.fps * rate_hz + 1e-9) + 1
    at = np.minimum(np.arange(frames) * recording.fps / rate_hz, len(recording.points) - 1)
    below = np.minimum(at.astype(np.int64), max(len(recording.points) - 2, 0))
    above = np.minimum(below + 1, len(recording.points) - 1)
    share = (at - below)[:, None, None]
    points = recording.points.astype(np.float64)
    return np.arange(frames) * (SECOND // rate_hz), (1 - share) * points[below] + share * points[above]


def faced(points: Float64) -> Float64:
    """Points (T, 33, 3) turned about the vertical so that the dancer faces +z at first, above the origin."""
    left = points[:, INDEX["left_hip"]] - points[:, INDEX["right_hip"]]
    left += points[:, INDEX["left_shoulder"]] - points[:, INDEX["right_shoulder"]]
    x, _, z = np.median(left[:20], axis=0)
    turn = np.arctan2(z, x)  # the left side points to +x when the dancer faces +z
    about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    hips = (points[0, INDEX["left_hip"]] + points[0, INDEX["right_hip"]]) / 2
    return np.asarray((points - hips * [1, 0, 1]) @ about.T)


def camera_at(points: Float64, yaw: float) -> Camera:
    """A level camera that frames a dancer (T, 33, 3) who may travel."""
    middle = np.nanmean(points.reshape(-1, 3), axis=0)
    travel = float(np.nanmax(np.linalg.norm((np.nanmean(points, axis=1) - middle)[:, [0, 2]], axis=1)))
    distance = (REACH_M / 2 / FILLED + travel) / float(np.tan(np.radians(FOV / 2))) + travel
    return Camera(
        PICTURE, PICTURE, yaw, 0.0, 0.0, distance, FOV, (float(middle[0]), float(middle[1]), float(middle[2]))
    )


def _flat(points: Float64, time_ns: IntT) -> PoseTrack:
    hips = (points[:, INDEX["left_hip"]] + points[:, INDEX["right_hip"]]) / 2
    shoulders = (points[:, INDEX["left_shoulder"]] + points[:, INDEX["right_shoulder"]]) / 2
    torso = float(np.nanmedian(np.linalg.norm(shoulders - hips, axis=1)))
    world = np.concatenate([points - hips[:, None], np.zeros((*points.shape[:2], 1))], axis=2) * TORSO_M / torso
    return PoseTrack(
        time_ns, (points * PICTURE).astype(np.float32), world.astype(np.float32),
        np.ones(points.shape[:2], np.float32), np.zeros(len(points), np.bool_), PICTURE, PICTURE,
    )  # fmt: skip


def hide(track: PoseTrack, points: Float64) -> PoseTrack:
    """The track without the joints that points (T, 33, D) do not place."""
    known = np.asarray(np.isfinite(points).all(axis=2))
    changed: dict[str, Any] = {
        "xy_px": np.where(known[..., None], track.xy_px, np.nan).astype(np.float32),
        "world_m": np.where(known[..., None], track.world_m, np.nan).astype(np.float32),
        "visibility": np.where(known, track.visibility, 0).astype(np.float32),
    }
    return PoseTrack(track.time_ns, cut=track.cut, width=track.width, height=track.height, **changed)


def _recording(pack: dict[str, Any], i: int) -> Recording:
    rows = slice(int(pack["start"][i]), int(pack["start"][i] + pack["length"][i]))
    points, fps = pack["kp"][rows].astype(np.float32), float(pack["fps"][i])
    if "frame_label" in pack:
        labels = label_runs(pack["frame_label"][rows], tuple(map(str, pack["frame_label_names"])), fps)
    else:
        labels = (Label(0, max(1, round(1000 * len(points) / fps)), str(pack["label"][i]), None),)
    return Recording(str(pack["clip"][i]), str(pack["performer"][i]), labels, fps, points)
