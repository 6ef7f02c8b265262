"""What makes a folder of synthetic clips one set: its data version, its index and its splits.

dataset.json    the data version, what it was derived from, and what came out
index.parquet   one row a clip: seed, creator, split, duration, moves, files with sha256 and bytes
splits.json     70/15/15 by whole creators
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.library import TAXONOMY
from cluster.settings import Settings
from dancecore.errors import DanceError
from dancecore.learning.datasets.entries import SPLITS, Entry, Label, Split
from dancecore.learning.datasets.folder import split_by_creator, write_splits, write_whole
from dancecore.synthetic.conditions import CONDITIONS
from dancecore.types import OTHER
from jobs.guard import Row

PROGRAM = "syn-2"
"""Grows when the same numbers, moves and seeds may give other clips."""

SET_FILE, INDEX_FILE = "dataset.json", "index.parquet"

PACKAGES = ("ray", "numpy", "scipy", "numba", "av", "opencv-python-headless", "onnxruntime", "anny", "torch", "pyarrow")


Form = Literal["video", "keypoints"]
"""Rendered, or only what a pose estimator would report of it."""

MOVE = pa.struct([("move_id", pa.string()), ("start_ms", pa.int64()), ("end_ms", pa.int64()), ("mirror", pa.bool_())])
FILE = pa.struct([("path", pa.string()), ("sha256", pa.string()), ("bytes", pa.int64())])
ROW = pa.schema(
    [
        ("clip", pa.string()), ("seed", pa.int64()), ("creator", pa.string()), ("duration_ms", pa.int64()),
        ("moves", pa.list_(MOVE)), ("files", pa.list_(FILE)), ("made", pa.bool_()), ("error", pa.string()),
        ("message", pa.string()),
    ]
)  # fmt: skip
"""One clip: what is danced in it, its files below the set's folder, whether this run made any of them. About 1 kB."""


@dataclass(frozen=True)
class Recipe:
    """What is asked for: the clips of `clips` seeds from `first_seed` on. `poses`: BlazePose finds those of videos."""

    form: Form
    first_seed: int
    clips: int
    poses: bool = False
    taxonomy: Path = TAXONOMY

    @property
    def seeds(self) -> range:
        return range(self.first_seed, self.first_seed + self.clips)


def with_creators(settings: Settings, creators: int | None) -> Settings:
    """The settings with so many people to draw dancers from; as they are for None."""
    if creators is None:
        return settings
    people = replace(settings.synthetic.people, creators=creators)
    return settings.model_copy(update={"synthetic": replace(settings.synthetic, people=people)})


def filmed(settings: Settings, conditions: str) -> Settings:
    """The settings with dances filmed so. Raises DanceError("INVALID_INPUT") for conditions that nobody knows."""
    if conditions not in CONDITIONS:
        raise DanceError("INVALID_INPUT", f"no conditions {conditions!r}; there are {', '.join(CONDITIONS)}")
    return settings.model_copy(update={"synthetic": CONDITIONS[conditions](settings.synthetic)})


def stamped(recipe: Recipe, settings: Settings, semver: str) -> dict[str, Any]:
    """What the set is made of, and the data version that follows from it."""
    numbers: dict[str, Any] = {"synthetic": asdict(replace(settings.synthetic, sample_seeds=()))}
    if recipe.form == "keypoints":
        numbers |= {"observe": asdict(settings.observe), "rate_hz": settings.media.rate_hz}
    made_of = {
        "program": PROGRAM, "form": recipe.form, "first_seed": recipe.first_seed, "clips": recipe.clips,
        "creators": settings.synthetic.people.creators, "taxonomy": semver,
        "taxonomy_sha256": _sha256({path.name: path.read_text() for path in recipe.taxonomy.glob("*.yaml")}),
        "settings_sha256": _sha256(numbers),
    }  # fmt: skip
    return {"data_version": f"{PROGRAM}.{_sha256(made_of)[:8]}", "made_of": made_of, "settings": numbers}


def claim(out: Path, stamp: dict[str, Any]) -> None:
    """Say in `out` what it is to hold. Raises DanceError("INVALID_INPUT") when it holds something else."""
    path = out / SET_FILE
    if not path.exists() and (out / "videos").exists():
        raise DanceError("INVALID_INPUT", f"{out} holds clips of no known data version: name another folder")
    if not path.exists():
        _write_json(path, stamp)
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    if there["data_version"] != stamp["data_version"]:
        was, wants = there["made_of"], stamp["made_of"]
        other = [name for name in wants if was.get(name) != wants[name]]
        differs = ", ".join(
            name if "sha256" in name else f"{name} {was.get(name)}, not {wants[name]}" for name in other
        )
        message = f"{out} holds data version {there['data_version']}, not {stamp['data_version']}; other: {differs}"
        raise DanceError("INVALID_INPUT", f"{message}. Name another folder", {"differs": differs})


def in_batches(recipe: Recipe, size: int) -> list[pa.Table]:
    """A row for each clip that is wanted, `size` of them in a table."""
    blank = dict.fromkeys(ROW.names) | {"made": False, "error": "", "message": ""}
    table = pa.Table.from_pylist([blank | {"clip": f"syn_{n:06d}", "seed": n} for n in recipe.seeds], schema=ROW)
    return [table.slice(start, size) for start in range(0, recipe.clips, size)]


def finish(out: Path, recipe: Recipe, stamp: dict[str, Any], table: pa.Table) -> tuple[dict[str, int], dict[str, int]]:
    """Write index, splits and what came out; counts of the whole and clips by split.

    Raises DanceError("WORKER_DIED") when a clip could not be made; the others stay.
    """
    table = table.sort_by("seed")
    if lost := [row["clip"] for row in _rows(table) if row["error"]]:
        message = f"workers died of {len(lost)} clips, such as {lost[0]}; the others are there"
        raise DanceError("WORKER_DIED", message, {"clips": lost})
    if table["seed"].to_pylist() != list(recipe.seeds):
        raise RuntimeError(f"{len(table)} rows for {recipe.clips} clips")
    splits = split_by_creator(_entry(row) for row in _rows(table))
    write_splits(out, splits, stamp["data_version"])
    _write_index(out, table, splits, stamp["data_version"])
    for stray in (out / "videos").rglob(".*.*"):  # of workers that were killed while they wrote
        stray.unlink(missing_ok=True)
    counts, poses = _counts(table)
    came_out = {"packages": {name: _installed(name) for name in PACKAGES}, "poses": poses, "counts": counts}
    _write_json(out / SET_FILE, stamp | came_out)
    return counts, {name: list(splits.values()).count(name) for name in SPLITS}


def _rows(table: pa.Table) -> Iterator[Row]:
    """The rows of a table, few of them in memory as Python has them, which is ten times as large."""
    for batch in table.to_batches(max_chunksize=256):
        yield from batch.to_pylist()


def _entry(row: Row) -> Entry:
    labels = tuple(Label(each["start_ms"], each["end_ms"], each["move_id"], each["mirror"]) for each in row["moves"])
    return Entry(row["clip"], row["creator"], (), row["duration_ms"], labels, None, None)


def _write_index(out: Path, table: pa.Table, splits: dict[str, Split], data_version: str) -> None:
    said = table.select(["clip", "seed", "creator", "duration_ms", "moves", "files"])
    ours = {"split": [splits[clip] for clip in table["clip"].to_pylist()], "data_version": [data_version] * len(table)}
    for name, values in ours.items():
        said = said.append_column(name, pa.array(values))
    written = pa.BufferOutputStream()
    pq.write_table(said, written)
    write_whole(out / INDEX_FILE, written.getvalue().to_pybytes())


def _counts(table: pa.Table) -> tuple[dict[str, int], list[str]]:
    """What is in the set, and the versions of its keypoints."""
    counts = Counter[str](clips=len(table))
    moves, creators, poses = set[str](), set[str](), set[str]()
    for row in _rows(table):
        danced = [each["move_id"] for each in row["moves"] if each["move_id"] != OTHER]
        creators.add(row["creator"])
        moves.update(danced)
        counts.update(segments=len(danced), ms=row["duration_ms"], bytes=sum(file["bytes"] for file in row["files"]))
        names = [Path(file["path"]).stem for file in row["files"]]
        poses.update(name.removeprefix("keypoints_v") for name in names if name.startswith("keypoints_v"))
    counts.update(creators=len(creators), moves=len(moves), seconds=counts.pop("ms") // 1000)
    return dict(sorted(counts.items())), sorted(poses)


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _write_json(path: Path, value: Any) -> None:
    write_whole(path, (json.dumps(value, indent=1) + "\n").encode())
