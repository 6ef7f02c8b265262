"""The clips of a synthetic set, as workers make them: from a seed to files that are whole or not there.

The labels of a clip are written last, so a clip that has them is done, and a run that was killed anywhere goes on with
the others. What a killed worker was at is made again, to the same bytes.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from filelock import FileLock

from cluster.objects import FULL
from cluster.settings import Settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.folder import (
    clip_folder,
    joints_path,
    keypoints_path,
    labels_path,
    video_path,
    write_labels,
    write_poses,
    write_whole,
)
from dancecore.learning.datasets.joints import labelled_first, nobody, pack_joints, read_joints
from jobs.guard import Row, each, guarded
from jobs.synthetic_set import ROW, Recipe

if TYPE_CHECKING:
    from ray.actor import ActorHandle

    from dancecore.moves.taxonomy import Taxonomy
    from dancecore.pose import PoseModel


@dataclass(frozen=True)
class Order:
    """What every worker of one run is told. No object of Ray's store: a worker that restarts must find all of it.

    `stamp`: see `synthetic_set.stamped`; `semver`: the taxonomy's; `pose`: the version of the keypoints that each clip
    gets, "" for none; `weights`: where the pose models are.
    """

    out: Path
    recipe: Recipe
    stamp: dict[str, Any]
    semver: str
    pose: str
    settings: Settings
    weights: Path
    ledger: "ActorHandle | None" = None

    @property
    def data_version(self) -> str:
        return str(self.stamp["data_version"])

    @property
    def video(self) -> bool:
        return self.recipe.form == "video"


class Maker:
    """Makes clips, or finds them made. What is heavy is loaded when a clip first needs it."""

    def __init__(self, order: Order) -> None:
        self.order = order

    def __call__(self, batch: pa.Table) -> pa.Table:
        ledger, most = self.order.ledger, self.order.settings.index.max_attempts
        assert ledger is not None
        rows = guarded("make", batch.to_pylist(), each(self.ready), ledger, most, by="clip")
        return pa.Table.from_pylist(rows, schema=ROW)

    def ready(self, row: Row) -> Row:
        """The row completed, now that its clip is there.

        Raises DanceError: STORAGE_FULL, MISSING_EXTRA, WEIGHTS_MISSING, INVALID_INPUT.
        """
        with room_in(self.order.out):
            return row | self._clip(row["clip"], row["seed"])

    def _clip(self, clip: str, seed: int) -> Row:
        truth = self.finished(clip)
        fresh = truth is None
        if truth is None:
            truth = self.make(clip, seed)
        estimated = self.estimate(clip)
        if fresh:
            write_labels(self.order.out, truth)
        return _facts(self.order.out, truth) | {"made": fresh or estimated}

    def finished(self, clip: str) -> dict[str, Any] | None:
        """The ground truth of a clip that is there, but perhaps for its estimated poses; None when it must be made."""
        order = self.order
        path = labels_path(order.out, clip, order.semver)
        shown = video_path(order.out, clip) if order.video else keypoints_path(order.out, clip, order.pose)
        if not all(_there(each) for each in (path, joints_path(order.out, clip), shown)):
            return None
        truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return truth if truth.get("data_version") == order.data_version else None

    def make(self, clip: str, seed: int) -> dict[str, Any]:
        """Write the files of a clip but for labels and estimated poses; its labels."""
        from dancecore.synthetic.clip import describe, film, staged, true_joints
        from dancecore.synthetic.dance import draw_knobs
        from dancecore.synthetic.keypoints import make_keypoints

        order, numbers = self.order, self.order.settings
        _body_is_ready()
        knobs = draw_knobs(seed, numbers.synthetic, self.taxonomy)
        if order.video:
            stage = staged(knobs, self.taxonomy)
            path = video_path(order.out, clip)
            path.parent.mkdir(parents=True, exist_ok=True)
            film(knobs, stage, path)
            truth, joints = describe(knobs, self.taxonomy, clip), true_joints(stage, knobs.fps)
        else:
            made = make_keypoints(knobs, self.taxonomy, numbers.observe, numbers.media.rate_hz, clip)
            write_poses(order.out, clip, made.tracks, order.pose, compress=False)
            truth, joints = made.truth, made.joints
        write_whole(joints_path(order.out, clip), pack_joints(joints))
        return asdict(truth) | {"views": [view.yaw for view in knobs.scene.views], "data_version": order.data_version}

    def estimate(self, clip: str) -> bool:
        """Find the poses in a clip's video, the labelled dancer's first, unless that is not asked for or done already;
        whether it was done now."""
        order, numbers = self.order, self.order.settings
        if not (order.video and order.pose) or _there(keypoints_path(order.out, clip, order.pose)):
            return False
        from dancecore.media import frames
        from dancecore.pose import estimate

        joints = read_joints(joints_path(order.out, clip))
        try:
            batches = frames(video_path(order.out, clip), numbers.media.rate_hz)
            tracks = labelled_first(estimate(batches, self.model, numbers.pose), joints)
        except DanceError as error:
            if error.code != "NO_PERSON":
                raise
            tracks = [nobody(joints, numbers.media.rate_hz)]
        write_poses(order.out, clip, tracks, order.pose)
        return True

    @cached_property
    def taxonomy(self) -> "Taxonomy":
        from dancecore.moves.taxonomy import load_taxonomy

        return load_taxonomy(self.order.recipe.taxonomy)

    @cached_property
    def model(self) -> "PoseModel":
        from dancecore.pose import load

        numbers = self.order.settings.pose
        return load(numbers.variant, self.order.weights, numbers, "cpu")


@cache
def _body_is_ready() -> None:
    """See to it that anny has made its files, which takes a minute the first time on a machine: one process at a time,
    or another would read them half-written. Raises DanceError("MISSING_EXTRA")."""
    from dancecore.synthetic.rig import Shape, rest

    with FileLock(Path(gettempdir()) / f"danceapp-body-{os.getuid()}.lock"):
        rest(Shape(gender=0.5, age=0.7, muscle=0.5, weight=0.5, height=0.5, proportions=0.5))


@contextmanager
def room_in(out: Path) -> Iterator[None]:
    """Raise DanceError("STORAGE_FULL") when the disk of `out` is full; what was being written is gone."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        message = f"no room left for {out}: make some and give the same command again"
        raise DanceError("STORAGE_FULL", message, {"path": str(out)}) from error


def _facts(out: Path, truth: dict[str, Any]) -> Row:
    """What the index says of a clip that is there."""
    folder = clip_folder(out, truth["video_id"])
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    moves = [{name: each[name] for name in ("move_id", "start_ms", "end_ms", "mirror")} for each in truth["segments"]]
    return {
        "creator": truth["creator"], "duration_ms": truth["duration_ms"], "moves": moves,
        "files": [_digest(path) | {"path": path.relative_to(out).as_posix()} for path in paths],
    }  # fmt: skip


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _there(path: Path) -> bool:
    """It is a file and, whatever a power cut may do, not an empty one."""
    return path.is_file() and path.stat().st_size > 0
