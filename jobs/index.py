"""The indexing job: a manifest of clips in, rows of named moves in the database out. One Ray Data chain."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cluster import index as store
from cluster.dances import keep_up
from cluster.database import database_url, engine
from cluster.ids import video_id
from cluster.move_index import fold_days
from cluster.objects import objects
from cluster.placement import Plan, Shortfall, plan
from cluster.ray_session import nodes, session
from cluster.ready import models_ready
from cluster.serving import Served
from cluster.settings import Settings, home
from cluster.telemetry import progress
from cluster.weights import weights_dir
from dancecore.errors import DanceError
from jobs import ledger
from jobs.guard import Row
from jobs.probe import find_clips, manifest_path, probe_clips
from jobs.registry import sentence, settle
from jobs.stages import BLANK, ROW, IndexWriter, MoveFinder, PoseWorker, Run
from jobs.summary import Summary, Work, summarise, workers

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.data import Dataset


def index(
    paths: Sequence[Path], settings: Settings, *, address: str | None = None, limit: int | None = None,
    pose: type[PoseWorker] = PoseWorker,
) -> Summary:  # fmt: skip
    """Index every clip in `paths` (files, or folders to the bottom), at most `limit`, and say how it went. The composer
    learns what is danced in them.

    Run again after any interruption it takes up where it was. Raises DanceError for what stops the whole run:
    INVALID_INPUT, NO_CLIPS, CLUSTER_UNREACHABLE, PLACEMENT_SHORTFALL, WEIGHTS_MISSING, DATABASE_UNAVAILABLE.
    """
    clips, manifest = find_clips(paths)[:limit], manifest_path(paths, limit)
    models = models_ready(settings)
    with session(address, settings.cluster):
        work = outstanding(clips, manifest, models, settings)
        rows = list(run(work.todo, models, settings, pose))
    if named := [video_id(row["sha256"]) for row in rows if not row["error"]]:
        keep_up(engine(), objects(), models.production.taxonomy, settings.composer.gap_ms, named)
    fold_days(engine())
    if verdict := settle(datetime.now(UTC)):
        print(f"canary   {sentence(verdict, acted=True)}", file=sys.stderr)
    return summarise(work.refused, rows, work.skipped)


def survey(
    paths: Sequence[Path], settings: Settings, *, address: str | None = None, limit: int | None = None
) -> tuple[Work, Plan]:
    """What `index` would do, and on which workers; nothing is indexed."""
    clips, manifest = find_clips(paths)[:limit], manifest_path(paths, limit)
    models = models_ready(settings)
    with session(address, settings.cluster):
        return outstanding(clips, manifest, models, settings), placement(settings)


def placement(settings: Settings) -> Plan:
    """Where the workers go on the Ray that was joined. Raises DanceError("PLACEMENT_SHORTFALL")."""
    placed = plan(nodes(), settings.cluster)
    if isinstance(placed, Shortfall):
        raise DanceError("PLACEMENT_SHORTFALL", "; ".join(placed.sentences))
    return placed


def outstanding(clips: Sequence[Path], manifest: Path, models: Served, settings: Settings) -> Work:
    """Probe the clips and leave out those that are indexed already, each at the versions of the model that names it."""
    rows = probe_clips(clips, manifest, settings)
    sound = [row for row in rows if not row["error"]]
    shas, known = [row["sha256"] for row in sound], set[str]()
    for versions in (library.versions for library in models.libraries):
        known |= store.done(engine(), [sha for sha in shas if models.versions_of(sha) == versions], versions)
    todo = [row for row in sound if row["sha256"] not in known]
    return Work(todo, [row for row in rows if row["error"]], len(known))


def run(rows: Sequence[Row], models: Served, settings: Settings, pose: type[PoseWorker] = PoseWorker) -> Iterator[Row]:
    """Index the clips of manifest rows on the Ray that was joined; yields each row, completed, as it is written."""
    if not rows:
        return
    import ray

    placed = _no_more_than(len(rows), placement(settings))
    print(workers(placed), file=sys.stderr)
    versions = [library.versions for library in models.libraries]
    told = Run(
        settings=settings, versions=versions[0], canary=versions[1] if models.canary else None,
        database_url=database_url(), objects=home() / "objects", provider=placed.provider, weights=weights_dir(),
        ledger=ledger.start(),
    )  # fmt: skip
    longest_first = sorted(rows, key=lambda row: row["duration_ms"], reverse=True)  # no long clip is left for the end
    marked = [row | BLANK | {"canary": models.tries(row["sha256"])} for row in longest_first]
    manifest = _blocks(marked, placed.clips_per_batch)
    bundles = [library.bundle for library in models.libraries]
    known = ray.put((models.production.bank, bundles, models.production.own))
    with progress("index", len(rows), settings.index.report_every_s) as advance:
        for row in _rows(build(manifest, placed, told, known, pose)):
            advance(row["error"] or f"{row['frames']} frames")
            yield row


def build(
    manifest: "Dataset", placed: Plan, told: Run, known: "ObjectRef", pose: type[PoseWorker] = PoseWorker
) -> "Dataset":
    """The way of all clips. Every step is idempotent; a row of about 1 kB passes; with an error it passes untouched."""
    asks = asked(placed, told)
    return (
        manifest.map_batches(pose, **asks["pose"])                                      # 1:1  frames never leave it
        .map_batches(MoveFinder, **asks["analysis"] | {"fn_constructor_args": (told, [known])})  # 1:1  to segments
        .map_batches(IndexWriter, **asks["write"])                                      # 1:1  one transaction a clip
    )  # fmt: skip


def asked(placed: Plan, told: Run) -> dict[str, dict[str, Any]]:
    """What each stage asks of Ray Data, from the plan."""
    from ray.data import ActorPoolStrategy

    told_first = {"fn_constructor_args": (told,)}
    pool = ActorPoolStrategy(size=placed.pose_actors, max_tasks_in_flight_per_actor=told.settings.index.in_flight)
    pose = {"compute": pool, "num_cpus": placed.pose_cpus, "batch_size": placed.clips_per_batch}
    if placed.pose_gpus:
        pose["num_gpus"] = placed.pose_gpus
    analysis = {"compute": ActorPoolStrategy(size=placed.analysis_actors), "num_cpus": placed.analysis_cpus}
    write = {"compute": ActorPoolStrategy(size=1), "num_cpus": 0}  # it waits for the database
    return {
        "pose": pose | told_first | {"batch_format": "pyarrow"},
        "analysis": analysis | {"batch_size": 1, "batch_format": "pyarrow"},
        "write": write | told_first | {"batch_size": 1, "batch_format": "pyarrow"},
    }


def _no_more_than(clips: int, placed: Plan) -> Plan:
    """A few clips need few workers."""
    batches = -(-clips // placed.clips_per_batch)
    poses, analyses = min(placed.pose_actors, batches), min(placed.analysis_actors, batches)
    return replace(placed, pose_actors=poses, analysis_actors=analyses)


def _blocks(rows: Sequence[Row], size: int) -> "Dataset":
    """Rows of ROW in blocks of one batch, so that every clip finds the next free worker.

    Handed over from this process: a task that reads a file may run on a node that has no such file, and it needs a
    share of a core, which the actors have taken.
    """
    import ray.data

    ray.data.DataContext.get_current().enable_progress_bars = False  # cluster.telemetry draws ours
    table = pa.Table.from_pylist(list(rows), schema=ROW)
    return ray.data.from_arrow([table.slice(start, size) for start in range(0, len(rows), size)])


def _rows(dataset: "Dataset") -> Iterator[Row]:
    from ray.exceptions import RayTaskError

    try:
        yield from dataset.iter_rows()
    except RayTaskError as error:
        if isinstance(error.cause, DanceError):  # a worker could not start, such as WEIGHTS_MISSING
            raise error.cause from error
        raise
