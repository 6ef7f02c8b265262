"""`danceapp models`: the way of a bundle from its folder into production, in the words of the command line."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster.library import TAXONOMY, shipped
from cluster.migrate import downgrade
from cluster.registry import list_models
from dancecore.models.bundle import write_bundle
from tests.cluster.models import SCORES, a_bundle
from tests.jobs.test_cli import danceapp


@pytest.fixture
def bundles(tmp_path: Path, own_index: Engine) -> Path:
    """The folder of two bundles."""
    for name in ("mv-0.1.0", "mv-0.2.0"):
        write_bundle(a_bundle(name), tmp_path / name)
    return tmp_path


def said(*words: str) -> str:
    done = danceapp("models", *words)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_from_a_folder_into_production(bundles: Path, own_index: Engine) -> None:
    assert said("register", str(bundles / "mv-0.1.0")) == "mv-0.1.0 is a candidate now\n"
    assert said("register", str(bundles / "mv-0.1.0")) == "mv-0.1.0 is registered already\n"
    assert said("promote", "mv-0.1.0") == "mv-0.1.0 is in production now\n"
    said("register", str(bundles / "mv-0.2.0"))
    assert said("promote", "mv-0.2.0", "--to", "canary", "--reason", "try") == "mv-0.2.0 is the canary now\n"
    listed = said()
    assert listed.splitlines()[0].startswith("lite")
    rows = [line.split() for line in listed.splitlines()[-2:]]
    assert [row[:2] for row in rows] == [["mv-0.1.0", "production"], ["mv-0.2.0", "canary"]]
    assert rows[0][-3:] == [f"{score:.3f}" for score in SCORES.values()]
    assert said("promote", "mv-0.2.0") == "mv-0.2.0 is in production now\n"
    assert said("promote", "mv-0.1.0", "--to", "production") == "mv-0.1.0 is in production now\n"
    (_, gone) = list_models(own_index)
    assert (gone.model_id, gone.log[1]["reason"], gone.log[2]["reason"]) == ("mv-0.2.0", "try", "by hand")


def test_a_candidate_is_retired(bundles: Path) -> None:
    said("register", str(bundles / "mv-0.1.0"))
    assert said("retire", "mv-0.1.0", "--reason", "worse") == "mv-0.1.0 is retired now\n"


def test_json_tells_both_kinds_apart(bundles: Path) -> None:
    said("register", str(bundles / "mv-0.1.0"))
    rows = json.loads(said("--json"))
    assert [row["kind"] for row in rows] == ["pose", "pose", "pose", "classifier"]
    told = rows[-1]
    assert (told["model_id"], told["state"], told["metrics"], told["promoted_at"]) == (
        "mv-0.1.0", "candidate", SCORES, None,
    )  # fmt: skip
    assert told["calibration"] == {"temperature": 1.3}


def test_a_database_without_a_registry_has_no_classifiers(own_index: Engine) -> None:
    bundle = shipped(TAXONOMY)
    assert bundle
    for revision in (None, "0002"):
        if revision:
            downgrade(own_index, revision)
        last = said().splitlines()[-1]
        assert last.startswith(f"nothing is in production: {bundle.model_id}, which is shipped, serves")


def test_the_verdict_on_the_canary(bundles: Path) -> None:
    for name in ("mv-0.1.0", "mv-0.2.0"):
        said("register", str(bundles / name))
        said("promote", name)
    lines = said("canary", "--dry-run").splitlines()
    assert lines[0].startswith("mv-0.2.0: keep (nothing was done): 48.0 h of 48 h are left")
    assert [line.split()[:2] for line in lines[1:3]] == [["canary", "mv-0.2.0"], ["production", "mv-0.1.0"]]
    assert "0 clips, 0.0 % of the named time differs" in lines[3]
    told = json.loads(said("canary", "--json"))
    assert (told["action"], told["acted"], told["evidence"]["production_id"]) == ("keep", True, "mv-0.1.0")
    assert told["evidence"]["canary"] == {"clips": 0, "segments": 0, "corrections": 0}


FAILURES = [
    (["register", "/nowhere"], "FILE_NOT_FOUND"),
    (["promote", "mv-9.9.9"], "NOT_FOUND"),
    (["retire", "mv-9.9.9"], "NOT_FOUND"),
    (["canary"], "NOT_FOUND"),
]


@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize(("words", "code"), FAILURES, ids=[" ".join(words) for words, _ in FAILURES])
def test_a_failure_is_one_line(words: list[str], code: str) -> None:
    done = danceapp("models", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"danceapp: {code}: ")
    assert done.stderr.count("\n") == 1


def test_a_damaged_bundle_is_one_line(bundles: Path) -> None:
    (bundles / "mv-0.1.0" / "model.onnx").write_bytes(b"damaged")
    done = danceapp("models", "register", str(bundles / "mv-0.1.0"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("danceapp: BAD_BUNDLE: ")
