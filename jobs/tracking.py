"""Finished trainings in MLflow, where one is configured (`configs/tracking.yaml`)."""

import json
from pathlib import Path

from cluster.settings import TrackingSettings
from dancecore.errors import DanceError
from dancecore.models.bundle import Bundle


def log(run: Path, bundle: Bundle, settings: TrackingSettings) -> None:
    """Tell MLflow of the training in the folder `run`: its settings, its curves, its metrics and its bundle.

    Does nothing without a URI. Raises DanceError("MISSING_EXTRA") when there is one but no MLflow.
    """
    if not settings.uri:
        return
    try:
        import mlflow
    except ImportError as error:
        raise DanceError("MISSING_EXTRA", f"tracking.uri is set, which needs the extra `mlflow`: {error}") from error
    mlflow.set_tracking_uri(settings.uri)
    mlflow.set_experiment(settings.experiment)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    with mlflow.start_run(run_name=bundle.model_id):
        mlflow.log_params(config["settings"])
        mlflow.set_tags({name: config[name] for name in ("git_sha", "data_version", "command")})
        for curve in json.loads((run / "curves.json").read_text(encoding="utf-8")):
            mlflow.log_metrics(curve, step=int(curve["epoch"]))
        mlflow.log_metrics({f"final_{name}": value for name, value in bundle.metrics.items()})
        mlflow.log_artifacts(str(run / "bundle"), "bundle")
