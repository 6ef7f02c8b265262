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
from cluster.artifacts import pack_segments, unpack_segments
from cluster.ids import video_id
from cluster.objects import LocalObjects, Objects, S3Objects
from cluster.settings import Settings
from dancecore.errors import DanceError
from dancecore.settings import PoseSettings
from dancecore.types import MS, ClipInfo, Features, Float, PoseTrack, Segment, Versions
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
        ("bare_fps", pa.float64()),
    ]
)  # fmt: skip
"""A manifest row and how it fared: frames whose poses were found in this run, whether an artifact of an earlier run
was met, whether the index changed, the states with their times as JSON, when which pose worker had it (s since 1970),
and how fast that worker's bare model is (frames/s). About 1 kB."""

BLANK: Row = {
    "frames": 0, "resumed": False, "changed": False, "timeline": "[]", "pose_began_s": None, "pose_ended_s": None,
    "worker": None, "bare_fps": None,
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What every worker of one run is told. No object of Ray's store: a worker that restarts must find all of it."""

    settings: Settings
    versions: Versions
    database_url: str
    objects: Path
    provider: str
    weights: Path
    ledger: "ActorHandle"

    @property
    def store(self) -> Objects:
        """Where artifacts are; a connection is made once in each process."""
        return _store(self.settings.objects.url, self.objects)


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
        from dancecore.pose.packing import pack_tracks

        self.run.store.put(self._key(row), pack_tracks(_cleaned(tracks, self.run.settings.pose)))
        facts = {"pose_began_s": began, "pose_ended_s": time.time(), "worker": self.name, "bare_fps": self.bare_fps}
        return _reached(row, "DECODED", "POSE_DONE") | facts | {"frames": len(tracks[0])}

    def _key(self, row: Row) -> str:
        return keys.keypoints(video_id(row["sha256"]), self.run.versions.pose)


def _cleaned(tracks: list[PoseTrack], settings: PoseSettings) -> list[PoseTrack]:
    """Every dancer cleaned, the one to index first."""
    from dancecore.pose import clean, primary

    first = primary(tracks, settings)
    return [clean(track, settings) for track in (first, *(track for track in tracks if track is not first))]


class MoveFinder:
    """Stored poses to stored features, and these with the sound of the clip to stored segments.

    An actor, because a process takes seconds to load what finds beats, which it does while models load elsewhere.
    `known`: a reference to the bank of templates, the classifier's bundle and the user's own moves (or None), in a list
    that keeps Ray from fetching them where they are not needed.
    """

    def __init__(self, run: Run, known: "list[ObjectRef]") -> None:
        import ray

        from dancecore import music
        from dancecore.models.classify import Classifier

        self.run = run
        self.bank, bundle, self.own = ray.get(known[0])
        self.classifier = Classifier(bundle) if bundle else None
        music.warm_up(run.settings.music)

    def __call__(self, batch: pa.Table) -> pa.Table:
        featured = _staged("features", batch, each(self._extract), self.run)
        return _staged("identify", featured, each(self._identify), self.run)

    def _extract(self, row: Row) -> Row:
        from dancecore.features import extract
        from dancecore.features.packing import pack

        run = self.run
        key = keys.features(video_id(row["sha256"]), run.versions.features)
        if run.store.exists(key):
            return _reached(row, "FEATURES_DONE", resumed=True)
        run.store.put(key, pack(extract(_track(row, run), run.settings.features)))
        return _reached(row, "FEATURES_DONE")

    def _identify(self, row: Row) -> Row:
        from dancecore.pipeline import hear, identify

        run, analysis = self.run, self.run.settings.analysis
        key = keys.segments(video_id(row["sha256"]), run.versions.model)
        if run.store.exists(key):
            return _reached(row, "SEGMENTED", "IDENTIFIED", resumed=True)
        heard = hear(Path(row["path"]), analysis)
        own = self.own.within(_track(row, run)) if self.own else None
        found = identify(_features(row, run), heard, self.bank, analysis, self.classifier, own)
        run.store.put(key, pack_segments(found, run.versions, run.settings.decoding))
        return _reached(row, "SEGMENTED", "IDENTIFIED")


class IndexWriter:
    """Writes what was found, and what failed, to the database; the same clip at the same versions changes nothing."""

    def __init__(self, run: Run) -> None:
        from cluster import index
        from cluster.database import engine

        self.run, self.index = run, index
        self.pool = engine(run.database_url)

    def __call__(self, batch: pa.Table) -> pa.Table:
        for row in batch.to_pylist():
            if row["error"]:
                self._write_failure(row)
        return _staged("write", batch, each(self._write), self.run)

    def _write(self, row: Row) -> Row:
        key = keys.segments(video_id(row["sha256"]), self.run.versions.model)
        segments = unpack_segments(self.run.store.get(key))
        vectors = mean_features(_features(row, self.run), segments)
        embeddings = self.index.Embeddings(f"mean.{self.run.versions.features}", unit(vectors))
        record = self.index.ClipRecord(
            _info(row), self.run.versions, segments, vectors, timeline=_changes(row), embeddings=embeddings
        )
        return row | {"changed": self.index.write_clip(self.pool, record).changed}

    def _write_failure(self, row: Row) -> None:
        code = row["error"].rpartition("/")[2]
        name = Path(row["path"]).name
        failure = self.index.ClipFailure(row["sha256"], name, self.run.versions, code, row["message"], _changes(row))
        self.index.write_failure(self.pool, failure)


def mean_features(features: Features, segments: Sequence[Segment]) -> Float:
    """(len(segments), 128) float32: the mean features of each segment."""
    import numpy as np

    edges = [np.searchsorted(features.time_ns, [part.start_ns, part.end_ns]) for part in segments]
    means = [features.values[lo:hi].mean(axis=0) for lo, hi in edges]
    return np.array(means, np.float32).reshape(len(segments), features.values.shape[1])


def unit(vectors: Float) -> Float:
    """(N, D) float32: each row scaled to length 1, a row of zeros left as it is.

    Of mean features this is the plain embedding of a segment: how the dancer stood and how much moved on average, from
    one side, without the order of things.
    """
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def bare_speed(model: "PoseModel", seconds: float) -> float:
    """Landmark inferences a second of a model that does nothing else: what no pipeline around it can pass."""
    import numpy as np

    session = model.landmarks
    taken = session.get_inputs()[0]
    feed = {taken.name: np.full([1, *taken.shape[1:]], 128, np.uint8)}
    session.run(None, feed)
    clock = time.process_time if model.provider == "cpu" else time.perf_counter  # other processes may hold the core
    done, began = 0, clock()
    while (spent := clock() - began) < seconds:
        session.run(None, feed)
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


def _track(row: Row, run: Run) -> PoseTrack:
    """The dancer to index."""
    from dancecore.pose.packing import unpack_tracks

    return unpack_tracks(run.store.get(keys.keypoints(video_id(row["sha256"]), run.versions.pose)))[0]


def _features(row: Row, run: Run) -> Features:
    from dancecore.features.packing import unpack

    return unpack(run.store.get(keys.features(video_id(row["sha256"]), run.versions.features)))


def _info(row: Row) -> ClipInfo:
    facts = {field.name: row[field.name] for field in fields(ClipInfo)}
    return ClipInfo(**facts | {"path": Path(row["path"])})
