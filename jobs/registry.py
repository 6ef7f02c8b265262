"""The registry of models from the command line: register, promote, retire, list, and the verdict on the canary."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cluster import registry
from cluster.database import engine
from cluster.library import TAXONOMY, shipped
from cluster.migrate import migrate
from cluster.objects import objects
from cluster.registry import METRICS, StoredModel, Target, Verdict
from cluster.serving import store_bundle
from cluster.settings import settings
from dancecore.errors import DanceError
from dancecore.models.bundle import read_bundle

BY_HAND = "by hand"
"""The reason of a step that no rule took."""


def register(folder: Path) -> str:
    """Register the bundle in a folder as a candidate, store it where it is served from, and say so in a line.

    Raises DanceError: FILE_NOT_FOUND, BAD_BUNDLE; INVALID_INPUT when it lacks a metric or its id is another bundle's.
    """
    bundle = read_bundle(folder)
    migrate()
    new = registry.register(engine(), bundle, _now())
    store_bundle(objects(), bundle)
    return f"{bundle.model_id} is {'a candidate now' if new else 'registered already'}"


def promote(model_id: str, to: Target | None, reason: str | None) -> str:
    """Bring a model to its next state, or to `to`, and say what it is now. Raises as cluster.registry.promote."""
    model = registry.promote(engine(), model_id, to, reason or BY_HAND, _now())
    return f"{model.model_id} is {_said(model)} now"


def retire(model_id: str, reason: str | None) -> str:
    """Take a candidate or canary out of use and say so. Raises as cluster.registry.retire."""
    return f"{registry.retire(engine(), model_id, reason or BY_HAND, _now()).model_id} is retired now"


def judge(*, act: bool) -> Verdict:
    """Apply the rule to the canary as of now. Raises DanceError("NOT_FOUND") when there is none."""
    return registry.judge_canary(engine(), _now(), settings().registry, act=act)


def settle(now: datetime) -> Verdict | None:
    """Apply the rule to the canary, if there is one, as every indexing run does at its end."""
    if registry.serving(engine()).canary is None:
        return None
    return registry.judge_canary(engine(), now, settings().registry, act=True)


def registered() -> list[StoredModel]:
    """The models in the registry; none when the database has no registry yet."""
    try:
        return registry.list_models(engine())
    except DanceError as error:
        if error.code == "SCHEMA_MISSING":
            return []
        raise


def model_rows(models: Sequence[StoredModel]) -> list[dict[str, Any]]:
    """The models as JSON has them."""
    return [
        asdict(model)
        | {
            "state_at": model.state_at.isoformat(),
            "promoted_at": model.promoted_at.isoformat() if model.promoted_at else None,
        }
        for model in models
    ]


def print_registered(models: Sequence[StoredModel]) -> None:
    """A table of the models, what serves now first; where nothing is in production, a line that says what serves."""
    if not any(model.state == "production" for model in models):
        bundle = shipped(TAXONOMY)
        serves = f"{bundle.model_id}, which is shipped, serves" if bundle else "moves are named by templates alone"
        print(f"nothing is in production: {serves}; danceapp models register FOLDER, then promote, changes that")
    if not models:
        return
    table = Table("model", "state", "since (UTC)", "arch", "features", *METRICS, box=None, pad_edge=False)
    for model in models:
        scores = (f"{model.metrics[name]:.3f}" for name in METRICS)
        since = f"{model.state_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(model.model_id, model.state, since, model.arch, model.feature_version, *scores)
    Console().print(table)


def print_verdict(verdict: Verdict, *, acted: bool, as_json: bool) -> None:
    """What was decided, why and on what evidence."""
    decision, found = verdict.decision, verdict.evidence
    if as_json:
        told = asdict(found) | {"since": found.since.isoformat(), "disagreement": found.disagreement}
        print(json.dumps(asdict(decision) | {"acted": acted, "evidence": told}, indent=2))
        return
    print(sentence(verdict, acted=acted))
    for name, model, arm in (
        ("canary", found.canary_id, found.canary),
        ("production", found.production_id, found.production),
    ):
        rate = f"{arm.corrections} of {arm.segments} segments corrected"
        print(f"{name:<12}{model:<12}{arm.clips} clips, {rate} since {found.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    print(f"{'compared':<12}{found.compared} clips, {100 * found.disagreement:.1f} % of the named time differs")


def sentence(verdict: Verdict, *, acted: bool) -> str:
    """What becomes of the canary, and why."""
    done = "" if acted else " (nothing was done)"
    return f"{verdict.evidence.canary_id}: {verdict.decision.action}{done}: {verdict.decision.reason}"


def _said(model: StoredModel) -> str:
    return {"canary": "the canary", "production": "in production"}[model.state]


def _now() -> datetime:
    return datetime.now(UTC)
