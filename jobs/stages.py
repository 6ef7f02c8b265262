"""The stages of the indexing job, as workers run them: each reads what the stage before left in the object store.

A stage takes and gives rows (schema ROW) and leaves its result as an artifact under a key with its version. When the
artifact is there already the work is skipped, so a run that was killed anywhere costs little to resume. Every stage
reads stored artifacts, never what was in memory, so that a resumed clip ends exactly as an undisturbed one.
"""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cluster import keys
from cluster.artifacts import pack_beats, pack_segments, unpack_segments
from cluster.ids import video_id
from cluster.objects import LocalObjects, Objects, S3Objects
from cluster.settings import Settings
from dancecore.errors import DanceError
from dancecore.types import MS, ClipInfo, PoseTrack, Versions
from jobs.guard import Row, Work, each, guarded
from jobs.probe import SCHEMA

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

    from cluster.index import StateChange
    from dancecore.pose import PoseModel

ROW = pa.schema(
    [
        *SCHEMA,
        ("frames", pa.int32()), ("resumed", pa.bool_()), ("changed", pa.bool_()), ("timeline", pa.string()),
        ("pose_began_s", pa.float64()), ("pose_ended_s", pa.float64()), ("worker", pa.string()),
        ("bare_fps", pa.float64()), ("canary", pa.bool_()),
    ]
)  # fmt: skip
"""A manifest row and how it fared: frames whose poses were found in this run, whether an artifact of an earlier run
was met, whether the index changed, the states with their times as JSON, when which pose worker had it (s since 1970),
how fast that worker's bare model is (frames/s), and whether the canary names this clip. About 1 kB."""

BLANK: Row = {
    "frames": 0, "resumed": False, "changed": False, "timeline": "[]", "pose_began_s": None, "pose_ended_s": None,
    "worker": None, "bare_fps": None, "canary": False,
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What every worker of one run is told. No object of Ray's store: a worker that restarts must find all of it.

    `versions`: of what the model in production names; `canary`: of what the one on trial names, None without one.
    """

    settings: Settings
    versions: Versions
    canary: Versions | None
    database_url: str
    objects: Path
    provider: str
    weights: Path
    ledger: "ActorHandle"

    @property
    def store(self) -> Objects:
        """Where artifacts are; a connection is made once in each process."""
        return _store(self.settings.objects.url, self.objects)

    def versions_of(self, row: Row) -> Versions:
        """Of what is stored of a clip."""
        return self.canary if self.canary and row["canary"] else self.versions


class PoseWorker:
    """Decodes clips, follows their dancers and stores the cleaned tracks. Frames stay in this process."""

    def __init__(self, run: Run) -> None:
        from dancecore.pose import load

        self.run = run
        settings = run.settings.pose
        self.model = load(settings.variant, run.weights, settings, run.provider)
        self.name = uuid.uuid4().hex
        self.bare_fps = bare_speed(self.model, run.settings.index.calibration_s)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return _staged("pose", batch, self.work, self.run)

    def work(self, rows: Sequence[Row]) -> list[Row | DanceError]:
        """Find the poses of clips that have none stored, all at once."""
        todo = [row for row in rows if not self.run.store.exists(self._key(row))]
        began = time.time()
        tracks = dict(zip([row["path"] for row in todo], self.tracks([Path(row["path"]) for row in todo]), strict=True))
        return [
            self._store(row, tracks[row["path"]], began) if row in todo else _reached(row, "POSE_DONE", resumed=True)
            for row in rows
        ]

    def tracks(self, clips: Sequence[Path]) -> list[list[PoseTrack] | DanceError]:
        """The dancers of each clip, the one to index first, or why there are none."""
        from dancecore.media import frames
        from dancecore.pose import estimate_many

        batches = [frames(clip, self.run.settings.media.rate_hz) for clip in clips]
        return list(estimate_many(batches, self.model, self.run.settings.pose)) if batches else []

    def _store(self, row: Row, tracks: list[PoseTrack] | DanceError, began: float) -> Row | DanceError:
        if isinstance(tracks, DanceError):
            return tracks
        from cluster.steps import pack_poses

        self.run.store.put(self._key(row), pack_poses(tracks, self.run.settings.pose))
        facts = {"pose_began_s": began, "pose_ended_s": time.time(), "worker": self.name, "bare_fps": self.bare_fps}
        return _reached(row, "DECODED", "POSE_DONE") | facts | {"frames": len(tracks[0])}

    def _key(self, row: Row) -> str:
        return keys.keypoints(video_id(row["sha256"]), self.run.versions.pose)


class MoveFinder:
    """Stored poses to stored features, and these with the sound of the clip to stored segments.

    An actor, because a process takes seconds to load what finds beats, which it does while models load elsewhere.
    `known`: a reference to the bank of templates, the bundles (or None) of production and of the canary, and the user's
    own moves (or None), in a list that keeps Ray from fetching them where they are not needed.
    """

    def __init__(self, run: Run, known: "list[ObjectRef]") -> None:
        import ray

        from dancecore import music
        from dancecore.models.classify import Classifier

        self.run = run
        self.bank, bundles, self.own = ray.get(known[0])
        self.classifiers = [Classifier(bundle) if bundle else None for bundle in bundles]
        music.warm_up(run.settings.music)

    def __call__(self, batch: pa.Table) -> pa.Table:
        featured = _staged("features", batch, each(self._extract), self.run)
        return _staged("identify", featured, each(self._identify), self.run)

    def _extract(self, row: Row) -> Row:
        from cluster.steps import pack_features

        run = self.run
        key = keys.features(video_id(row["sha256"]), run.versions.features)
        if run.store.exists(key):
            return _reached(row, "FEATURES_DONE", resumed=True)
        run.store.put(key, pack_features(_poses(row, run), run.settings.features))
        return _reached(row, "FEATURES_DONE")

    def _identify(self, row: Row) -> Row:
        from cluster.steps import find_segments
        from dancecore.pipeline import hear

        run, video = self.run, video_id(row["sha256"])
        by = [run.versions, *([run.canary] if run.canary and row["canary"] else [])]  # production looks at every clip
        todo = [k for k, each in enumerate(by) if not run.store.exists(keys.segments(video, each.model))]
        if not todo:
            return _reached(row, "SEGMENTED", "IDENTIFIED", resumed=True)
        heard, poses, features = hear(Path(row["path"]), run.settings.analysis), _poses(row, run), _features(row, run)
        for k in todo:
            found = find_segments(
                features, poses, heard, self.bank, self.classifiers[k], self.own, run.settings.analysis,
                run.versions.features,
            )  # fmt: skip
            if found.embeddings is not None:
                run.store.put(keys.embeddings(video, by[k].model), found.embeddings)
            run.store.put(keys.beats(video, by[k].model), pack_beats(heard))
            run.store.put(
                keys.segments(video, by[k].model), pack_segments(found.segments, by[k], run.settings.decoding)
            )
        return _reached(row, "SEGMENTED", "IDENTIFIED")


class IndexWriter:
    """Writes what was found, and what failed, to the database; the same clip at the same versions changes nothing."""

    def __init__(self, run: Run) -> None:
        from cluster import canary, index
        from cluster.database import engine

        self.run, self.index, self.canary = run, index, canary
        self.pool = engine(run.database_url)

    def __call__(self, batch: pa.Table) -> pa.Table:
        for row in batch.to_pylist():
            if row["error"]:
                self._write_failure(row)
        return _staged("write", batch, each(self._write), self.run)

    def _write(self, row: Row) -> Row:
        from cluster.steps import clip_record, stored_beats

        versions, features = self.run.versions_of(row), _features(row, self.run)
        segments, metrics = self._segments(row, versions), {}
        if row["canary"]:
            of_production = self._segments(row, self.run.versions)
            metrics = self.canary.compare(unpack_segments(of_production), unpack_segments(segments))
        key = keys.embeddings(video_id(row["sha256"]), versions.model)
        embeddings = self.run.store.get(key) if self.run.store.exists(key) else None
        beats = stored_beats(self.run.store, video_id(row["sha256"]), versions.model)
        record = clip_record(_info(row), versions, segments, features, _changes(row), metrics, embeddings, beats)
        return row | {"changed": self.index.write_clip(self.pool, record).changed}

    def _segments(self, row: Row, versions: Versions) -> bytes:
        """What the model of these versions found in a clip, as stored."""
        return self.run.store.get(keys.segments(video_id(row["sha256"]), versions.model))

    def _write_failure(self, row: Row) -> None:
        code = row["error"].rpartition("/")[2]
        name = Path(row["path"]).name
        versions = self.run.versions_of(row)
        failure = self.index.ClipFailure(row["sha256"], name, versions, code, row["message"], _changes(row))
        self.index.write_failure(self.pool, failure)


def bare_speed(model: "PoseModel", seconds: float) -> float:
    """Landmark inferences a second of a model that does nothing else: what no pipeline around it can pass."""
    from dancecore.pose import forward

    forward(model)
    clock = time.process_time if model.provider == "cpu" else time.perf_counter  # other processes may hold the core
    done, began = 0, clock()
    while (spent := clock() - began) < seconds:
        forward(model)
        done += 1
    return done / spent


@cache
def _store(url: str, folder: Path) -> Objects:
    return S3Objects(url) if url else LocalObjects(folder)


def _staged(stage: str, batch: pa.Table, work: Work, run: Run) -> pa.Table:
    rows = guarded(stage, batch.to_pylist(), work, run.ledger, run.settings.index.max_attempts)
    return pa.Table.from_pylist(rows, schema=ROW)


def _reached(row: Row, *states: str, resumed: bool = False) -> Row:
    now = time.time_ns() // MS
    timeline = json.loads(row["timeline"]) + [[state, now] for state in states]
    return row | {"timeline": json.dumps(timeline), "resumed": row["resumed"] or resumed}


def _changes(row: Row) -> "tuple[StateChange, ...]":
    from cluster.index import StateChange

    return tuple(StateChange(state, ts_ms) for state, ts_ms in json.loads(row["timeline"]))


def _poses(row: Row, run: Run) -> bytes:
    return run.store.get(keys.keypoints(video_id(row["sha256"]), run.versions.pose))


def _features(row: Row, run: Run) -> bytes:
    return run.store.get(keys.features(video_id(row["sha256"]), run.versions.features))


def _info(row: Row) -> ClipInfo:
    facts = {field.name: row[field.name] for field in fields(ClipInfo)}
    return ClipInfo(**facts | {"path": Path(row["path"])})
