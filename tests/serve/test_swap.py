"""A model that is promoted is taken up by replicas that run."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from cluster import registry
from cluster.library import Library
from cluster.objects import LocalObjects
from cluster.serving import store_bundle
from dancecore.errors import DanceError
from dancecore.models.bundle import Bundle
from serve.deployments import MoveFinder
from tests.serve.conftest import ReadyFinder

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def finder(pool: Engine, store: LocalObjects, library: Library) -> MoveFinder:
    made = ReadyFinder(pool, store, library)
    made.reconfigure({"model": None})
    return made


@pytest.fixture
def bundle(library: Library) -> Bundle:
    assert library.bundle is not None
    return library.bundle


def promote(pool: Engine, bundle: Bundle, model_id: str, store: LocalObjects | None) -> None:
    """Put the bundle into production under this id, its files into the store if there is one."""
    named = replace(bundle, model_id=model_id, temperature=bundle.temperature * 1.5)
    registry.register(pool, named, NOW)
    if store is not None:
        store_bundle(store, named)
    registry.promote(pool, model_id, "production", "test", NOW)


def serves(finder: MoveFinder) -> str:
    _, classifier = finder.kept[finder.versions()]
    assert classifier is not None
    assert classifier.bundle.model_id == finder.versions().model.rpartition(".")[0]
    return classifier.bundle.model_id


def test_a_promotion_is_seen_at_the_next_health_check(
    finder: MoveFinder, pool: Engine, store: LocalObjects, bundle: Bundle
) -> None:
    assert serves(finder) == bundle.model_id
    promote(pool, bundle, "mv-9.0.0", store)
    assert serves(finder) == bundle.model_id
    before = finder.versions()
    finder.check_health()
    assert serves(finder) == "mv-9.0.0"
    assert replace(finder.versions(), model=before.model) == before
    with pytest.raises(DanceError, match="OBJECT_MISSING"):
        finder.features("vid_1", before)  # whoever asked before the promotion is answered as before
    with pytest.raises(DanceError, match="MODEL_REPLACED"):
        finder.features("vid_1", replace(before, model="mv-0.0.1"))


def test_a_model_that_is_named_in_user_config_stays(
    finder: MoveFinder, pool: Engine, store: LocalObjects, bundle: Bundle
) -> None:
    promote(pool, bundle, "mv-9.0.0", store)
    promote(pool, bundle, "mv-9.1.0", store)
    finder.reconfigure({"model": "mv-9.0.0"})
    finder.check_health()
    assert serves(finder) == "mv-9.0.0"
    finder.reconfigure({"model": None})
    assert serves(finder) == "mv-9.1.0"


def test_a_model_whose_files_are_gone_leaves_the_one_that_serves(
    finder: MoveFinder, pool: Engine, bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    promote(pool, bundle, "mv-9.0.0", None)
    finder.check_health()
    assert serves(finder) == bundle.model_id
    assert "mv-9.0.0 is gone" in caplog.text
    with pytest.raises(DanceError, match="OBJECT_MISSING"):
        finder.reconfigure({"model": "mv-9.0.0"})
