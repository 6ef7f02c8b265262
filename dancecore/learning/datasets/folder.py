"""Data sets as folders: one folder a clip, laid out as the object store is.

    videos/{clip}/labels/segments_{taxonomy}.json   {video_id, taxonomy, fps, segments, flags, ...}, the ground truth
    videos/{clip}/pose/keypoints_v{pose}.npz        what a pose estimator reports, by `pack_tracks`
    videos/{clip}/source.mp4                        the video, where there is one
    videos/{clip}/truth/joints.npz                  where the joints really are, of synthetic clips: see `joints`
    splits.json                                     {data_version, train: [clip...], validation: [...], test: [...]}

Of the ground truth `creator` (who dances) and `views` (yaw of each shot's camera) may be left out; `flags` may hold
PARTIAL.
"""

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import SPLITS, Entry, Label, Split
from dancecore.pose.packing import pack_tracks
from dancecore.types import PoseTrack

SPLITS_FILE = "splits.json"

PARTIAL = "partial"
"""The flag of a clip whose labels are not all there is: what is danced between them nobody said."""

SHARES: dict[Split, float] = {"train": 0.70, "validation": 0.15, "test": 0.15}
"""Of the segments, by whole creators."""


def clip_folder(root: Path, clip: str) -> Path:
    """Where the files of one clip are. Raises DanceError("INVALID_INPUT") for an id that is no plain file name."""
    if not clip or Path(clip).name != clip or clip.startswith("."):
        raise DanceError("INVALID_INPUT", f"not the id of a clip: {clip!r}")
    return root / "videos" / clip


def read_folder(root: Path, *, pose: str | None = None) -> list[Entry]:
    """Every labelled clip under `root`, by id; the poses of version `pose`, or the only ones there are.

    Raises DanceError: NOT_FOUND when there is none, INVALID_INPUT for labels or splits that cannot be read, or when
    `pose` must be named because a clip has poses of several versions.
    """
    splits = read_splits(root) if (root / SPLITS_FILE).exists() else {}
    paths = sorted((root / "videos").glob("*/labels/segments_*.json"))
    if not paths:
        raise DanceError("NOT_FOUND", f"no labelled clip in {root}: want videos/CLIP/labels/segments_TAXONOMY.json")
    return [_entry(path, _json(path), pose, splits.get(path.parent.parent.name)) for path in paths]


def write_entry(
    root: Path, labels: Mapping[str, Any], tracks: Sequence[PoseTrack], pose: str, *, compress: bool = True
) -> Entry:
    """Write one clip: its ground truth (see above) and its tracks, the labelled dancer first.

    The labels are written last, so that a clip that has them is whole. Raises DanceError("INVALID_INPUT").
    """
    write_poses(root, str(labels["video_id"]), tracks, pose, compress=compress)
    return _entry(write_labels(root, labels), labels, pose, None)


def write_poses(root: Path, clip: str, tracks: Sequence[PoseTrack], pose: str, *, compress: bool = True) -> None:
    """Write the tracks of one clip as pose version `pose`, the labelled dancer first."""
    write_whole(keypoints_path(root, clip, pose), pack_tracks(tracks, compress=compress))


def write_labels(root: Path, labels: Mapping[str, Any]) -> Path:
    """Write the ground truth of one clip; the file's path."""
    path = labels_path(root, str(labels["video_id"]), str(labels["taxonomy"]))
    write_whole(path, (json.dumps(labels) + "\n").encode())
    return path


def keypoints_path(root: Path, clip: str, pose: str) -> Path:
    """Where the poses of version `pose` are."""
    return clip_folder(root, clip) / "pose" / f"keypoints_v{pose}.npz"


def video_path(root: Path, clip: str) -> Path:
    """Where the video is, of sets that have any."""
    return clip_folder(root, clip) / "source.mp4"


def joints_path(root: Path, clip: str) -> Path:
    """Where the true joints are, of synthetic sets."""
    return clip_folder(root, clip) / "truth" / "joints.npz"


def labels_path(root: Path, clip: str, taxonomy: str) -> Path:
    """Where the ground truth in the moves of `taxonomy` is."""
    return clip_folder(root, clip) / "labels" / f"segments_{taxonomy}.json"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is seen with all of `data` or not at all, making its folder. A process that is killed meanwhile
    leaves a hidden file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_splits(root: Path) -> dict[str, Split]:
    """The split of each clip. Raises DanceError("INVALID_INPUT") when a clip is in two."""
    raw = _json(root / SPLITS_FILE)
    pairs = [(clip, split) for split in SPLITS for clip in raw.get(split, ())]
    twice = [clip for clip, n in Counter(clip for clip, _ in pairs).items() if n > 1]
    if twice:
        raise DanceError("INVALID_INPUT", f"{root / SPLITS_FILE}: {twice[0]} is in more than one split")
    return dict(pairs)


def write_splits(root: Path, splits: Mapping[str, Split], data_version: str) -> None:
    """Write `splits.json`. Raises DanceError("INVALID_INPUT") when that would reshuffle splits of the same version."""
    path = root / SPLITS_FILE
    raw = {"data_version": data_version} | {
        name: sorted(clip for clip, split in splits.items() if split == name) for name in SPLITS
    }
    if path.exists() and (before := _json(path)) != raw and before.get("data_version") == data_version:
        raise DanceError("INVALID_INPUT", f"{path} has other splits already at data version {data_version}")
    write_whole(path, (json.dumps(raw, indent=1) + "\n").encode())


def split_by_creator(entries: Iterable[Entry]) -> dict[str, Split]:
    """A split for each clip, in SHARES of the segments of every move, no creator in two of them.

    Creators are dealt one by one, in an order that only their names decide, to the split that lacks most of what they
    dance (after Sechidis et al. 2011, stratification of multi-label data).
    """
    clips: dict[str, list[str]] = defaultdict(list)
    danced: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        clips[entry.creator].append(entry.clip)
        danced[entry.creator].update(label.move_id for label in entry.labels)
    total = sum(danced.values(), Counter[str]())
    given: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    chosen: dict[str, Split] = {}
    for creator in sorted(clips, key=lambda name: sha256(name.encode()).digest()):
        split = max(SPLITS, key=lambda s: _lacking(danced[creator], total, given[s], SHARES[s]))
        given[split].update(danced[creator])
        chosen |= dict.fromkeys(clips[creator], split)
    return chosen


def _lacking(danced: Counter[str], total: Counter[str], given: Counter[str], share: float) -> float:
    """How much of what is danced a split still lacks, as a share of what it is to have."""
    return sum(n / total[move] * (1 - given[move] / (share * total[move])) for move, n in danced.items())


def _entry(path: Path, raw: Mapping[str, Any], pose: str | None, split: Split | None) -> Entry:
    folder = path.parent.parent
    try:
        labels = tuple(
            Label(each["start_ms"], each["end_ms"], each["move_id"], each.get("mirror")) for each in raw["segments"]
        )
        clip = str(raw["video_id"])
        views = tuple(float(view) for view in raw.get("views", ()))
        duration = int(raw.get("duration_ms", max((label.end_ms for label in labels), default=0)))
    except (KeyError, TypeError, ValueError) as error:
        raise DanceError("INVALID_INPUT", f"{path}: not ground truth of a clip: {error!r}") from error
    partial = PARTIAL in raw.get("flags", ())
    return Entry(clip, str(raw.get("creator", clip)), views, duration, labels, split, _keypoints(folder, pose), partial)


def _keypoints(folder: Path, pose: str | None) -> Path | None:
    if pose is not None:
        return folder / "pose" / f"keypoints_v{pose}.npz"
    found = sorted((folder / "pose").glob("keypoints_v*.npz"))
    if len(found) > 1:
        versions = ", ".join(path.stem.removeprefix("keypoints_v") for path in found)
        raise DanceError("INVALID_INPUT", f"{folder.name} has poses of several versions, name one: {versions}")
    return found[0] if found else None


def _json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DanceError("INVALID_INPUT", f"{path} cannot be read: {error}") from error
    if not isinstance(raw, dict):
        raise DanceError("INVALID_INPUT", f"{path}: want a JSON object")
    return raw
