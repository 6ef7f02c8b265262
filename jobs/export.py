"""What people verified in the service, as a set that training takes: `danceapp data export --verified`.

The layout is that of `dancecore.learning.datasets.folder`, with dataset.json beside it: the data version and counts.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from cluster import keys
from cluster.labels import VerifiedClip, verified
from cluster.objects import Objects
from dancecore.errors import DanceError
from dancecore.learning.datasets.folder import (
    PARTIAL,
    keypoints_path,
    read_folder,
    split_by_creator,
    write_labels,
    write_splits,
    write_whole,
)

PROGRAM = "ver-1"
"""Grows when the same annotations may give another set."""

SET_FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """What a set holds. `unanalysed`: clips with verified moves that were left out, because they have no poses."""

    data_version: str
    clips: int
    segments: int
    creators: int
    moves: int
    unanalysed: int


def export_verified(out: Path, pool: Engine, store: Objects, semver: str) -> Exported:
    """Write the verified annotations as a labelled set; over an earlier export, which it then replaces.

    Raises DanceError: INVALID_INPUT when `out` holds anything else, NOT_FOUND when nothing is verified.
    """
    if out.exists() and any(out.iterdir()) and not (out / SET_FILE).exists():
        raise DanceError("INVALID_INPUT", f"{out} holds something else: name another folder")
    every = verified(pool, semver)
    clips = [clip for clip in every if clip.pose_version is not None]
    if not clips:
        raise DanceError("NOT_FOUND", "no annotation of an analysed video is verified yet")
    shutil.rmtree(out / "videos", ignore_errors=True)
    for clip in clips:
        _write(out, clip, store, semver)
    made = Exported(
        f"{PROGRAM}.{_digest([semver, [asdict(clip) for clip in clips]])}", len(clips),
        sum(len(clip.labels) for clip in clips), len({clip.creator for clip in clips}),
        len({label.move_id for clip in clips for label in clip.labels}), len(every) - len(clips),
    )  # fmt: skip
    write_splits(out, split_by_creator(read_folder(out)), made.data_version)
    write_whole(out / SET_FILE, (json.dumps({"program": PROGRAM, "taxonomy": semver, **asdict(made)}) + "\n").encode())
    return made


def print_exported(out: Path, made: Exported, as_json: bool) -> None:
    """One line, or JSON."""
    if as_json:
        print(json.dumps(asdict(made), indent=2))
        return
    left = f"; {made.unanalysed} clips without poses are left out" if made.unanalysed else ""
    print(
        f"{made.segments} segments of {made.moves} moves in {made.clips} clips by {made.creators} people: {out}, "
        f"data version {made.data_version}{left}"
    )


def _write(out: Path, clip: VerifiedClip, store: Objects, semver: str) -> None:
    pose = str(clip.pose_version)
    write_whole(keypoints_path(out, clip.video_id, pose), store.get(keys.keypoints(clip.video_id, pose)))
    labels = {
        "video_id": clip.video_id, "taxonomy": semver, "fps": clip.fps, "duration_ms": clip.duration_ms,
        "creator": clip.creator, "segments": [asdict(label) for label in clip.labels], "flags": [PARTIAL],
    }  # fmt: skip
    write_labels(out, labels)


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
