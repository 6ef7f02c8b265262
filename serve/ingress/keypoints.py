"""Keypoints in a form that is small and easy to draw."""

from typing import Any

import numpy as np

from dancecore.pose.packing import unpack_tracks
from dancecore.skeleton import JOINTS
from dancecore.types import MS, PoseTrack
from serve.ingress.models import Shape, example


class Dancer(Shape):
    """One dancer. `xy`: for each frame x and y of every joint in turn, in whole pixels; null where they were not seen.
    `visibility`: for each frame 0 to 100 of every joint."""

    dancer: int
    xy: list[list[int] | None]
    visibility: list[list[int] | None]
    model_config = example(dancer=0, xy=[[310, 122, 314, 118], None], visibility=[[99, 97], None])


class Keypoints(Shape):
    """All dancers of a clip over the same frames, the one that is indexed first. `time_ms`: of each frame."""

    width: int
    height: int
    joints: list[str]
    time_ms: list[int]
    dancers: list[Dancer]
    model_config = example(width=720, height=1280, joints=["nose", "left_eye"], time_ms=[0, 50], dancers=[])


def drawn(data: bytes) -> Keypoints:
    """The keypoints in a file of `dancecore.pose.packing`."""
    tracks = unpack_tracks(data)
    first = tracks[0]
    return Keypoints(
        width=first.width, height=first.height, joints=list(JOINTS), time_ms=(first.time_ns // MS).tolist(),
        dancers=[_dancer(track) for track in tracks],
    )  # fmt: skip


def _dancer(track: PoseTrack) -> Dancer:
    seen = np.asarray(np.isfinite(track.xy_px).all(axis=(1, 2)))
    xy = np.round(np.nan_to_num(track.xy_px)).astype(int).reshape(len(seen), -1)
    visibility = np.round(100 * track.visibility).astype(int)
    return Dancer(dancer=track.dancer, xy=_rows(xy, seen), visibility=_rows(visibility, seen))


def _rows(values: np.ndarray, seen: np.ndarray) -> list[Any]:
    return [row if here else None for row, here in zip(values.tolist(), seen.tolist(), strict=True)]
