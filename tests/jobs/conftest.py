"""Tiny clips, and what the index holds, for the tests of the jobs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from cluster.database import engine
from cluster.settings import settings
from dancecore.media.writing import write_video

Rows = list[tuple]


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a clip of four seconds, no two alike, under a name in the folder `clips`."""
    count = 0

    def make(name: str) -> Path:
        nonlocal count
        count += 1
        path = tmp_path / "clips" / name
        path.parent.mkdir(exist_ok=True)
        write_video(path, (np.full((64, 64, 3), 40 * count, np.uint8) for _ in range(20)), fps=5)
        return path

    return make


@pytest.fixture
def own_index(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A home folder and a database of this test alone, as the settings of this process; yields the database."""
    monkeypatch.setenv("DANCEAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DANCEAPP_DATABASE_URL", postgres_url)
    settings.cache_clear()
    pool = engine(postgres_url)
    yield pool
    pool.dispose()
    settings.cache_clear()


def stored(pool: Engine) -> Rows:
    """Everything that the index says of every clip, but for the moments at which it was written."""
    queries = (
        "SELECT id, sha256, filename, status, duration_ms, indexed_by FROM videos ORDER BY id",
        "SELECT id, video, state, reason, model_version FROM analysis_jobs ORDER BY id",
        "SELECT id, video, start_ms, end_ms, move, confidence, mirror, alternatives::text, features_vec, pose_version,"
        " feature_version, model_version, taxonomy_version FROM segments ORDER BY video, start_ms",
    )
    with pool.connect() as connection:
        return [tuple(row) for query in queries for row in connection.execute(text(query))]
