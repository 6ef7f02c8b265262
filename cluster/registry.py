"""The registry of models: candidate, canary, production, retired. At most one canary and one in production.

The database holds to the states and their order; here are the words for them. Every step is appended to the model's log
with its time and reason. Where a time is stored, `now` is an argument.
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection, Engine, RowMapping, case, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from cluster.canary import Decision, Evidence, decide, takes_canary
from cluster.database import storable, transact
from cluster.settings import RegistrySettings
from cluster.tables import MODEL_STEPS, models
from cluster.trial import evidence
from dancecore.errors import DanceError
from dancecore.models.bundle import Bundle, described

State = Literal["candidate", "canary", "production", "retired"]
Target = Literal["canary", "production"]
METRICS = ("seg_IoU", "frame_F1", "top1_acc")
"""What is known of every model that is registered, each 0..1, measured on what its training never saw."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as stored. sha256: of its description, which holds that of its weights. promoted_at: when it last went
    into production. log: entries {state, ts_ms, reason}, oldest first. Times are UTC."""

    model_id: str
    arch: str
    feature_version: str
    train_data: dict[str, Any]
    metrics: dict[str, float]
    calibration: dict[str, float]
    sha256: str
    state: State
    state_at: datetime
    promoted_at: datetime | None
    log: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """Which models serve now, by id; None where there is none."""

    production: str | None
    canary: str | None

    def model_for(self, sha256: str, share: float) -> str | None:
        """The model that serves a clip: the canary for its `share` (0..1) of the clips, else the one in production."""
        if self.canary is not None and takes_canary(sha256, self.canary, share):
            return self.canary
        return self.production


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule said of the canary, and on what evidence."""

    decision: Decision
    evidence: Evidence


def register(pool: Engine, bundle: Bundle, now: datetime) -> bool:
    """Store a model as a candidate; False when the same bundle is registered already.

    Raises DanceError: INVALID_INPUT when one of METRICS is not told, or when another bundle has this id; BAD_BUNDLE.
    """
    untold = [name for name in METRICS if not _is_score(bundle.metrics.get(name))]
    if untold:
        said = f"{bundle.model_id} does not say what it scored, each 0..1: {', '.join(untold)}"
        raise DanceError("INVALID_INPUT", said)
    return transact(pool, lambda tx: _register(tx, bundle, now))


def list_models(pool: Engine) -> list[StoredModel]:
    """Every model: in production, on trial, candidates, retired; the newest first in each state."""
    shown = ("production", "canary", "candidate", "retired")
    order = case({state: place for place, state in enumerate(shown)}, value=models.c.state)
    query = select(models).order_by(order, models.c.state_at.desc(), models.c.id)
    return transact(pool, lambda tx: [_stored(row) for row in tx.execute(query).mappings()])


def serving(pool: Engine) -> Serving:
    """Which models serve now. Ask once a batch, then `Serving.model_for` for each clip."""
    return transact(pool, _serving)


def promote(pool: Engine, model_id: str, to: Target | None, reason: str, now: datetime) -> StoredModel:
    """Bring a model to "canary" or "production" (None: its next step) and return it; nothing happens when it is there.

    The model that was in production retires. The next step of a candidate is canary, or production when nothing is;
    that of a canary is production. Raises DanceError: NOT_FOUND; INVALID_INPUT for a step that cannot be.
    """
    # Chosen before the transaction that takes the step: tried again, that one must not go a step further.
    target = transact(pool, lambda tx: _next(_find(tx, model_id), _serving(tx))) if to is None else to
    return transact(pool, lambda tx: _promote(_locked(tx), model_id, target, reason, now))


def retire(pool: Engine, model_id: str, reason: str, now: datetime) -> StoredModel:
    """Take a candidate or a canary out of use; nothing happens when it is. Raises as `promote` does.

    What is in production retires only when another model takes its place.
    """
    return transact(pool, lambda tx: _retire(_locked(tx), model_id, reason, now))


def judge_canary(pool: Engine, now: datetime, settings: RegistrySettings, *, act: bool) -> Verdict:
    """Apply the rule of cluster.canary at `now`; with `act` do what it says, in the same transaction.

    Raises DanceError("NOT_FOUND") when no model is on trial.
    """
    return transact(pool, lambda tx: _judge(_locked(tx), now, settings, act))


def _register(tx: Connection, bundle: Bundle, now: datetime) -> bool:
    try:
        said = json.dumps(described(bundle), sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise DanceError("BAD_BUNDLE", f"{bundle.model_id} holds a number that is not finite") from error
    digest = sha256(said.encode()).hexdigest()
    row = {
        "id": bundle.model_id, "arch": bundle.arch, "feature_version": bundle.feature_version,
        "train_data": bundle.train_data | {"taxonomy": bundle.taxonomy}, "metrics": bundle.metrics,
        "calibration": {"temperature": bundle.temperature}, "sha256": digest,
        "state_at": now, "log": [_entry("candidate", "registered", now)],
    }  # fmt: skip
    made = upsert(models).values(row).on_conflict_do_nothing(index_elements=["id"]).returning(models.c.id)
    if tx.execute(made).one_or_none():
        return True
    known = tx.scalar(select(models.c.sha256).where(models.c.id == bundle.model_id))
    if known != digest:
        message = f"another bundle is registered as {bundle.model_id}; give this one an id of its own"
        raise DanceError("INVALID_INPUT", message, {"registered": known, "given": digest})
    return False


def _is_score(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _serving(tx: Connection) -> Serving:
    rows = tx.execute(select(models.c.state, models.c.id).where(models.c.state.in_(("production", "canary"))))
    by_state = {row.state: row.id for row in rows}
    return Serving(by_state.get("production"), by_state.get("canary"))


def _locked(tx: Connection) -> Connection:
    """Writers of states take turns; readers do not wait."""
    tx.execute(text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"))
    return tx


def _promote(tx: Connection, model_id: str, target: Target, reason: str, now: datetime) -> StoredModel:
    model, serves = _find(tx, model_id), _serving(tx)
    if target == model.state:
        return model
    _check_step(model, target)
    if target == "canary":
        if serves.production is None:
            raise DanceError("INVALID_INPUT", "nothing is in production that a canary could be compared with")
        if serves.canary is not None:
            message = f"{serves.canary} is the canary now: promote or retire it first"
            raise DanceError("INVALID_INPUT", message, {"canary": serves.canary})
    elif serves.production is not None:
        _step(tx, serves.production, "retired", f"{model_id} took its place", now)
    return _step(tx, model_id, target, reason, now)


def _next(model: StoredModel, serves: Serving) -> Target:
    if model.state == "candidate":
        return "canary" if serves.production is not None else "production"
    if model.state == "retired":
        message = f"{model.model_id} is retired; only --to production brings it back"
        raise DanceError("INVALID_INPUT", message)
    return "production"


def _retire(tx: Connection, model_id: str, reason: str, now: datetime) -> StoredModel:
    model = _find(tx, model_id)
    if model.state == "production":
        raise DanceError("INVALID_INPUT", f"{model_id} is in production; promote another model, and it retires")
    return model if model.state == "retired" else _step(tx, model_id, "retired", reason, now)


def _judge(tx: Connection, now: datetime, settings: RegistrySettings, act: bool) -> Verdict:
    serves = _serving(tx)
    if serves.canary is None or serves.production is None:
        raise DanceError("NOT_FOUND", "no model is on trial; `danceapp models promote` makes a candidate the canary")
    began = (_find(tx, each).state_at for each in (serves.canary, serves.production))
    found = evidence(tx, serves.canary, serves.production, max(began))
    decision = decide(found, now, settings)
    if act and decision.action == "promote":
        _promote(tx, serves.canary, "production", decision.reason, now)
    elif act and decision.action == "roll back":
        _retire(tx, serves.canary, f"rolled back: {decision.reason}", now)
    return Verdict(decision, found)


def _find(tx: Connection, model_id: str) -> StoredModel:
    row = tx.execute(select(models).where(models.c.id == storable(model_id))).mappings().one_or_none()
    if row is None:
        raise DanceError("NOT_FOUND", f"no model {model_id!r} is registered; `danceapp models` lists those that are")
    return _stored(row)


def _check_step(model: StoredModel, target: Target) -> None:
    if (model.state, target) not in MODEL_STEPS:
        message = f"{model.model_id} is {model.state}, from where no way leads to {target}"
        raise DanceError("INVALID_INPUT", message)


def _step(tx: Connection, model_id: str, to: State, reason: str, now: datetime) -> StoredModel:
    log = models.c.log.concat(literal([_entry(to, reason, now)], JSONB))
    promoted = {"promoted_at": now} if to == "production" else {}
    changed = update(models).where(models.c.id == model_id).values(state=to, state_at=now, log=log, **promoted)
    return _stored(tx.execute(changed.returning(models)).mappings().one())


def _entry(state: State, reason: str, now: datetime) -> dict[str, Any]:
    return {"state": state, "ts_ms": int(now.timestamp() * 1000), "reason": storable(reason)}


def _stored(row: RowMapping) -> StoredModel:
    facts = {field.name: row[field.name] for field in fields(StoredModel) if field.name not in ("model_id", "log")}
    return StoredModel(model_id=row["id"], log=tuple(row["log"]), **facts)
