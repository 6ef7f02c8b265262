"""`danceapp taxonomy publish`: templates and exemplars under their keys, resumed and renewed."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
import yaml
from sqlalchemy import Engine, select

from cluster.database import connect
from cluster.library import TAXONOMY
from cluster.objects import objects
from cluster.settings import settings
from cluster.tables import moves, templates
from dancecore.errors import DanceError
from dancecore.matching.templates import load
from dancecore.media import probe
from jobs.publish import _rendered, publish

NAMES = ("mv_clap", "mv_dab", "mv_floss")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A taxonomy of three moves."""
    shutil.copy(TAXONOMY / "taxonomy.yaml", tmp_path)
    for name in NAMES:
        raw = yaml.safe_load((TAXONOMY / f"{name}.yaml").read_text())
        raw["transitions"] = [other for other in NAMES if other != name]
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(raw))
    return tmp_path


def test_templates(own_index: Engine, folder: Path) -> None:
    count, videos = publish(settings(), 0, folder)
    with connect(own_index) as connection:
        rows = connection.execute(select(templates)).all()
        canonical = dict(connection.execute(select(moves.c.id, moves.c.canonical_template)).all())  # type: ignore[arg-type]
    assert (len(rows), videos) == (count, 0)
    assert {row.taxonomy_version for row in rows} == {"tx-0.1"}
    assert {load(objects().get(row.feature_seq)).template_id for row in rows} == {row.id for row in rows}
    assert set(canonical) == set(NAMES)
    assert set(canonical.values()) <= {row.id for row in rows}
    sources = {load(objects().get(row.feature_seq)).source for row in rows}
    assert sources == set(settings().templates.styles)


def test_again_changes_nothing(own_index: Engine, folder: Path) -> None:
    publish(settings(), 0, folder)
    before = objects().keys()
    publish(settings(), 0, folder)
    assert objects().keys() == before


def test_what_is_left_is_not_rendered_when_one_fails(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    begun = []

    def render(key: str, *_: object) -> None:
        begun.append(key)
        sleep(0.02)
        raise DanceError("STORAGE_FULL", "no room")

    monkeypatch.setattr("jobs.publish.ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))
    monkeypatch.setattr("jobs.publish._render", render)
    with pytest.raises(DanceError, match="no room"):
        list(_rendered({f"k{i}": ("mv_dab", i) for i in range(50)}, settings(), folder))
    assert len(begun) < 10


def test_exemplars_are_made_once_and_renewed(own_index: Engine, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("anny", reason="the synthetic dancer needs the extra `synthetic`")
    for gone in ("mv_clap", "mv_floss"):
        raw = yaml.safe_load((folder / f"{gone}.yaml").read_text())
        (folder / f"{gone}.yaml").write_text(
            yaml.safe_dump(raw | {"deprecated": {"since": "tx-0.1", "use": ["mv_dab"]}})
        )
    raw = yaml.safe_load((folder / "mv_dab.yaml").read_text())
    assert publish(settings(), 1, folder)[1] == 1
    (key,) = objects().keys("moves/mv_dab/exemplars/")
    (tmp_path / "exemplar.mp4").write_bytes(objects().get(key))
    assert probe(tmp_path / "exemplar.mp4", settings().media).has_audio
    assert publish(settings(), 1, folder)[1] == 0
    raw["motion"]["bounce"] = raw["motion"].get("bounce", 0) + 2  # another motion
    (folder / "mv_dab.yaml").write_text(yaml.safe_dump(raw))
    assert publish(settings(), 1, folder)[1] == 1
    assert key not in objects().keys("moves/mv_dab/exemplars/")
