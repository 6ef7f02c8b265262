"""Indexing with a canary on trial: who names a clip, what is kept of both, and what a verdict changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from cluster import keys
from cluster.artifacts import unpack_segments
from cluster.canary import compare, takes_canary
from cluster.database import engine
from cluster.ids import video_id
from cluster.library import load_library, store_moves
from cluster.objects import objects
from cluster.registry import list_models
from cluster.serving import Served, served, store_bundle, stored_bundle
from cluster.settings import settings
from cluster.tables import analysis_jobs, videos
from dancecore.errors import DanceError
from dancecore.models.bundle import Bundle, described, write_bundle
from jobs import registry
from jobs.index import outstanding, run
from jobs.probe import find_clips, manifest_path
from jobs.summary import Summary, summarise
from tests.cluster.models import a_bundle
from tests.jobs.quick import QuickWorker

OLD = "mv-8.0.0"
NAMES = ["a.mp4", "b.mp4", "c.mp4"]


@dataclass(frozen=True)
class Trial:
    """Clips of which the canary `new` gets some, `tried` by file name."""

    folder: Path
    new: str
    tried: frozenset[str]


@pytest.fixture
def begin(
    own_index: Engine, make_clip: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Bundle], Bundle]], Trial]:
    """A function that puts the shipped model, as OLD, into production and what it is changed into on trial."""
    monkeypatch.setenv("DANCEAPP_REGISTRY__CANARY_SHARE", "0.5")
    monkeypatch.setenv("DANCEAPP_REGISTRY__MIN_CLIPS", "1")
    settings.cache_clear()
    bundle = load_library(settings()).bundle
    assert bundle

    def begun(changed: Callable[[Bundle], Bundle]) -> Trial:
        shas = {name: sha256(make_clip(name).read_bytes()).hexdigest() for name in NAMES}
        takers = {f"mv-9.0.{k}": {n for n, sha in shas.items() if takes_canary(sha, f"mv-9.0.{k}", 0.5)}
                  for k in range(20)}  # fmt: skip
        new = next(model for model, tried in takers.items() if 0 < len(tried) < len(NAMES))
        for each in (replace(bundle, model_id=OLD), replace(changed(bundle), model_id=new)):
            registry.register(write_bundle(each, tmp_path / each.model_id))
            registry.promote(each.model_id, None, None)
        return Trial(tmp_path / "clips", new, frozenset(takers[new]))

    return begun


def serves() -> Served:
    library = load_library(settings())
    store_moves(engine(), library.taxonomy)
    return served(engine(), objects(), library, settings().registry)


def index(trial: Trial) -> Summary:
    """As `jobs.index.index` does, on the Ray of the session."""
    models = serves()
    work = outstanding(find_clips([trial.folder]), manifest_path([trial.folder]), models, settings())
    return summarise(work.refused, list(run(work.todo, models, settings(), QuickWorker)), work.skipped)


def analyses(pool: Engine) -> dict[str, tuple[str, str, dict[str, float]]]:
    """Of each clip by name: its sha256, the version of the model that named it, and the metrics."""
    of_clip = select(videos.c.filename, videos.c.sha256, analysis_jobs.c.model_version, analysis_jobs.c.metrics)
    with pool.connect() as connection:
        rows = connection.execute(of_clip.join(analysis_jobs, analysis_jobs.c.id == videos.c.indexed_by)).all()
    return {row.filename: (row.sha256, row.model_version, row.metrics) for row in rows}


def named_by(pool: Engine) -> dict[str, str]:
    return {name: version.rpartition(".")[0] for name, (_, version, _) in analyses(pool).items()}


def surer(bundle: Bundle) -> Bundle:
    """Names nearly the same."""
    return replace(bundle, temperature=bundle.temperature * 1.01)


def confused(bundle: Bundle) -> Bundle:
    """Gives every move another's name."""
    return replace(bundle, labels=(*bundle.labels[2:-1], *bundle.labels[:2], bundle.labels[-1]))


@pytest.mark.usefixtures("ray_here")
def test_the_canary_names_its_clips_and_a_promotion_renames_the_others(
    own_index: Engine, begin: Callable[[Callable[[Bundle], Bundle]], Trial]
) -> None:
    trial = begin(surer)
    assert index(trial).indexed == len(NAMES)
    assert named_by(own_index) == {name: trial.new if name in trial.tried else OLD for name in NAMES}
    of_production = serves().production.versions.model
    for name, (sha, version, metrics) in analyses(own_index).items():
        found = [unpack_segments(objects().get(keys.segments(video_id(sha), v))) for v in (of_production, version)]
        assert metrics == (compare(*found) if name in trial.tried else {})
    assert index(trial).skipped == len(NAMES)
    assert kept(hours=47)
    assert not kept(hours=49)
    assert {model.model_id: model.state for model in list_models(own_index)} == {
        trial.new: "production",
        OLD: "retired",
    }
    again = index(trial)
    assert (again.skipped, again.indexed, again.posed) == (len(trial.tried), len(NAMES) - len(trial.tried), 0)
    assert set(named_by(own_index).values()) == {trial.new}


@pytest.mark.usefixtures("ray_here")
def test_what_a_canary_named_is_named_as_before_when_it_is_rolled_back(
    own_index: Engine, begin: Callable[[Callable[[Bundle], Bundle]], Trial], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANCEAPP_DECODING__OTHER_DISTANCE", "9")  # everything gets a name
    monkeypatch.setenv("DANCEAPP_DECODING__TEMPLATE_WEIGHT", "0")
    settings.cache_clear()
    trial = begin(confused)
    index(trial)
    metrics = [told for _, _, told in analyses(own_index).values() if told]
    assert sum(told["differing_ms"] for told in metrics) > 0.35 * sum(told["named_ms"] for told in metrics) > 0
    assert not kept(hours=1)
    assert {model.model_id: model.state for model in list_models(own_index)} == {
        OLD: "production",
        trial.new: "retired",
    }
    again = index(trial)
    assert (again.skipped, again.indexed, again.posed) == (len(NAMES) - len(trial.tried), len(trial.tried), 0)
    assert set(named_by(own_index).values()) == {OLD}


def kept(hours: float) -> bool:
    """Whether the canary is still on trial after the rule was applied so long from now."""
    verdict = registry.settle(datetime.now(UTC) + timedelta(hours=hours))
    assert verdict
    return verdict.decision.action == "keep"


@pytest.mark.usefixtures("own_index")
def test_without_a_model_in_production_the_shipped_one_serves() -> None:
    library = load_library(settings())
    assert served(engine(), objects(), library, settings().registry) == Served(
        library, None, settings().registry.canary_share
    )
    assert registry.settle(datetime.now(UTC)) is None


@pytest.mark.usefixtures("own_index")
def test_a_registered_model_is_stored_whole() -> None:
    bundle = a_bundle()
    store_bundle(objects(), bundle)
    stored = stored_bundle(objects(), bundle.model_id, bundle.taxonomy)
    assert (described(stored), stored.network) == (described(bundle), bundle.network)
    for wrong, code in (("mv-7.7.7", "OBJECT_MISSING"), (bundle.model_id, "BAD_BUNDLE")):
        with pytest.raises(DanceError) as raised:
            stored_bundle(objects(), wrong, "tx-9.9")
        assert raised.value.code == code
