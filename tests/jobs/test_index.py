"""The indexing job on Ray with quick workers: skipping, resuming, and clips that fail or kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select

from cluster import keys
from cluster.database import engine
from cluster.ids import video_id
from cluster.library import Library, load_library, store_moves
from cluster.objects import LocalObjects, objects
from cluster.serving import served
from cluster.settings import home, settings
from cluster.tables import segments
from dancecore.features.packing import unpack
from dancecore.models.classify import Classifier
from dancecore.models.embed import EMBEDDING_VERSION, embed
from dancecore.types import MS, Span
from jobs.guard import Row
from jobs.index import outstanding, run
from jobs.probe import find_clips, manifest_path
from jobs.summary import Summary, summarise
from tests.jobs.conftest import stored
from tests.jobs.quick import QuickWorker

Make = Callable[[str], Path]
pytestmark = pytest.mark.usefixtures("ray_here")


def index(folder: Path, library: Library | None = None) -> tuple[Summary, dict[str, Row]]:
    """Index a folder as `jobs.index.index` does, on the Ray of the session; rows by file name."""
    library = library or load_library(settings())
    store_moves(engine(), library.taxonomy)
    models = served(engine(), objects(), library, settings().registry)
    manifest = manifest_path([folder])
    work = outstanding(find_clips([folder]), manifest, models, settings())
    rows = list(run(work.todo, models, settings(), QuickWorker))
    return summarise(work.refused, rows, work.skipped), {Path(row["path"]).name: row for row in rows}


def test_a_second_run_changes_nothing(own_index: Engine, make_clip: Make) -> None:
    folder = [make_clip("a.mp4"), make_clip("b.mp4")][0].parent
    first, rows = index(folder)
    assert (first.clips, first.indexed, first.skipped, first.errors) == (2, 2, 0, {})
    assert (first.posed, first.frames, first.ceiling % 1000) == (2, 160, 0)
    assert all(row["changed"] for row in rows.values())
    before = stored(own_index)
    again, _ = index(folder)
    assert (again.clips, again.indexed, again.skipped) == (2, 0, 2)
    assert stored(own_index) == before


def test_every_segment_has_an_embedding(own_index: Engine, make_clip: Make) -> None:
    library = load_library(settings())
    assert library.bundle
    index(make_clip("a.mp4").parent, library)
    with own_index.connect() as connection:
        rows = connection.execute(select(segments)).all()
    assert rows
    for row in rows:
        features = unpack(objects().get(keys.features(row.video, library.versions.features)))
        wanted = embed(Classifier(library.bundle)(features), [Span(row.start_ms * MS, row.end_ms * MS)])[0]
        np.testing.assert_allclose(row.embedding, wanted, atol=1e-4)
        made_by = f"{library.bundle.model_id}.{library.bundle.sha256[:8]}"
        assert row.embedding_version == f"{EMBEDDING_VERSION}.{made_by}.{library.versions.features}"


def test_without_a_classifier_segments_have_no_embedding(own_index: Engine, make_clip: Make) -> None:
    index(make_clip("a.mp4").parent, replace(load_library(settings()), bundle=None))
    with own_index.connect() as connection:
        rows = connection.execute(select(segments)).all()
    assert rows
    assert {(row.embedding, row.embedding_version) for row in rows} == {(None, None)}


def test_a_clip_that_fails_or_kills_costs_only_itself(
    own_index: Engine, make_clip: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """One without a dancer, one that is no video, one that kills every worker, one that kills only the first."""
    folder = make_clip("good.mp4").parent
    make_clip("nobody.mp4"), make_clip("poison.mp4"), make_clip("stumble.mp4")
    (folder / "text.mp4").write_text("not a video")
    summary, rows = index(folder)
    assert summary.errors == {"probe/NOT_A_VIDEO": 1, "pose/NO_PERSON": 1, "pose/WORKER_DIED": 1}
    assert summary.error_share == pytest.approx(3 / 5)
    assert rows["nobody.mp4"]["message"] == "nobody is seen in this clip"
    assert rows["poison.mp4"]["error"] == "pose/WORKER_DIED"
    assert [rows[name]["error"] for name in ("good.mp4", "stumble.mp4")] == ["", ""]
    states = [row[2:4] for row in stored(own_index) if row[0].startswith("anl_")]
    assert sorted(states, key=str) == [
        ("DONE", None), ("DONE", None), ("FAILED", "NO_PERSON"), ("FAILED", "WORKER_DIED"),
    ]  # fmt: skip
    said = capfd.readouterr()
    assert said.out == ""
    first_words = {line.split()[0] for line in said.err.splitlines()}
    assert first_words == {"probe", "workers", "index"}  # Ray is silent about the dead


def test_finished_stages_are_not_done_again(own_index: Engine, make_clip: Make) -> None:
    folder = make_clip("a.mp4").parent
    library = load_library(settings())
    _, rows = index(folder, library)
    before = stored(own_index)
    video, store = video_id(rows["a.mp4"]["sha256"]), LocalObjects(home() / "objects")
    made = [keys.features(video, library.versions.features), keys.keypoints(video, library.versions.pose)]
    marks = [(store.folder / key).stat().st_mtime_ns for key in made]
    newer = replace(library, versions=replace(library.versions, model="dtw-2"))
    summary, _ = index(folder, newer)
    assert (summary.indexed, summary.resumed, summary.posed) == (1, 1, 0)
    assert [(store.folder / key).stat().st_mtime_ns for key in made] == marks
    after = [row for row in stored(own_index) if row[0].startswith("seg_")]
    assert {row[11] for row in after} == {"dtw-2"}
    old = [row for row in before if row[0].startswith("seg_")]
    assert [row[2:9] for row in after] == [row[2:9] for row in old]


def test_the_size_of_a_batch_does_not_matter(
    own_index: Engine, make_clip: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several clips in one batch, as on a GPU, one of them poison: the others of its batch are indexed."""
    folder = make_clip("poison.mp4").parent
    make_clip("a.mp4"), make_clip("nobody.mp4")
    real = "jobs.index.placement"
    from jobs.index import placement

    monkeypatch.setattr(real, lambda numbers: replace(placement(numbers), clips_per_batch=3))
    summary, rows = index(folder)
    assert summary.errors == {"pose/WORKER_DIED": 1, "pose/NO_PERSON": 1}
    assert rows["a.mp4"]["error"] == ""
