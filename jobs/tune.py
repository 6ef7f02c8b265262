"""Searches for the numbers of training: `danceapp tune`. Ray Tune runs trials, ASHA stops those that fall behind.

runs/{name}/tune/             the state of the search; a killed one goes on
runs/{name}/{trial}/          the run of each trial, as of `jobs.train`
runs/{name}/trials.json       what each trial tried and reached, best first
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.library import TAXONOMY, load_library
from cluster.ray_session import session
from cluster.settings import Settings, home
from dancecore.learning.datasets.folder import write_whole
from dancecore.models.frames import labels_of
from jobs.train import Plan, needs_torch, planned, trainer
from jobs.training_data import prepare

if TYPE_CHECKING:
    from ray.tune import Tuner

METRIC = "frame_F1"

Trial = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """A training whose settings are partly drawn, each trial's in a folder of its own below `run`."""

    plan: Plan
    run: Path

    def __call__(self, drawn: dict[str, Any]) -> None:
        """One trial, as Ray Tune runs it: a whole training, whose metrics it sees."""
        import ray.tune
        from ray.tune.integration.ray_train import TuneReportCallback

        plan = replace(self.plan, settings=replace(self.plan.settings, **drawn))
        trainer(plan, self.run / ray.tune.get_context().get_trial_id(), [TuneReportCallback()]).fit()


def tune(
    name: str, out: Path, settings: Settings, *, address: str | None = None, sets: Sequence[Path] = ()
) -> list[Trial]:
    """Search under `name` in the folder `out`, or go on with a search there; the trials, best first.

    Raises DanceError as `train` does.
    """
    needs_torch()
    run = out.resolve() / name
    labels = labels_of(load_library(settings).bank.readings)
    with session(address, replace(settings.cluster, object_store_mb=settings.train.object_store_mb)):
        data = prepare(settings, TAXONOMY, labels, home(), sets)
        results = tuner(Search(planned(settings.train, data), run), settings).fit()
        done = (results[k] for k in range(len(results)))
        trials: list[Trial] = [{"settings": each.config, **(each.metrics or {})} for each in done]
    trials.sort(key=lambda trial: -trial.get(METRIC, 0.0))
    write_whole(run / "trials.json", (json.dumps(trials, indent=1) + "\n").encode())
    return trials


def tuner(search: Search, settings: Settings) -> "Tuner":
    """The search, new or as it was when it was stopped."""
    import ray.tune
    from ray.tune.schedulers import ASHAScheduler

    numbers, path = settings.tune, search.run / "tune"
    driver = ray.tune.with_resources(search, {"CPU": numbers.driver_cpus})
    if ray.tune.Tuner.can_restore(str(path)):
        return ray.tune.Tuner.restore(str(path), driver, resume_unfinished=True, resume_errored=True)
    return ray.tune.Tuner(
        driver,
        param_space=space(settings),
        tune_config=ray.tune.TuneConfig(
            num_samples=numbers.trials, max_concurrent_trials=numbers.at_once,
            scheduler=ASHAScheduler(
                "epoch", METRIC, "max", max_t=settings.train.epochs, grace_period=numbers.grace,
                reduction_factor=numbers.keep_one_in,
            ),
        ),
        run_config=ray.tune.RunConfig(name="tune", storage_path=str(search.run), verbose=0),
    )  # fmt: skip


def space(settings: Settings) -> dict[str, Any]:
    """What Ray Tune draws from."""
    from ray.tune import choice, loguniform, uniform

    numbers = settings.tune
    return {
        "arch": choice(list(numbers.arch)),
        "learning_rate": loguniform(*numbers.learning_rate),
        "weight_decay": loguniform(*numbers.weight_decay),
        "dropout": uniform(*numbers.dropout),
        "class_power": uniform(*numbers.class_power),
        "smooth_weight": uniform(*numbers.smooth_weight),
    }
