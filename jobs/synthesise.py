"""Makes labelled sets of synthetic dances: `danceapp synthesise`. A killed run goes on where it was."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from cluster.library import TAXONOMY, pose_version
from cluster.ray_session import nodes, session
from cluster.settings import Settings
from cluster.telemetry import progress
from cluster.weights import weights_dir
from dancecore.errors import DanceError
from dancecore.moves.taxonomy import load_taxonomy
from dancecore.synthetic.settings import SyntheticSettings
from jobs import ledger
from jobs.making import Maker, Order, room_in
from jobs.synthetic_set import ROW, Recipe, claim, finish, in_batches, stamped

if TYPE_CHECKING:
    from ray.data import Dataset

OBSERVED = "obs-1"
"""The pose version of keypoints that no estimator saw: what their errors are drawn from is part of the data version."""

SAMPLES = Path(__file__).parent.parent / "tests" / "data" / "clips"


@dataclass(frozen=True, slots=True)
class Made:
    """What a run left: the set's data version and counts, how many clips this run made, and how long that took."""

    data_version: str
    counts: dict[str, int]
    splits: dict[str, int]
    made: int
    seconds: float


def synthesise(
    out: Path, recipe: Recipe, settings: Settings, *, address: str | None = None, maker: type[Maker] = Maker
) -> Made:
    """Make the set in the folder `out`, or what of it is not there yet.

    The same recipe, settings and taxonomy make the same set. Raises DanceError for what stops the whole run:
    INVALID_INPUT (also when `out` holds another set), BAD_TAXONOMY, STORAGE_FULL, MISSING_EXTRA, WEIGHTS_MISSING,
    CLUSTER_UNREACHABLE, WORKER_DIED.
    """
    order = ordered(out.resolve(), recipe, settings)
    with session(address, settings.cluster):
        return fill(order, maker)


def ordered(out: Path, recipe: Recipe, settings: Settings) -> Order:
    """What is to be made, now that `out` is marked as the place for it. Raises DanceError for what `out` refuses."""
    semver = load_taxonomy(recipe.taxonomy).semver
    stamp = stamped(recipe, settings, semver)
    with room_in(out):
        claim(out, stamp)
    pose = OBSERVED if recipe.form == "keypoints" else f"{pose_version(settings)}-raw" if recipe.poses else ""
    return Order(out, recipe, stamp, semver, pose, settings, weights_dir())


def fill(order: Order, maker: type[Maker] = Maker) -> Made:
    """Make all that is missing, on the Ray that was joined."""
    began = time.monotonic()
    table = pa.concat_tables(_run(replace(order, ledger=ledger.start()), maker))
    with room_in(order.out):
        counts, splits = finish(order.out, order.recipe, order.stamp, table)
    return Made(order.data_version, counts, splits, sum(table["made"].to_pylist()), time.monotonic() - began)


def _run(order: Order, maker: type[Maker]) -> Iterator[pa.Table]:
    """The rows of all clips, as these are ready. Raises DanceError for what makes no sense to go on with."""
    clips, every_s = order.recipe.clips, order.settings.index.report_every_s
    blocks = cast(Iterable[pa.Table], build(order, maker).iter_batches(batch_size=None, batch_format="pyarrow"))
    with progress("synthesise", clips, every_s) as advance:
        for block in blocks:
            rows = block.to_pylist()
            for row in rows:
                code = row["error"].rpartition("/")[2]
                if code not in ("", "WORKER_DIED"):  # such as STORAGE_FULL: it is not about this clip
                    raise DanceError(code, row["message"])
                advance(row["error"] or (row["clip"] if row["made"] else f"{row['clip']} was there"))
            yield pa.Table.from_pylist(rows, schema=ROW)  # our own memory: a block of Ray's would fill its store


def build(order: Order, maker: type[Maker] = Maker) -> "Dataset":
    """The way of all clips: actors, one a core, that make them. A row of about 1 kB comes out."""
    import ray.data
    from ray.data import ActorPoolStrategy

    ray.data.DataContext.get_current().enable_progress_bars = False  # cluster.telemetry draws ours
    size = 1 if order.video else order.settings.cluster.observed_per_batch
    blocks = in_batches(order.recipe, size)
    actors = max(1, min(sum(int(node.cpus) for node in nodes()), len(blocks)))
    pool = ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=order.settings.index.in_flight)
    return ray.data.from_arrow(blocks).map_batches(  # 1:1  each clip is written once, under its own id
        maker, fn_constructor_args=(order,), compute=pool, num_cpus=1, batch_size=size, batch_format="pyarrow"
    )


def print_made(out: Path, made: Made) -> None:
    """Three lines as in a log."""
    counts, splits = made.counts, ", ".join(f"{name} {count}" for name, count in made.splits.items())
    rate = f"   {made.made / made.seconds:.1f} clips/s" if made.made else ""
    danced = f"{counts['seconds'] / 60:.0f} minutes   {counts['moves']} moves   {counts['creators']} creators"
    print(f"clips    {counts['clips']}   made {made.made} in {made.seconds:.0f} s{rate}")
    print(f"set      {danced}   {splits}")
    print(f"version  {made.data_version} in {out}")


def make_samples(numbers: SyntheticSettings, folder: Path = SAMPLES) -> list[Path]:
    """Write the sample clips as plain files: each a video, its truth in a JSON file beside it. The videos' paths."""
    from dancecore.synthetic.clip import make_clip
    from dancecore.synthetic.dance import draw_knobs

    taxonomy = load_taxonomy(TAXONOMY)
    paths = [folder / f"syn_{seed:06d}.mp4" for seed in numbers.sample_seeds]
    with progress("samples", len(paths), every_s=0) as advance, room_in(folder):
        for seed, path in zip(numbers.sample_seeds, paths, strict=True):
            make_clip(draw_knobs(seed, numbers, taxonomy), taxonomy, path)
            advance(path.name)
    return paths
