"""The registry: registering, steps, who serves a clip, and the trial of a canary under a made-up clock."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func

from cluster import index
from cluster.canary import Arm, takes_canary
from cluster.ids import video_id
from cluster.index import write_clip
from cluster.registry import (
    Serving,
    State,
    StoredModel,
    judge_canary,
    list_models,
    promote,
    register,
    retire,
    serving,
)
from cluster.settings import RegistrySettings
from cluster.tables import annotations
from dancecore.errors import DanceError
from tests.cluster.models import SCORES, a_bundle
from tests.cluster.stored import V1, catalogue, clip, dump, own, put, sha

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
NUMBERS = RegistrySettings(
    canary_share=0.1, stable_h=48, min_clips=4, max_disagreement=0.35, max_correction_rise=0.01, confidence=0.95
)
OLD, NEW = "mv-0.1.0", "mv-0.2.0"


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def states(pool: Engine) -> dict[str, State]:
    return {model.model_id: model.state for model in list_models(pool)}


def one(pool: Engine, model_id: str) -> StoredModel:
    (found,) = [model for model in list_models(pool) if model.model_id == model_id]
    return found


@pytest.fixture
def trial(pool: Engine) -> Engine:
    """OLD in production for a day, NEW the canary from START on."""
    catalogue(pool)
    for model, hours in ((OLD, -24), (NEW, 0)):
        register(pool, a_bundle(model), after(hours))
        promote(pool, model, None, "first" if model == OLD else "try it", after(hours))
    return pool


def test_what_is_registered(pool: Engine) -> None:
    assert register(pool, a_bundle(), START)
    (model,) = list_models(pool)
    assert (model.model_id, model.state, model.arch, model.feature_version) == (OLD, "candidate", "tcn", "fv-1")
    assert model.train_data == {"clips": 300, "segments": 4000, "taxonomy": "tx-0.1"}
    assert (model.metrics, model.calibration) == (SCORES, {"temperature": 1.3})
    assert (model.state_at, model.promoted_at) == (START, None)
    assert model.log == ({"state": "candidate", "ts_ms": 1780315200000, "reason": "registered"},)


def test_registering_again_changes_nothing_and_another_bundle_is_refused(pool: Engine) -> None:
    register(pool, a_bundle(), START)
    before = dump(pool)
    assert not register(pool, a_bundle(), after(1))
    for other in (a_bundle(network=b"other"), a_bundle(temperature=1.4), a_bundle(metrics=SCORES | {"frame_F1": 0.8})):
        with pytest.raises(DanceError, match=r"INVALID_INPUT.*another bundle is registered as mv-0\.1\.0"):
            register(pool, other, after(1))
    assert dump(pool) == before


UNTOLD: dict[str, dict[str, Any]] = {
    "seg_IoU": {"frame_F1": 0.9, "top1_acc": 0.9},
    "frame_F1": SCORES | {"frame_F1": 1.2},
    "top1_acc": SCORES | {"top1_acc": float("nan")},
    "seg_IoU, frame_F1": SCORES | {"seg_IoU": "good", "frame_F1": None},
}


@pytest.mark.parametrize("name", UNTOLD)
def test_a_model_tells_what_it_scored(pool: Engine, name: str) -> None:
    with pytest.raises(DanceError, match=f"INVALID_INPUT.*{name}"):
        register(pool, a_bundle(metrics=UNTOLD[name]), START)


def test_every_number_of_a_bundle_is_finite(pool: Engine) -> None:
    with pytest.raises(DanceError, match="BAD_BUNDLE"):
        register(pool, a_bundle(metrics=SCORES | {"edit": float("nan")}), START)


def test_the_way_of_a_model(trial: Engine) -> None:
    assert states(trial) == {OLD: "production", NEW: "canary"}
    assert serving(trial) == Serving(production=OLD, canary=NEW)
    made = promote(trial, NEW, None, "it is good", after(50))
    assert (made.state, made.state_at, made.promoted_at) == ("production", after(50), after(50))
    assert [(entry["state"], entry["reason"]) for entry in made.log] == [
        ("candidate", "registered"), ("canary", "try it"), ("production", "it is good"),
    ]  # fmt: skip
    assert [entry["ts_ms"] for entry in made.log] == [
        int(after(hours).timestamp() * 1000) for hours in (0, 0, 50)
    ]  # fmt: skip
    gone = one(trial, OLD)
    assert (gone.state, gone.promoted_at, gone.log[-1]["reason"]) == ("retired", after(-24), f"{NEW} took its place")
    back = promote(trial, OLD, "production", "it was better", after(60))
    assert (back.state, back.promoted_at) == ("production", after(60))
    assert states(trial) == {OLD: "production", NEW: "retired"}


def test_a_step_that_was_taken_is_not_taken_again(trial: Engine) -> None:
    before = dump(trial)
    promote(trial, NEW, "canary", "again", after(1))
    promote(trial, OLD, "production", "again", after(1))
    promote(trial, OLD, None, "again", after(1))
    assert dump(trial) == before
    retire(trial, NEW, "no", after(1))
    before = dump(trial)
    retire(trial, NEW, "no", after(2))
    assert dump(trial) == before


IMPOSSIBLE: list[tuple[str, Any, str]] = [
    ("unknown", lambda pool: promote(pool, "mv-9.9.9", None, "", START), "NOT_FOUND"),
    ("retire unknown", lambda pool: retire(pool, "nul\0", "", START), "NOT_FOUND"),
    ("two canaries", lambda pool: promote(pool, "mv-0.3.0", "canary", "", START), "mv-0.2.0 is the canary now"),
    ("production to canary", lambda pool: promote(pool, OLD, "canary", "", START), "no way leads to canary"),
    ("retire production", lambda pool: retire(pool, OLD, "", START), "promote another model"),
    ("retired on", lambda pool: promote(pool, "mv-0.4.0", None, "", START), "only --to production"),
    ("retired to canary", lambda pool: promote(pool, "mv-0.4.0", "canary", "", START), "no way leads to canary"),
]


@pytest.mark.parametrize(("step", "words"), [row[1:] for row in IMPOSSIBLE], ids=[row[0] for row in IMPOSSIBLE])
def test_steps_that_cannot_be(trial: Engine, step: Any, words: str) -> None:
    for model in ("mv-0.3.0", "mv-0.4.0"):
        register(trial, a_bundle(model), START)
    retire(trial, "mv-0.4.0", "bad", START)
    before = dump(trial)
    with pytest.raises(DanceError, match=words):
        step(trial)
    assert dump(trial) == before


def test_there_is_no_canary_without_production(pool: Engine) -> None:
    register(pool, a_bundle(), START)
    with pytest.raises(DanceError, match="nothing is in production"):
        promote(pool, OLD, "canary", "", START)
    with pytest.raises(DanceError, match=r"NOT_FOUND.*no model is on trial"):
        judge_canary(pool, START, NUMBERS, act=True)
    assert serving(pool) == Serving(None, None)
    assert promote(pool, OLD, None, "the first", START).state == "production"


def test_who_serves_a_clip() -> None:
    clips = [hashlib.sha256(bytes([place])).hexdigest() for place in range(200)]
    both = Serving(OLD, NEW)
    served = [both.model_for(clip, 0.1) for clip in clips]
    assert served == [NEW if takes_canary(clip, NEW, 0.1) else OLD for clip in clips]
    assert set(served) == {OLD, NEW}
    assert {Serving(OLD, None).model_for(clip, 0.1) for clip in clips} == {OLD}
    assert Serving(None, None).model_for(clips[0], 0.1) is None


def test_eight_promote_at_once(trial: Engine) -> None:
    names = [f"mv-1.0.{number}" for number in range(4)]
    for name in names:
        register(trial, a_bundle(name), START)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda name: promote(trial, name, "production", "race", after(1)), names * 2))
    assert all(model.state == "production" for model in made)
    found = states(trial)
    assert sorted(found.values()) == ["canary", "production", *["retired"] * 4]
    assert found[NEW] == "canary"


class Clips:
    """Clips that a model analysed: one each time it is asked, of ten segments of a second, at a made-up time."""

    def __init__(self, pool: Engine, patch: pytest.MonkeyPatch) -> None:
        self.pool, self.patch, self.count = pool, patch, 0

    def __call__(self, model: str, at: datetime, *, differing_ms: float | None = None, corrected: int = 0) -> str:
        name = f"{self.count}.mp4"
        self.count += 1
        self.patch.setattr(index, "_now_ms", lambda: int(at.timestamp() * 1000))
        spans = [("mv_dab", 1000 * place, 1000 * place + 1000) for place in range(10)]
        made = clip(name, *spans, versions=replace(V1, model=f"{model}.0123abcd"))
        metrics = {} if differing_ms is None else {"named_ms": 10_000.0, "differing_ms": differing_ms}
        write_clip(self.pool, replace(made, metrics=metrics))
        for place in range(corrected):
            self.annotate(name, 1000 * place + 200, 1000 * place + 900, "mv_floss")
        return name

    def annotate(self, name: str, start_ms: int, end_ms: int, move: str, **values: Any) -> None:
        key = f"ann_{name}_{start_ms}_{end_ms}_{move}"
        row = {"id": key, "video": video_id(sha(name)), "start_ms": start_ms, "end_ms": end_ms, "move": move}
        put(self.pool, annotations, **row | values)


@pytest.fixture
def clips(trial: Engine, monkeypatch: pytest.MonkeyPatch) -> Clips:
    return Clips(trial, monkeypatch)


def test_what_counts_as_evidence(trial: Engine, clips: Clips) -> None:
    clips(OLD, after(-1), corrected=3)  # before the trial
    clips(OLD, after(1), corrected=1)
    clips(OLD, after(2))
    clips(NEW, after(1), differing_ms=2000, corrected=2)
    clips(NEW, after(2), differing_ms=500)
    clips(NEW, after(2))  # production did not look at it
    clips("mv-0.2.00", after(2), corrected=9)  # neither of them
    own(trial, clips(NEW, after(3), differing_ms=9000, corrected=5), deleted_at=func.now())
    name = clips(NEW, after(3), differing_ms=0)
    clips.annotate(name, 0, 1000, "mv_dab")  # agrees
    clips.annotate(name, 1000, 1500, "mv_floss")  # no more than half
    clips.annotate(name, 2000, 3000, "mv_floss", status="REJECTED")
    clips.annotate(name, 3400, 4600, "mv_floss")  # more than half of two
    clips.annotate(name, 3300, 4000, "mv_spin")  # twice about one
    found = judge_canary(trial, after(5), NUMBERS, act=True).evidence
    assert (found.canary_id, found.production_id, found.since) == (NEW, OLD, START)
    assert (found.canary.clips, found.canary.segments, found.canary.corrections) == (4, 40, 4)
    assert (found.production.clips, found.production.segments, found.production.corrections) == (2, 20, 1)
    assert (found.compared, found.named_ms, found.differing_ms) == (3, 30_000, 2500)


def test_other_counts_as_corrected_when_somebody_names_it(trial: Engine, clips: Clips) -> None:
    clips(OLD, after(1))
    write_clip(trial, clip("odd.mp4", ("other", 0, 1000), versions=replace(V1, model=NEW)))
    clips.annotate("odd.mp4", 0, 1000, "mv_dab")
    assert judge_canary(trial, after(1), NUMBERS, act=True).evidence.canary == Arm(1, 1, 1)


def test_a_good_canary_goes_into_production_after_48_hours(trial: Engine, clips: Clips) -> None:
    for hours in range(4):
        clips(NEW, after(hours), differing_ms=1000)
        clips(OLD, after(hours), corrected=1)
    for hours in (4, 24, 47.9):
        assert judge_canary(trial, after(hours), NUMBERS, act=True).decision.action == "keep"
        assert states(trial) == {OLD: "production", NEW: "canary"}
    assert judge_canary(trial, after(48), NUMBERS, act=False).decision.action == "promote"
    assert states(trial) == {OLD: "production", NEW: "canary"}
    verdict = judge_canary(trial, after(48), NUMBERS, act=True)
    assert states(trial) == {OLD: "retired", NEW: "production"}
    assert one(trial, NEW).promoted_at == after(48)
    assert one(trial, NEW).log[-1]["reason"] == verdict.decision.reason


def test_a_bad_canary_is_rolled_back_at_once(trial: Engine, clips: Clips) -> None:
    for hours in range(4):
        clips(OLD, after(hours))
        clips(NEW, after(hours), differing_ms=1000, corrected=5)
    verdict = judge_canary(trial, after(4), NUMBERS, act=True)
    assert verdict.decision.action == "roll back"
    assert states(trial) == {OLD: "production", NEW: "retired"}
    assert one(trial, NEW).log[-1]["reason"] == f"rolled back: {verdict.decision.reason}"
    assert serving(trial).model_for(sha("any"), 1.0) == OLD


def test_the_period_begins_anew_when_production_changes(trial: Engine, clips: Clips) -> None:
    for hours in range(4):
        clips(NEW, after(hours), differing_ms=1000)
        clips(OLD, after(hours))
    register(trial, a_bundle("mv-0.1.1"), after(40))
    promote(trial, "mv-0.1.1", "production", "a repair", after(40))
    verdict = judge_canary(trial, after(48), NUMBERS, act=True)
    assert (verdict.decision.action, verdict.evidence.since) == ("keep", after(40))
    assert (verdict.evidence.canary.clips, verdict.evidence.production.clips) == (0, 0)
