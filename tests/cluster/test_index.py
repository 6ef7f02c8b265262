"""Writes are idempotent, replace at a new version, survive competition and being killed."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, func, select, text

from cluster import index
from cluster.database import connect, engine
from cluster.ids import segment_id
from cluster.index import ClipFailure, ClipRecord, done, write_clip, write_failure
from cluster.tables import analysis_jobs, segments, videos
from dancecore.errors import DanceError
from tests.cluster.stored import V1, V2, catalogue, clip, dump, own, sha

DANCE = clip("a.mp4", ("mv_floss", 0, 1000), ("other", 1000, 2500), ("mv_dab", 3000, 4000))
AGAIN = clip("a.mp4", ("mv_spin", 0, 2000), versions=V2)
FAILURE = ClipFailure(sha("b.mp4"), "b.mp4", V1, "NO_PERSON", "nobody was found")


@pytest.fixture(autouse=True)
def _moves(pool: Engine) -> None:
    catalogue(pool)


def column(pool: Engine, query: Any) -> list[Any]:
    with connect(pool) as connection:
        return list(connection.scalars(query))


def states(pool: Engine, job: str) -> list[str]:
    [log] = column(pool, select(analysis_jobs.c.log).where(analysis_jobs.c.id == job))
    return [entry["state"] for entry in log]


def test_what_is_stored(pool: Engine) -> None:
    written = write_clip(pool, DANCE)
    assert (written.segments, written.changed) == (3, True)
    with connect(pool) as connection:
        rows = connection.execute(select(segments).order_by(segments.c.start_ms)).all()
        video = connection.execute(select(videos)).one()
        job = connection.execute(select(analysis_jobs)).one()
    assert [(row.move, row.start_ms, row.end_ms) for row in rows] == [
        ("mv_floss", 0, 1000), (None, 1000, 2500), ("mv_dab", 3000, 4000),
    ]  # fmt: skip
    assert [row.id for row in rows] == [segment_id(video.id, V1, row.start_ms, row.end_ms) for row in rows]
    assert rows[0].alternatives == [{"move_id": "mv_dab", "confidence": 0.1}]
    np.testing.assert_allclose(np.frombuffer(rows[2].features_vec, "<f2"), DANCE.vectors[2], rtol=1e-3)
    assert (video.duration_ms, video.fps, video.width, video.height) == (60_000, 29.97, 360, 640)
    assert (video.status, video.indexed_by, video.filename) == ("READY", job.id, "a.mp4")
    assert (job.id, job.state, job.metrics, job.model_version) == (written.job_id, "DONE", {"frames": 1200.0}, "m1")
    assert states(pool, job.id) == ["DECODED", "INDEXED", "DONE"]


def test_the_same_again_changes_nothing(pool: Engine) -> None:
    first = write_clip(pool, DANCE)
    write_failure(pool, FAILURE)
    before = dump(pool)
    assert write_clip(pool, DANCE) == replace(first, changed=False)
    assert not write_failure(pool, FAILURE).changed
    catalogue(pool)
    assert dump(pool) == before


def test_a_new_version_replaces_the_rows_of_that_clip_alone(pool: Engine) -> None:
    write_clip(pool, clip("other.mp4", ("mv_dab", 0, 500)))
    before = write_clip(pool, DANCE)
    after = write_clip(pool, AGAIN)
    assert (after.video_id, after.changed) == (before.video_id, True)
    assert after.job_id != before.job_id
    assert column(pool, select(segments.c.model_version).where(segments.c.video == after.video_id)) == ["m2"]
    assert column(pool, select(func.count()).select_from(segments)) == [2]
    assert column(pool, select(func.count()).select_from(analysis_jobs)) == [3]


def test_back_to_the_old_version(pool: Engine) -> None:
    write_clip(pool, DANCE)
    rows = dump(pool)["segments"]
    write_clip(pool, AGAIN)
    assert done(pool, [sha("a.mp4")], V1) == set()
    back = write_clip(pool, DANCE)
    assert back.changed
    assert dump(pool)["segments"] == rows
    assert states(pool, back.job_id) == ["DECODED", "INDEXED", "DONE"] * 2


def test_a_clip_without_moves_is_done_too(pool: Engine) -> None:
    assert write_clip(pool, clip("still.mp4")).segments == 0
    assert done(pool, [sha("still.mp4"), sha("unknown.mp4")], V1) == {sha("still.mp4")}
    assert done(pool, [sha("still.mp4")], V2) == set()
    assert done(pool, [], V1) == set()


def test_a_failed_clip_is_a_row(pool: Engine) -> None:
    written = write_failure(pool, FAILURE)
    with connect(pool) as connection:
        job = connection.execute(select(analysis_jobs)).one()
    assert (job.id, job.state, job.reason) == (written.job_id, "FAILED", "NO_PERSON")
    assert job.log[-1].items() >= {"state": "FAILED", "reason": "NO_PERSON", "detail": "nobody was found"}.items()
    assert column(pool, select(videos.c.status)) == ["FAILED"]
    assert done(pool, [FAILURE.sha256], V1) == set()


def test_another_reason_is_added_to_the_log(pool: Engine) -> None:
    write_failure(pool, FAILURE)
    written = write_failure(pool, replace(FAILURE, reason="WORKER_DIED"))
    assert (written.changed, states(pool, written.job_id)) == (True, ["FAILED", "FAILED"])


def test_a_clip_that_failed_and_then_succeeds(pool: Engine) -> None:
    write_failure(pool, FAILURE)
    written = write_clip(pool, clip("b.mp4", ("mv_dab", 0, 500)))
    assert states(pool, written.job_id) == ["FAILED", "DECODED", "INDEXED", "DONE"]
    assert column(pool, select(analysis_jobs.c.reason)) == [None]
    assert column(pool, select(videos.c.status)) == ["READY"]


def test_a_failure_keeps_what_an_earlier_analysis_found(pool: Engine) -> None:
    write_clip(pool, DANCE)
    before = dump(pool)
    late = replace(FAILURE, sha256=sha("a.mp4"), filename="a.mp4")
    assert not write_failure(pool, late).changed  # a slower writer of the same analysis
    assert dump(pool) == before
    assert write_failure(pool, replace(late, versions=V2)).changed
    after = dump(pool)
    assert (after["segments"], after["videos"]) == (before["segments"], before["videos"])
    assert done(pool, [sha("a.mp4")], V1) == {sha("a.mp4")}


@pytest.mark.parametrize("deleted", [DANCE, FAILURE], ids=["clip", "failure"])
def test_a_deleted_clip_is_not_written(pool: Engine, deleted: ClipRecord | ClipFailure) -> None:
    write_clip(pool, DANCE)
    write_failure(pool, FAILURE)
    for name in ("a.mp4", "b.mp4"):
        own(pool, name, deleted_at=func.now())
    before = dump(pool)
    with pytest.raises(DanceError, match="CLIP_DELETED"):
        write_clip(pool, deleted) if isinstance(deleted, ClipRecord) else write_failure(pool, deleted)
    assert dump(pool) == before


def test_an_unknown_move_is_a_bug_and_leaves_nothing(pool: Engine) -> None:
    before = dump(pool)
    with pytest.raises(Exception, match="fk_segments_move"):
        write_clip(pool, clip("a.mp4", ("mv_dab", 0, 500), ("mv_unheard", 500, 900)))
    assert dump(pool) == before


@pytest.mark.parametrize(
    ("spans", "vectors"),
    [([("mv_dab", 0, 500), ("mv_dab", 499, 900)], 2), ([("mv_dab", 500, 900), ("mv_dab", 0, 100)], 2),
     ([("mv_dab", 0, 500)], 2)],
    ids=["overlap", "out of order", "a vector too many"],
)  # fmt: skip
def test_a_record_that_makes_no_sense(spans: list[tuple[str, int, int]], vectors: int) -> None:
    with pytest.raises(ValueError, match="segments"):
        replace(clip("a.mp4", *spans), vectors=np.zeros((vectors, 128), np.float32))


HOSTILE = {
    "sql": "'; DROP TABLE segments; --",
    "placeholders": "%s %(x)s :name {0}",
    "quotes": 'a"b\\c',
    "long": "x" * 5000,
    "emoji": "💃🏽 ダンス",
    "nul": "nul\0nul",
    "no utf-8": "latin\udce9.mp4",
    "empty": "",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_strings(pool: Engine, name: str) -> None:
    write_failure(pool, replace(FAILURE, filename=name, detail=name))
    info = replace(DANCE.info, path=DANCE.info.path.parent / (name.replace("\0", "") or "x"))
    write_clip(pool, replace(DANCE, info=info))
    want = name.replace("\0", "?").replace("\udce9", "?")
    assert want in column(pool, select(videos.c.filename))
    [log] = column(pool, select(analysis_jobs.c.log).where(analysis_jobs.c.state == "FAILED"))
    assert log[-1]["detail"] == want
    assert len(column(pool, select(segments.c.id))) == 3


def test_eight_writers_of_one_clip(pool: Engine, postgres_url: str) -> None:
    records = [DANCE, AGAIN] * 4
    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(lambda record: write_clip(pool, record), records))
    [by] = column(pool, select(videos.c.indexed_by))
    stored = column(pool, select(segments.c.model_version))
    last = next(record for record, row in zip(records, written, strict=True) if row.job_id == by)
    assert stored == [last.versions.model] * len(last.segments)
    assert column(pool, select(func.count()).select_from(videos)) == [1]
    assert column(pool, select(func.count()).select_from(analysis_jobs)) == [2]


def test_eight_writers_of_the_same_result_write_once(pool: Engine) -> None:
    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(lambda _: write_clip(pool, DANCE), range(8)))
    assert [row.changed for row in written].count(True) == 1
    assert states(pool, written[0].job_id) == ["DECODED", "INDEXED", "DONE"]


def _write_and_hang(url: str, reached: Any) -> None:
    """Runs in a process that is going to be killed: every statement is executed, the commit never comes."""
    from sqlalchemy import event

    pool = engine(url)

    def hang(_: Any) -> None:
        reached.set()
        time.sleep(60)

    event.listen(pool, "commit", hang)
    index.write_clip(pool, AGAIN)


def test_killed_before_the_commit_leaves_the_old_rows(pool: Engine, postgres_url: str) -> None:
    write_clip(pool, DANCE)
    before = dump(pool)
    spawn = multiprocessing.get_context("spawn")
    reached = spawn.Event()
    writer = spawn.Process(target=_write_and_hang, args=(postgres_url, reached))
    writer.start()
    assert reached.wait(30)
    assert column(pool, text("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")) == [1]
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    assert dump(pool) == before
    assert write_clip(pool, AGAIN).changed  # the dead writer's lock is gone
    assert column(pool, select(segments.c.move)) == ["mv_spin"]
