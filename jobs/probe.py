"""The probe job: finds video files and writes a manifest in Parquet, one row for each clip, readable or not."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.database import storable
from cluster.settings import Settings, home
from cluster.telemetry import progress
from dancecore.errors import DanceError

SUFFIXES = (
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm",
    ".wmv",
)  # fmt: skip
"""What is taken for a video inside a folder. A file that is named itself is always probed."""

SCHEMA = pa.schema(
    [
        ("path", pa.string()), ("bytes", pa.int64()), ("mtime_ns", pa.int64()), ("sha256", pa.string()),
        ("duration_ms", pa.int64()), ("fps", pa.float64()), ("width", pa.int32()), ("height", pa.int32()),
        ("has_audio", pa.bool_()), ("codec", pa.string()), ("error", pa.string()), ("message", pa.string()),
    ]
)  # fmt: skip
"""The manifest. `error` is "" or "probe/CODE", `message` its plain words; a row with an error has no facts."""

Row = dict[str, Any]


def find_clips(paths: Sequence[Path]) -> list[Path]:
    """The video files that `paths` name, folders searched to the bottom, hidden ones left out; sorted, each once.

    What is no file (a pipe, which would be waited for; a link to nothing) is left out of a folder and refused by name.
    Raises DanceError("INVALID_INPUT") for a path that is not there, NO_CLIPS when nothing is found.
    """
    found: set[Path] = set()
    for path in paths:
        if not (path.is_dir() or path.is_file()):
            raise DanceError("INVALID_INPUT", f"no such file or folder: {path}", {"path": str(path)})
        found.update(_walk(path) if path.is_dir() else [path.resolve()])
    if not found:
        raise DanceError("NO_CLIPS", f"no video files in {', '.join(map(str, paths))}")
    return sorted(found)


def manifest_path(paths: Sequence[Path], limit: int | None = None) -> Path:
    """Where the manifest of the first `limit` clips of these files and folders lies, however ordered."""
    names = "\n".join([str(limit), *sorted(str(path.resolve()) for path in paths)])
    return home() / "manifests" / f"{hashlib.sha256(os.fsencode(names)).hexdigest()[:16]}.parquet"


def probe_clips(clips: Sequence[Path], manifest: Path, settings: Settings) -> list[Row]:
    """Probe clips in parallel Ray tasks and write `manifest`; files of the same content give one row, the first path's.

    A clip that cannot be used is a row with its error; one whose worker dies twice too. Clips that the manifest holds
    unchanged (path, size, time) are not probed again, so a run that was killed goes on where it was.
    """
    known = {(row["path"], row["bytes"], row["mtime_ns"]): row for row in read_rows(manifest) if not row["error"]}
    rows = [known[key] for clip in clips if (key := _stamp(clip)) in known]
    kept = {row["path"] for row in rows}
    todo = [clip for clip in clips if str(clip) not in kept]
    with progress("probe", len(todo), settings.index.report_every_s) as advance:
        written = time.monotonic()
        for row in _probed(todo, settings):
            rows.append(row)
            advance(row["error"])
            if time.monotonic() - written >= settings.index.manifest_every_s:
                write_rows(rows, manifest)
                written = time.monotonic()
    rows = _once(rows)
    write_rows(rows, manifest)
    return rows


def read_rows(manifest: Path) -> list[Row]:
    """The rows of a manifest; none when there is no such file."""
    return pq.read_table(manifest, schema=SCHEMA).to_pylist() if manifest.exists() else []


def write_rows(rows: Sequence[Row], manifest: Path) -> None:
    """Write a manifest whole or not at all."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    part = manifest.with_suffix(f".{os.getpid()}.part")
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), part)
    part.replace(manifest)


def probe_row(clip: Path, settings: Settings) -> Row:
    """One manifest row: the facts of a clip, or the code and the words with which it was refused."""
    from dancecore.media import probe

    blank = dict.fromkeys(SCHEMA.names) | {"error": "", "message": ""} | _facts_of_file(clip)
    if blank["path"] != str(clip):
        return blank | {"error": "probe/INVALID_INPUT", "message": "its name, or a folder's, is not UTF-8: rename it"}
    try:
        info = probe(clip, settings.media)
    except DanceError as error:
        return blank | {"error": f"probe/{error.code}", "message": error.message}
    facts = ("sha256", "duration_ms", "fps", "width", "height", "has_audio", "codec")
    return blank | {name: getattr(info, name) for name in facts}


def _probed(clips: Sequence[Path], settings: Settings) -> Iterator[Row]:
    """Rows as they come from tasks, never more tasks waiting than twice what runs at once."""
    import ray

    task = ray.remote(num_cpus=1 / settings.index.probe_tasks_per_core, max_retries=1)(probe_row)
    most = max(2, int(2 * ray.cluster_resources().get("CPU", 1) * settings.index.probe_tasks_per_core))
    waiting = list(reversed(clips))
    running: dict[Any, Path] = {}
    while waiting or running:
        while waiting and len(running) < most:
            clip = waiting.pop()
            running[task.remote(clip, settings)] = clip
        (ready,), _ = ray.wait(list(running), num_returns=1)
        yield _outcome(ready, running.pop(ready))


def _outcome(ready: Any, clip: Path) -> Row:
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

    try:
        return ray.get(ready)
    except (WorkerCrashedError, OutOfMemoryError, NodeDiedError):
        words = {"error": "probe/WORKER_DIED", "message": "two workers died while they decoded this file"}
        return dict.fromkeys(SCHEMA.names) | _facts_of_file(clip) | words


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(here, name)
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and path.is_file():
                yield path.resolve()


def _once(rows: Sequence[Row]) -> list[Row]:
    """The first row, by path, of each content; every row with an error."""
    seen: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["path"]):
        seen.setdefault(row["sha256"] or row["path"], row)
    return list(seen.values())


def _facts_of_file(clip: Path) -> Row:
    path, size, mtime_ns = _stamp(clip)
    return {"path": storable(path), "bytes": size, "mtime_ns": mtime_ns}


def _stamp(clip: Path) -> tuple[str, int, int]:
    """Path, size and time of a file; zeros where it has gone since it was found, which its probe will say."""
    try:
        stat = clip.stat()
    except FileNotFoundError:
        return str(clip), 0, 0
    return str(clip), stat.st_size, stat.st_mtime_ns
