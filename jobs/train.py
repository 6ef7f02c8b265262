"""Trains the classifier of moves: `danceapp train`. Ray Data feeds it, Ray Train runs it.

runs/{model}/config.json      what was asked for, the data version, package versions, git sha
runs/{model}/ray/             checkpoints, one an epoch; a killed run goes on from the last one
runs/{model}/curves.json      losses and metrics of each epoch; curves.png draws them
runs/{model}/bundle/          what came out, see `dancecore.models.bundle`
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster.library import TAXONOMY, load_library
from cluster.ray_session import session
from cluster.settings import Settings, home
from dancecore.errors import DanceError
from dancecore.models.bundle import Bundle, read_bundle
from dancecore.models.frames import SKIPPED, Example, labels_of, mirrored_labels, told_of
from dancecore.settings import TrainSettings
from dancecore.types import Float, IntT
from jobs import runs, tracking
from jobs.training_data import Data, prepare

if TYPE_CHECKING:
    from ray.train.torch import TorchTrainer
    from torch import nn

    from dancecore.models.network import Network

STATE = "state.pt"

LEAST_SPREAD = 0.05
"""Standard deviation: what hardly varies in training is not blown up."""


@dataclass(frozen=True)
class Plan:
    """What every worker of a training is told. mean, std (INPUTS,); counts (C,): frames of each label; windows: in all
    training clips together."""

    settings: TrainSettings
    data: Data
    mean: Float
    std: Float
    counts: IntT
    windows: int
    clips: int
    segments: int


def train(
    model_id: str, out: Path, settings: Settings, *, address: str | None = None, sets: Sequence[Path] = ()
) -> Bundle:
    """Train the model `model_id` in the folder `out`, or what of it is not done yet.

    `sets`: see `training_data.prepare`. Raises DanceError: MISSING_EXTRA, INVALID_INPUT (also when `out` holds another
    training), NOT_FOUND, FILE_NOT_FOUND, CLUSTER_UNREACHABLE.
    """
    needs_torch()
    run = out.resolve() / model_id
    library = load_library(settings)
    with session(address, replace(settings.cluster, object_store_mb=settings.train.object_store_mb)):
        data = prepare(settings, TAXONOMY, labels_of(library.bank.readings), home(), sets)
        config = runs.claim(run, settings.train, data)
        if (run / "bundle" / "bundle.json").exists():
            return read_bundle(run / "bundle")
        plan = planned(settings.train, data)
        with runs.watched(run, settings.train.epochs):
            result = trainer(plan, run).fit()
    assert result.checkpoint is not None  # each epoch keeps one
    with result.checkpoint.as_directory() as folder:
        bundle = runs.finish(run, model_id, library.taxonomy.semver, plan, Path(folder) / STATE, config)
    tracking.log(run, bundle, settings.tracking)
    return bundle


def planned(settings: TrainSettings, data: Data) -> Plan:
    """The plan of a training on this data: the spread of its inputs, and how often each label comes."""
    sums = list(data.rows("train").map_batches(_Sums(data, settings.hop), batch_size=250,
                                               batch_format="pyarrow").iter_rows())  # fmt: skip
    total = {name: np.sum([row[name] for row in sums], axis=0) for name in sums[0]} if sums else {}
    if not sums:
        raise DanceError("INVALID_INPUT", "nothing to train on: every clip is of somebody who is held out")
    mean = total["sum"] / total["frames"]
    std = np.sqrt(np.maximum(total["square"] / total["frames"] - mean**2, LEAST_SPREAD**2))
    whole = {name: int(total[name]) for name in ("windows", "clips", "segments")}
    return Plan(
        settings, data, mean.astype(np.float32), std.astype(np.float32), total["counts"].astype(np.int64), **whole
    )


@dataclass(frozen=True)
class _Sums:
    """Of a batch of rows, what their means and counts are made of."""

    data: Data
    hop: int

    def __call__(self, table: Any) -> dict[str, Any]:
        clips = self.data.read(table)
        inputs = np.concatenate([clip.inputs for clip in clips]).astype(np.float64)
        labels = np.concatenate([clip.labels for clip in clips])
        counts = np.bincount(labels[labels != SKIPPED], minlength=len(self.data.labels))
        return {
            "frames": [len(inputs)], "sum": [inputs.sum(0)], "square": [(inputs**2).sum(0)], "counts": [counts],
            "windows": [sum(max(1, round(len(clip.labels) / self.hop)) for clip in clips)], "clips": [len(clips)],
            "segments": [sum(table["segments"].to_pylist())],
        }  # fmt: skip


def trainer(plan: Plan, run: Path, callbacks: Sequence[Any] = ()) -> "TorchTrainer":
    """The training of this plan, its state in the folder `run`; one that was begun there goes on."""
    import ray.train
    from ray.data import ExecutionOptions
    from ray.train.torch import TorchTrainer

    settings = plan.settings
    each = {"CPU": settings.worker_cpus} | ({"GPU": settings.worker_gpus} if settings.worker_gpus else {})
    return TorchTrainer(
        work,
        train_loop_config={"plan": plan, "run": str(run)},
        scaling_config=ray.train.ScalingConfig(
            num_workers=settings.workers, use_gpu=bool(settings.worker_gpus), resources_per_worker=each
        ),
        run_config=ray.train.RunConfig(
            name="ray", storage_path=str(run), callbacks=list(callbacks),
            checkpoint_config=ray.train.CheckpointConfig(num_to_keep=1),
            failure_config=ray.train.FailureConfig(max_failures=settings.attempts - 1),
        ),
        datasets={"train": plan.data.rows("train"), "validation": plan.data.rows("validation")},
        dataset_config=ray.train.DataConfig(
            datasets_to_split=["train"], execution_options=ExecutionOptions(preserve_order=True)
        ),
    )  # fmt: skip


def work(told: dict[str, Any]) -> None:
    """What each worker does: epoch by epoch, from the last checkpoint on."""
    import ray.train
    import torch
    from ray.train.torch import get_device, prepare_model

    from dancecore.models import fitting
    from dancecore.models.network import build

    plan: Plan = told["plan"]
    settings, context = plan.settings, ray.train.get_context()
    torch.set_num_threads(settings.worker_threads)
    network = prepare_model(build(
        settings.arch, torch.tensor(plan.mean), torch.tensor(plan.std), len(plan.data.labels), settings.dropout,
        settings.seed,
    ))  # fmt: skip
    optimiser = fitting.optimiser(network, settings)
    weights = fitting.class_weights(plan.counts, settings.class_power).to(get_device())
    curves = _resume(network, optimiser)
    steps = settings.epochs * max(1, plan.windows // (settings.batch * context.get_world_size()))
    known = _known(plan.data) if context.get_world_rank() == 0 else []
    for epoch in range(len(curves), settings.epochs):
        step = epoch * steps // settings.epochs
        losses = []
        with _together(network):
            for batch in _batches(plan, epoch, context.get_world_rank()):
                rate = fitting.learning_rate(step, steps, settings)
                found = fitting.take_step(network, optimiser, batch, weights, rate, settings)
                losses.append([float(part.detach()) for part in (found.frame, found.boundary, found.smooth)])
                step += 1
        curve = {"epoch": epoch + 1, "steps": step} | dict(zip(LOSSES, np.mean(losses, axis=0).tolist(), strict=True))
        if context.get_world_rank() == 0:
            curve |= judged(_plain(network), known, plan)
            curves.append(curve)
            runs.save_curves(Path(told["run"]), curves)
        _report(network, optimiser, curves, curve)


LOSSES = ("frame_loss", "boundary_loss", "smooth_loss")


def judged(network: "Network", clips: Sequence[Example], plan: Plan) -> dict[str, float]:
    """The metrics of these clips, as `judge` has them, by the frames that are not SKIPPED."""
    from dancecore.models import fitting
    from dancecore.models.judge import judge, log_softmax

    counted = [clip.labels != SKIPPED for clip in clips]
    said = zip(fitting.logits_of(network, clips), counted, strict=True)
    told = [clip.labels[at] for clip, at in zip(clips, counted, strict=True)]
    return judge([log_softmax(logits[at]) for (logits, _), at in said], told, plan.data.labels)


def _batches(plan: Plan, epoch: int, rank: int) -> Iterator[Any]:
    """The batches of this worker's share of an epoch: clips come shuffled, a pool of them is cut into windows."""
    import ray.train
    import torch

    from dancecore.models.windows import batches

    settings = plan.settings
    torch.manual_seed(hash((settings.seed, epoch, rank)))  # of dropout
    rng = np.random.default_rng([settings.seed, epoch, rank])
    mirrored = mirrored_labels(plan.data.labels)
    pools = ray.train.get_dataset_shard("train").iter_batches(
        batch_size=settings.pool, batch_format="pyarrow", local_shuffle_buffer_size=4 * settings.pool,
        local_shuffle_seed=int(rng.integers(2**31)),
    )  # fmt: skip
    for pool in pools:
        yield from batches(plan.data.read(pool), mirrored, settings, rng)


def _known(data: Data) -> list[Example]:
    """The clips to choose by."""
    import ray.train

    shard = ray.train.get_dataset_shard("validation")
    return told_of(each for table in shard.iter_batches(batch_format="pyarrow") for each in data.read(table))


def _plain(network: "nn.Module") -> Any:
    """The network without what joins it to those of other workers."""
    return getattr(network, "module", network)


def _together(network: "nn.Module") -> AbstractContextManager[Any]:
    """Workers whose clips give fewer windows take part in the others' last steps with nothing of their own."""
    from torch.distributed.algorithms.join import Join
    from torch.nn.parallel import DistributedDataParallel

    return Join([network]) if isinstance(network, DistributedDataParallel) else nullcontext()


def _resume(network: "nn.Module", optimiser: Any) -> list[dict[str, float]]:
    """Take up the last checkpoint, if there is one; the curves so far."""
    import ray.train
    import torch

    checkpoint = ray.train.get_checkpoint()
    if checkpoint is None:
        return []
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / STATE, weights_only=True)
    _plain(network).load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    curves: list[dict[str, float]] = state["curves"]
    return curves


def _report(network: "nn.Module", optimiser: Any, curves: list[dict[str, float]], curve: dict[str, float]) -> None:
    """Say how the epoch went; the first worker hands over a checkpoint."""
    import ray.train
    import torch

    if ray.train.get_context().get_world_rank() > 0:
        ray.train.report(curve)
        return
    with tempfile.TemporaryDirectory() as folder:
        state = {"network": _plain(network).state_dict(), "optimiser": optimiser.state_dict(), "curves": curves}
        torch.save(state, Path(folder) / STATE)
        ray.train.report(curve, checkpoint=ray.train.Checkpoint.from_directory(folder))


def needs_torch() -> None:
    """Raise DanceError("MISSING_EXTRA") without what training needs."""
    try:
        import ray.train.torch  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise DanceError("MISSING_EXTRA", f"training needs the extra `train`: {error}") from error
