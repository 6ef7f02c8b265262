"""Labelled features to train on, by Ray Data: synthetic dances seen by no estimator, and the sets of folders.

    {home}/training/{data version}/{train, validation}/NNNN/*.parquet     500 clips in a part, whole or not there

A row is a clip; a killed run goes on with the part it was at.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cluster.settings import Settings
from cluster.telemetry import progress
from dancecore.errors import DanceError
from dancecore.features import FEATURE_VERSION, extract
from dancecore.learning.datasets.entries import Entry, Label
from dancecore.learning.datasets.folder import read_folder
from dancecore.models.frames import INPUTS, SKIPPED, Example, frame_labels, inputs
from dancecore.pose import clean
from dancecore.types import PoseTrack, Reading
from jobs.guard import Row

if TYPE_CHECKING:
    from ray.data import Dataset

    from dancecore.moves.taxonomy import Taxonomy

PROGRAM = "feat-2"
"""Grows when the same numbers, moves and seeds may give other features."""

PART = 500

ROW = pa.schema(
    [
        ("clip", pa.string()), ("creator", pa.string()), ("segments", pa.int64()), ("inputs", pa.binary()),
        ("labels", pa.binary()),
    ]
)  # fmt: skip
"""inputs (T, INPUTS) float16 and labels (T,) int16, SKIPPED among them, as bytes."""


@dataclass(frozen=True)
class Data:
    """What is trained on: where its rows are, whose labels are `written`. `made_of` is what `version` follows from.

    `labels`: those that are learned, the written ones without moves that are kept out.
    """

    folder: Path
    version: str
    written: tuple[Reading, ...]
    made_of: dict[str, Any]
    without: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[Reading, ...]:
        return tuple(label for label in self.written if label[0] not in self.without)

    def read(self, table: pa.Table) -> list[Example]:
        """Rows as clips, with `labels`."""
        index = {label: k for k, label in enumerate(self.labels)}
        place = np.array([*(index.get(label, SKIPPED) for label in self.written), SKIPPED])  # last: of SKIPPED itself
        return [Example(each.inputs, place[each.labels]) for each in examples(table)]

    def rows(self, split: str) -> "Dataset":
        """The rows of a split, in the order of their parts."""
        import ray.data

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False  # cluster.telemetry draws ours
        context.use_datasource_v2 = False  # it starts an actor a file to read footers: a minute an epoch for nothing
        return ray.data.read_parquet([str(path) for path in sorted((self.folder / split).glob("[0-9]*"))])

    def examples(self, split: str) -> list[Example]:
        """The clips of a split, in memory; without Ray."""
        files = sorted((self.folder / split).glob("[0-9]*/*.parquet"))
        return [each for path in files for each in self.read(pq.read_table(path))]


def examples(table: pa.Table) -> list[Example]:
    """Rows as clips, with the labels that were written."""
    pairs = zip(table["inputs"].to_pylist(), table["labels"].to_pylist(), strict=True)
    return [
        Example(np.frombuffer(values, np.float16).reshape(-1, INPUTS), np.frombuffer(labels, np.int16).astype(np.int64))
        for values, labels in pairs
    ]


def prepare(
    settings: Settings, taxonomy: Path, labels: tuple[Reading, ...], home: Path, sets: Sequence[Path] = ()
) -> Data:
    """Make the rows that are not there yet, on the Ray that was joined.

    `sets`: folders whose training clips are trained on too, and whose validation clips are chosen by; their test clips
    are not touched. Raises DanceError: NOT_FOUND, INVALID_INPUT for a set, MISSING_EXTRA.
    """
    data = _described(settings, taxonomy, labels, home, sets)
    source = Source(settings, taxonomy, labels)
    train = settings.train
    seeds = {
        "train": range(train.first_seed, train.first_seed + train.clips),
        "validation": range(train.validation_seed, train.validation_seed + train.validation_clips),
    }
    work = {split: [*_seeds(numbers, split), *_clips(sets, split)] for split, numbers in seeds.items()}
    parts = [
        (data.folder / split / f"{at // PART:04d}", rows[at : at + PART])
        for split, rows in work.items()
        for at in range(0, len(rows), PART)
    ]
    with progress("features", sum(len(rows) for _, rows in parts), settings.index.report_every_s) as advance:
        for folder, rows in parts:
            if not folder.exists():
                _make(folder, rows, source)
            for row in rows:
                advance(str(row["name"]))
    return data


@dataclass(frozen=True)
class Source:
    """Makes a row of features: of a seed's dance, or of a clip of a set."""

    settings: Settings
    folder: Path
    labels: tuple[Reading, ...]

    def __call__(self, batch: pa.Table) -> pa.Table:
        rows = [made for row in batch.to_pylist() if (made := self.row(row)) is not None]
        return pa.Table.from_pylist(rows, schema=ROW)

    def row(self, row: Row) -> Row | None:
        """None for a dance that is held out, see `TrainSettings.held_out`."""
        if not row["root"]:
            return self._synthetic(row["seed"], row["split"])
        entry = _entries(Path(row["root"]))[row["name"]]
        return self._features(entry.clip, entry.creator, entry.track(), entry.labels, partial=entry.partial)

    def _synthetic(self, seed: int, split: str) -> Row | None:
        from dancecore.synthetic.dance import draw_knobs
        from dancecore.synthetic.keypoints import make_keypoints

        numbers, train = self.settings.synthetic, self.settings.train
        people = train.people if split == "train" else train.held_out
        numbers = replace(numbers, people=replace(numbers.people, creators=people))
        taxonomy = _taxonomy(self.folder)
        knobs = draw_knobs(seed, numbers, taxonomy)
        if split == "train" and int(knobs.dancers[0].creator.removeprefix("cr_")) < train.held_out:
            return None
        made = make_keypoints(knobs, taxonomy, self.settings.observe, self.settings.media.rate_hz, f"syn_{seed}")
        told = [Label(each.start_ms, each.end_ms, each.move_id, each.mirror) for each in made.truth.segments]
        return self._features(f"syn_{seed}", made.truth.creator, made.tracks[0], told)

    def _features(
        self, clip: str, creator: str, track: PoseTrack, told: Sequence[Label], *, partial: bool = False
    ) -> Row:  # fmt: skip
        features = extract(clean(track, self.settings.pose), self.settings.features)
        labels = frame_labels(told, features.time_ns, self.labels, partial=partial)
        return {
            "clip": clip, "creator": creator, "segments": len(told),
            "inputs": inputs(features).astype(np.float16).tobytes(), "labels": labels.astype(np.int16).tobytes(),
        }  # fmt: skip


@cache
def _taxonomy(folder: Path) -> "Taxonomy":
    from dancecore.moves.taxonomy import load_taxonomy

    return load_taxonomy(folder)


@cache
def _entries(root: Path) -> dict[str, Entry]:
    return {entry.clip: entry for entry in read_folder(root)}


def _described(
    settings: Settings, taxonomy: Path, labels: tuple[Reading, ...], home: Path, sets: Sequence[Path]
) -> Data:
    numbers = {
        "synthetic": asdict(replace(settings.synthetic, sample_seeds=())), "observe": asdict(settings.observe),
        "pose": asdict(replace(settings.pose, threads=0)), "features": asdict(settings.features),
        "rate_hz": settings.media.rate_hz,
    }  # fmt: skip
    train = settings.train
    made_of = {
        "program": PROGRAM, "features": FEATURE_VERSION,
        **{name: getattr(train, name) for name in
           ("clips", "validation_clips", "first_seed", "validation_seed", "people", "held_out")},
        "taxonomy_sha256": _sha256({path.name: path.read_text() for path in sorted(taxonomy.glob("*.yaml"))}),
        "settings_sha256": _sha256(numbers), "labels_sha256": _sha256(labels),
        "sets": [_version_of(path) for path in sets],
    }  # fmt: skip
    version = f"{PROGRAM}.{_sha256(made_of)[:8]}"
    return Data(home / "training" / version, version, labels, made_of, train.without)


def _version_of(root: Path) -> str:
    path = root / "splits.json"
    if not path.exists():
        raise DanceError("FILE_NOT_FOUND", f"there is no {path}: a set that is trained on must say who is held out")
    return str(json.loads(path.read_text(encoding="utf-8"))["data_version"])


def _seeds(seeds: Iterable[int], split: str) -> list[Row]:
    return [{"seed": seed, "split": split, "root": "", "name": f"syn_{seed}"} for seed in seeds]


def _clips(sets: Sequence[Path], split: str) -> list[Row]:
    return [
        {"seed": 0, "split": split, "root": str(root.resolve()), "name": entry.clip}
        for root in sets
        for entry in _entries(root).values()
        if entry.split == split
    ]


def _make(folder: Path, rows: list[Row], source: Source) -> None:
    """Write a part, and show it when it is whole."""
    import ray.data

    ray.data.DataContext.get_current().enable_progress_bars = False
    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.parent.mkdir(parents=True, exist_ok=True)
    blocks = [pa.Table.from_pylist(rows[at : at + 25]) for at in range(0, len(rows), 25)]
    ray.data.from_arrow(blocks).map_batches(  # 1:1, or 1:0 for who is held out
        source, batch_size=None, batch_format="pyarrow", num_cpus=1
    ).write_parquet(str(beside))
    beside.rename(folder)


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
