"""The move index against an example worked out by hand, its filters, and the plans of its queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from cluster.database import connect, engine
from cluster.ids import video_id
from cluster.index import ClipFailure, done, write_clip, write_failure
from cluster.move_index import MoveUse, Sort, VideoWithMove, clip_segments, move_index, videos_with_move
from cluster.tables import users
from dancecore.errors import DanceError
from dancecore.types import OTHER
from tests.cluster.stored import V1, V2, catalogue, clip, own, put, sha

NOW = datetime(2026, 6, 30, tzinfo=UTC)  # the trend compares (31 May, 30 June] with (1 May, 31 May]
JUNE, MAY, JANUARY = (
    datetime(2026, 6, 20, tzinfo=UTC),
    datetime(2026, 5, 10, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def dances(shared_postgres_url: str) -> Engine:
    """Three clips by two creators, one that failed and one that was deleted."""
    pool = engine(shared_postgres_url)
    catalogue(pool)
    for name in ("ann", "bob"):
        put(pool, users, id=f"usr_{name}", handle=name, email=f"{name}@example.org")
    write_clip(pool, clip("june.mp4", ("mv_floss", 0, 1000), ("mv_floss", 2000, 2500), ("mv_dab", 3000, 4000)))
    write_clip(pool, clip("may.mp4", ("mv_dab", 0, 600), ("other", 600, 1000)))
    write_clip(pool, clip("january.mp4", ("mv_dab", 0, 400), ("mv_spin", 400, 1400)))
    write_clip(pool, clip("gone.mp4", ("mv_spin", 0, 9000)))
    write_failure(pool, ClipFailure(sha("broken.mp4"), "broken.mp4", V1, "NO_PERSON", "nobody was found"))
    own(pool, "june.mp4", created_at=JUNE, owner="usr_ann")
    own(pool, "may.mp4", created_at=MAY, owner="usr_bob")
    own(pool, "january.mp4", created_at=JANUARY, owner="usr_ann")
    own(pool, "gone.mp4", created_at=JUNE, owner="usr_ann", deleted_at=NOW)
    return pool


def near(share: float) -> Any:
    return pytest.approx(share, abs=1e-12)


def test_the_whole_index(dances: Engine) -> None:
    # uses in the newer window: floss 2, dab 1; in the older: dab 1
    assert move_index(dances, now=NOW) == [
        MoveUse(1, "mv_dab", "Dab", "arms", 3, 3, near(3 / 6), 2000, JANUARY, near(1 / 3 - 1)),
        MoveUse(2, "mv_floss", "Floss", "arms", 2, 1, near(2 / 6), 1500, JUNE, near(2 / 3)),
        MoveUse(3, "mv_spin", "Spin", "turns", 1, 1, near(1 / 6), 1000, JANUARY, near(0)),
    ]


FILTERS: list[tuple[str, dict[str, Any], list[tuple[int, str, int, float, float | None]]]] = [
    ("family", {"family": "turns"}, [(1, "mv_spin", 1, 1 / 6, 0.0)]),
    ("difficulty", {"difficulty": (2, 2)}, [(1, "mv_floss", 2, 2 / 6, 2 / 3)]),
    ("since", {"since": MAY}, [(1, "mv_dab", 2, 1 / 2, -2 / 3), (2, "mv_floss", 2, 1 / 2, 2 / 3)]),
    ("since leaves one", {"since": JUNE}, [(1, "mv_floss", 2, 2 / 3, 2 / 3), (2, "mv_dab", 1, 1 / 3, -2 / 3)]),
    ("creator, a tie broken by clips", {"creator": "usr_ann"},
     [(1, "mv_dab", 2, 2 / 5, None), (2, "mv_floss", 2, 2 / 5, None), (3, "mv_spin", 1, 1 / 5, None)]),
    ("creator and family", {"creator": "usr_bob", "family": "arms"}, [(1, "mv_dab", 1, 1.0, None)]),
    ("all at once", {"creator": "usr_ann", "family": "arms", "difficulty": (1, 1), "since": JUNE},
     [(1, "mv_dab", 1, 1 / 3, None)]),
    ("nobody's", {"creator": "usr_nobody"}, []),
    ("hostile family", {"family": "' OR 1=1 --"}, []),
    ("hostile creator", {"creator": "%s; DROP TABLE videos"}, []),
    ("nul", {"family": "arms\0"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("given", "want"), [f[1:] for f in FILTERS], ids=[f[0] for f in FILTERS])
def test_filters(dances: Engine, given: dict[str, Any], want: list[tuple[int, str, int, float, float | None]]) -> None:
    rows = move_index(dances, **given, now=NOW)
    assert [(row.rank, row.move_id, row.uses) for row in rows] == [row[:3] for row in want]
    assert [row.share for row in rows] == near([row[3] for row in want])  # type: ignore[arg-type]
    assert [row.trend for row in rows] == [None if row[4] is None else near(row[4]) for row in want]


def test_an_empty_index(pool: Engine) -> None:
    assert move_index(pool) == []


def test_shares_add_up_and_trends_cancel(dances: Engine) -> None:
    rows = move_index(dances, now=NOW)
    assert sum(row.share for row in rows) == near(1)
    assert sum(row.trend or 0 for row in rows) == near(0)


def test_segments_of_a_clip(dances: Engine) -> None:
    found = clip_segments(dances, "may.mp4")
    assert found == clip_segments(dances, video_id(sha("may.mp4")))
    assert (found.filename, found.duration_ms, found.state, found.reason) == ("may.mp4", 60_000, "DONE", None)
    rows = [(each.move_id, each.name, each.start_ms, each.end_ms) for each in found.segments]
    assert rows == [("mv_dab", "Dab", 0, 600), (OTHER, OTHER, 600, 1000)]
    assert (found.segments[0].alternatives, found.segments[0].versions) == ((("mv_dab", 0.1),), V1)


def test_a_broken_clip_says_why(dances: Engine) -> None:
    found = clip_segments(dances, "broken.mp4")
    assert (found.state, found.reason, found.segments) == ("FAILED", "NO_PERSON", ())


def test_the_newest_analysis_gives_the_state(pool: Engine) -> None:
    catalogue(pool)
    write_clip(pool, clip("a.mp4", ("mv_dab", 0, 600)))
    write_failure(pool, ClipFailure(sha("a.mp4"), "a.mp4", V2, "WORKER_DIED", "twice"))
    found = clip_segments(pool, "a.mp4")
    assert (found.state, found.reason, len(found.segments)) == ("FAILED", "WORKER_DIED", 1)


@pytest.mark.parametrize("name", ["nowhere.mp4", "gone.mp4", "%", "' OR '1'='1", "\0", "", "a\udce9"])
def test_no_such_clip(dances: Engine, name: str) -> None:
    with pytest.raises(DanceError, match="NOT_FOUND"):
        clip_segments(dances, name)


def test_two_clips_of_one_name(pool: Engine) -> None:
    for sha256 in (sha("one"), sha("two")):
        write_failure(pool, ClipFailure(sha256, "same.mp4", V1, "NO_PERSON", ""))
    with pytest.raises(DanceError, match="2 clips are named 'same") as caught:
        clip_segments(pool, "same.mp4")
    assert caught.value.details["ids"] == sorted([video_id(sha("one")), video_id(sha("two"))])


def test_a_file_that_is_called_as_another_clips_id(pool: Engine) -> None:
    write_failure(pool, ClipFailure(sha("one"), "one.mp4", V1, "NO_PERSON", ""))
    write_failure(pool, ClipFailure(sha("two"), video_id(sha("one")), V1, "NO_PERSON", ""))
    assert clip_segments(pool, video_id(sha("one"))).filename == "one.mp4"


def test_videos_with_a_move(dances: Engine) -> None:
    rows = videos_with_move(dances, "mv_floss", limit=10)
    assert [(row.filename, row.uses, row.total_ms, row.first_start_ms) for row in rows] == [("june.mp4", 2, 1500, 0)]
    recent = [row.filename for row in videos_with_move(dances, "mv_dab", "recency", limit=10)]
    assert recent == ["june.mp4", "may.mp4", "january.mp4"]
    assert [row.filename for row in videos_with_move(dances, "mv_dab", "recency", limit=1)] == ["june.mp4"]
    mine = videos_with_move(dances, "mv_dab", creator="usr_bob", limit=10)
    assert [row.filename for row in mine] == ["may.mp4"]
    assert videos_with_move(dances, "' OR 1=1 --", limit=10) == []


def test_most_uses_first(pool: Engine) -> None:
    catalogue(pool)
    write_clip(pool, clip("twice.mp4", ("mv_dab", 0, 500), ("mv_dab", 900, 1300)))
    write_clip(pool, clip("once.mp4", ("mv_dab", 0, 500)))
    assert [row.uses for row in videos_with_move(pool, "mv_dab", limit=10)] == [2, 1]


def test_videos_with_a_move_page_by_page(dances: Engine) -> None:
    sorts: tuple[Sort, ...] = ("frequency", "recency")
    for sort in sorts:
        whole, seen, after = videos_with_move(dances, "mv_dab", sort, limit=10), list[VideoWithMove](), None
        while page := videos_with_move(dances, "mv_dab", sort, limit=1, after=after):
            seen += page
            after = (page[-1].uses, page[-1].created_at, page[-1].video_id)
        assert seen == whole


def test_since_is_to_the_moment(dances: Engine) -> None:
    moment, later = MAY + timedelta(hours=7), MAY + timedelta(hours=8)
    own(dances, "may.mp4", created_at=moment)
    assert [row.uses for row in move_index(dances, since=moment, now=NOW)] == [2, 2]
    assert [row.uses for row in move_index(dances, since=later, now=NOW)] == [2, 1]
    (first, *_) = move_index(dances, since=moment, now=NOW)
    assert (first.move_id, first.first_seen, first.clips) == ("mv_dab", moment, 2)
    own(dances, "may.mp4", created_at=MAY)


@pytest.fixture(scope="module")
def populated(postgres_server: str) -> Iterator[Engine]:
    """3000 clips of 20 segments, 40 moves."""
    from tests.conftest import database_copy

    with database_copy(postgres_server) as url:
        pool = engine(url)
        with pool.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in POPULATE.split(";"):
                connection.execute(text(statement))
        yield pool


POPULATE = """
INSERT INTO users (id, handle, email) SELECT 'usr_' || i, 'h' || i, 'e' || i FROM generate_series(1, 300) i;
INSERT INTO taxonomy_versions (id, semver) VALUES ('tx-0.1', 'tx-0.1');
INSERT INTO moves (id, taxonomy_version, name, family, difficulty)
    SELECT 'mv_' || i, 'tx-0.1', 'Move ' || i, 'family ' || i % 5, 1 + i % 5 FROM generate_series(1, 40) i;
INSERT INTO videos (id, filename, sha256, owner, created_at)
    SELECT 'vid_' || i, i || '.mp4', encode(sha256(i::text::bytea), 'hex'), 'usr_' || 1 + i % 300,
           now() - i * interval '1 hour' FROM generate_series(1, 3000) i;
INSERT INTO analysis_jobs (id, video, state, pose_version, feature_version, model_version, taxonomy_version)
    SELECT 'anl_' || i, 'vid_' || i, 'DONE', 'p1', 'f1', 'm1', 'tx-0.1' FROM generate_series(1, 3000) i;
UPDATE videos SET indexed_by = 'anl_' || substr(id, 5);
INSERT INTO segments (id, video, start_ms, end_ms, move, confidence, mirror, features_vec,
                      pose_version, feature_version, model_version, taxonomy_version)
    SELECT 'seg_' || i || '_' || j, 'vid_' || i, j * 1000, j * 1000 + 900, 'mv_' || 1 + (i * j) % 40, 0.5, false,
           decode(repeat('00', 256), 'hex'), 'p1', 'f1', 'm1', 'tx-0.1'
    FROM generate_series(1, 3000) i, generate_series(0, 19) j;
VACUUM ANALYZE
"""

ONE = "encode(sha256('7'::bytea), 'hex')"
PLANS: list[tuple[str, Callable[[Engine], object], set[str]]] = [
    ("moves by usage", move_index, {"move_days", "ix_video_moves_move_created"}),
    ("moves of a creator", lambda p: move_index(p, creator="usr_7"), {"ix_video_moves_owner_move"}),
    ("videos with move", lambda p: videos_with_move(p, "mv_7", limit=20), {"ix_video_moves_move_uses"}),
    ("the newest with it", lambda p: videos_with_move(p, "mv_7", "recency", limit=9), {"ix_video_moves_move_created"}),
    (
        "of a creator",
        lambda p: videos_with_move(p, "mv_7", limit=9, creator="usr_7"),
        {"ix_video_moves_owner_move"},
    ),
    ("segments of a clip", lambda p: clip_segments(p, "vid_7"), {"ix_segments_video_span", "ix_analysis_jobs_video"}),
    ("a clip by its name", lambda p: clip_segments(p, "7.mp4"), {"ix_videos_filename", "pk_videos"}),
    ("done", lambda p: done(p, [sha("x"), sha("y")], V1), {"uq_videos_sha256", "pk_analysis_jobs"}),
]


@contextmanager
def plans(pool: Engine) -> Iterator[list[str]]:
    """EXPLAIN's lines for every query that is run meanwhile."""
    lines: list[str] = []
    queries: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        queries.append((statement, parameters))

    event.listen(pool, "before_cursor_execute", note)
    yield lines
    event.remove(pool, "before_cursor_execute", note)
    with pool.connect() as connection:
        for statement, parameters in queries:
            lines += connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()


@pytest.mark.parametrize(("ask", "indexes"), [plan[1:] for plan in PLANS], ids=[plan[0] for plan in PLANS])
def test_queries_use_the_indexes(populated: Engine, ask: Callable[[Engine], object], indexes: set[str]) -> None:
    with plans(populated) as lines:
        ask(populated)
    plan = "\n".join(lines)
    assert not {name for name in indexes if name not in plan}, plan
    assert not {"Seq Scan on segments", "Seq Scan on video_moves"} & set(plan.split("  ")), plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT id FROM videos ORDER BY created_at DESC, id LIMIT 20", "ix_videos_created"),
        ("SELECT id FROM videos WHERE owner = 'usr_7' ORDER BY created_at DESC LIMIT 20", "ix_videos_owner_created"),
        (
            "SELECT move, start_ms FROM segments WHERE video = 'vid_7' ORDER BY start_ms, end_ms",
            "ix_segments_video_span",
        ),
    ],
    ids=["newest clips", "newest clips of an owner", "order of first appearance in a clip"],
)
def test_lists_are_read_in_index_order(populated: Engine, query: str, index: str) -> None:
    with connect(populated) as connection:
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan
