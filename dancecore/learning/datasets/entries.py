"""What a labelled clip is, whatever kind of set it comes from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from dancecore.errors import DanceError
from dancecore.pose.packing import unpack_tracks
from dancecore.types import PoseTrack

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Label:
    """`move_id` is danced in [start_ms, end_ms); `mirror` is None in sets that have no sides."""

    start_ms: int
    end_ms: int
    move_id: str
    mirror: bool | None

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms < self.end_ms:
            raise DanceError("INVALID_INPUT", f"a label must have 0 <= start < end, not {self.start_ms}..{self.end_ms}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled clip of a data set, its poses still on disk.

    `creator`: who dances, the unit of honest splits. `views`: degrees each shot's camera stands to the dancer's left of
    their front, empty when the set does not say. `keypoints` is a file of `pack_tracks`, the labelled dancer first;
    None: the poses are still to be estimated, or filmed of a pack. `partial`: between the labels nobody said what is
    danced.
    """

    clip: str
    creator: str
    views: tuple[float, ...]
    duration_ms: int
    labels: tuple[Label, ...]
    split: Split | None
    keypoints: Path | None
    partial: bool = False

    @property
    def video(self) -> Path | None:
        """Where the video of a clip with poses is, in sets that have any."""
        return self.keypoints and self.keypoints.parent.parent / "source.mp4"

    def track(self) -> PoseTrack:
        """The poses of the labelled dancer.

        Raises DanceError: NOT_FOUND when there are none yet, INVALID_INPUT for a file of another kind.
        """
        if self.keypoints is None or not self.keypoints.exists():
            raise DanceError("NOT_FOUND", f"{self.clip} has no poses yet")
        return unpack_tracks(self.keypoints.read_bytes())[0]


def label_runs(frame_label: np.ndarray, names: tuple[str, ...], fps: float) -> tuple[Label, ...]:
    """Labels of each run of equal values of frame_label (F,), indices into `names`; a negative one is no label."""
    edges = np.flatnonzero(np.diff(frame_label)) + 1
    bounds = [0, *edges.tolist(), len(frame_label)]
    ms = [round(1000 * at / fps) for at in bounds]
    return tuple(
        Label(ms[i], ms[i + 1], names[int(frame_label[first])], None)
        for i, first in enumerate(bounds[:-1])
        if frame_label[first] >= 0
    )
