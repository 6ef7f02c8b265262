"""Every constraint, violated once; what goes when something it belongs to goes."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from cluster.database import connect, engine
from cluster.ids import video_id
from cluster.index import write_clip
from cluster.tables import (
    MODEL_STATES,
    MODEL_STEPS,
    analysis_jobs,
    api_keys,
    composition_steps,
    compositions,
    metadata,
    models,
    move_transitions,
    moves,
    segments,
    taxonomy_migrations,
    taxonomy_versions,
    templates,
    tokens,
    users,
    videos,
)
from tests.cluster.stored import catalogue, clip, own, put, sha

NOW = datetime(2026, 6, 30, tzinfo=UTC)
TEMPLATE = {"id": "t1", "move": "mv_dab", "taxonomy_version": "tx-0.1", "feature_seq": "k", "length_ms": 900}
USER = {"id": "usr_1", "handle": "ann", "email": "ann@example.org"}
VERSIONS = dict.fromkeys(("pose_version", "feature_version", "model_version", "taxonomy_version"), "1")
SPAN = VERSIONS | {"start_ms": 0, "end_ms": 1, "move": None, "confidence": 0.5, "mirror": False}
USE = {"video": "$", "move": "mv_spin", "created_at": NOW, "uses": 1, "total_ms": 1, "first_start_ms": 0}
JOB = VERSIONS | {"state": "DONE"}
MOVE = {"id": "mv_new", "taxonomy_version": "tx-0.1", "name": "New", "family": "arms", "difficulty": 1}
VIDEO = {"id": "vid_new", "filename": "b.mp4", "sha256": sha("b.mp4")}

MIGRATION = {"id": "txm_2", "old": "tx-0.1", "new": "tx-0.2"}
REMAP = {"migration": "txm_1", "in_table": "segments", "row_id": "s", "was": {}, "became": {}}
ANNOTATION = {"id": "ann_2", "video": "$", "start_ms": 0, "end_ms": 1, "move": "mv_dab"}
UPLOAD = {
    "id": "upl_1", "user": "usr_1", "filename": "a.mp4", "content_type": "video/mp4", "sha256": sha("a.mp4"),
    "digest": "d", "expires_at": NOW,
}  # fmt: skip
TOKEN = {"id": "tok_2", "user": "usr_1", "session": "ses_1", "kind": "access", "digest": "e", "expires_at": NOW}
WEBHOOK = {"id": "whk_9", "user": "usr_1", "url": "https://example.org", "events": ["job.done"], "secret": "whsec_"}
IDENTITY = {"issuer": "https://op.example.org", "subject": "1", "user": "usr_1"}
API_KEY = {"id": "key_2", "user": "usr_1", "name": "bot", "digest": "e"}
LOGIN_CODE = {"user": "usr_1", "digest": "d", "expires_at": NOW}
IDEMPOTENCY_KEY = {"user": "usr_1", "key": "k", "request": "r"}
COMPOSITION = {"id": "cmp_2", "user": "usr_1", "title": "Dance", "bpm": 120.0}
COMPOSITION_JOB = {
    "id": "exp_1",
    "composition": "cmp_1",
    "kind": "export",
    "asked": {},
    "secret": "s",
    "expires_at": NOW,
}
EVENT = {"id": "evt_1", "user": "usr_1", "experiment": "e", "variant": "v", "kind": "saved"}
DANCE = {"corpus": "x", "id": "1", "mark": "m", "steps": []}
STATS = {"corpus": "x", "move": "plié", "uses": 1, "beats": {}}
AFTER = {"corpus": "x", "prev2": None, "prev": "a", "next": "b", "count": 1, "dances": 1}
STEP = {"composition": "cmp_1", "order_idx": 1, "move": "mv_dab", "duration_beats": 4.0}

MODEL = {
    "id": "mv-0.1.1", "arch": "tcn", "feature_version": "fv-1", "train_data": {}, "metrics": {}, "calibration": {},
    "sha256": "ab" * 32, "state_at": NOW,
}  # fmt: skip

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("users", USER | {"email": "other@example.org", "id": "usr_2"}, "uq_users_handle"),
    ("users", USER | {"handle": "other", "id": "usr_2"}, "uq_users_email"),
    ("users", {"id": "usr_2", "handle": "b", "email": "b", "role": "king"}, "ck_users_role_known"),
    ("taxonomy_versions", {"id": "tx-x", "semver": "tx-0.1"}, "uq_taxonomy_versions_semver"),
    ("moves", MOVE | {"name": "Dab"}, "uq_moves_taxonomy_version_name"),
    ("moves", MOVE | {"difficulty": 0}, "ck_moves_difficulty_range"),
    ("moves", MOVE | {"difficulty": 6}, "ck_moves_difficulty_range"),
    ("moves", MOVE | {"taxonomy_version": "tx-9"}, "fk_moves_taxonomy_version"),
    ("moves", MOVE | {"canonical_template": "t9"}, "fk_moves_canonical_template"),
    ("moves", MOVE | {"id": "mv_dab"}, "pk_moves"),
    ("templates", TEMPLATE | {"id": "t2", "length_ms": 0}, "ck_templates_length_positive"),
    ("templates", TEMPLATE | {"id": "t2", "move": "mv_9"}, "fk_templates_move"),
    ("templates", TEMPLATE | {"id": "t2", "taxonomy_version": "tx-9"}, "fk_templates_taxonomy_version"),
    ("videos", VIDEO | {"sha256": sha("a.mp4")}, "uq_videos_sha256"),
    ("videos", VIDEO | {"sha256": "A" * 64}, "ck_videos_sha256_hex"),
    ("videos", VIDEO | {"source": "scraped"}, "ck_videos_source_known"),
    ("videos", VIDEO | {"status": "LOST"}, "ck_videos_status_known"),
    ("videos", VIDEO | {"duration_ms": -1}, "ck_videos_duration_not_negative"),
    ("videos", VIDEO | {"fps": 0.0}, "ck_videos_picture_positive"),
    ("videos", VIDEO | {"width": 0}, "ck_videos_picture_positive"),
    ("videos", VIDEO | {"owner": "usr_9"}, "fk_videos_owner"),
    ("videos", VIDEO | {"indexed_by": "anl_9"}, "fk_videos_indexed_by"),
    ("analysis_jobs", JOB | {"id": "j", "video": "vid_9"}, "fk_analysis_jobs_video"),
    ("analysis_jobs", JOB | {"id": "j", "video": "$", "state": "ODD"}, "ck_analysis_jobs_state_known"),
    ("analysis_jobs", JOB | {"id": "j", "video": "$", "state": "FAILED"}, "ck_analysis_jobs_failed_has_reason"),
    ("analysis_jobs", JOB | {"id": "j", "video": "$", "reason": "WHY"}, "ck_analysis_jobs_failed_has_reason"),
    ("analysis_jobs", JOB | {"id": "j", "video": "$", "log": {}}, "ck_analysis_jobs_log_is_array"),
    ("segments", SPAN | {"id": "s", "video": "vid_9"}, "fk_segments_video"),
    ("segments", SPAN | {"id": "s", "video": "$", "move": "mv_9"}, "fk_segments_move"),
    ("segments", SPAN | {"id": "s", "video": "$", "start_ms": 1}, "ck_segments_span_not_empty"),
    ("segments", SPAN | {"id": "s", "video": "$", "start_ms": -1}, "ck_segments_span_not_empty"),
    ("segments", SPAN | {"id": "s", "video": "$", "confidence": 1.01}, "ck_segments_confidence_range"),
    ("segments", SPAN | {"id": "s", "video": "$", "confidence": -0.01}, "ck_segments_confidence_range"),
    ("segments", SPAN | {"id": "s", "video": "$", "confidence": float("nan")}, "ck_segments_confidence_range"),
    ("segments", SPAN | {"id": "s", "video": "$", "embedding_version": "e"}, "ck_segments_embedding_has_version"),
    ("segments", SPAN | {"id": "s", "video": "$", "embedding": [1.0] * 128}, "ck_segments_embedding_has_version"),
    ("segments", SPAN | {"id": "s", "video": "$", "start_beat": 1.0}, "ck_segments_both_beats_known"),
    ("fingerprints", {"video": "vid_9", "crop": 0, "bits": "0" * 1024}, "fk_fingerprints_video"),
    ("video_moves", USE | {"video": "vid_9"}, "fk_video_moves_video"),
    ("video_moves", USE | {"move": "mv_9"}, "fk_video_moves_move"),
    ("models", MODEL | {"sha256": "AB" * 32}, "ck_models_sha256_hex"),
    ("models", MODEL | {"log": {}}, "ck_models_log_is_array"),
    ("taxonomy_migrations", MIGRATION | {"new": "tx-0.1"}, "ck_taxonomy_migrations_versions_differ"),
    ("taxonomy_migrations", MIGRATION | {"old": "tx-9"}, "fk_taxonomy_migrations_old"),
    ("taxonomy_migrations", MIGRATION | {"new": "tx-9"}, "fk_taxonomy_migrations_new"),
    ("taxonomy_migrations", MIGRATION | {"undone_by": "txm_9"}, "fk_taxonomy_migrations_undone_by"),
    ("taxonomy_remaps", REMAP | {"migration": "txm_9"}, "fk_taxonomy_remaps_migration"),
    ("annotations", ANNOTATION | {"video": "vid_9"}, "fk_annotations_video"),
    ("annotations", ANNOTATION | {"move": "mv_9"}, "fk_annotations_move"),
    ("annotations", ANNOTATION | {"annotator": "usr_9"}, "fk_annotations_annotator"),
    ("annotations", ANNOTATION | {"reviewed_by": "usr_9"}, "fk_annotations_reviewed_by"),
    ("annotations", ANNOTATION | {"status": "MAYBE"}, "ck_annotations_status_known"),
    ("annotations", ANNOTATION | {"end_ms": 0}, "ck_annotations_span_not_empty"),
    ("tokens", TOKEN | {"user": "usr_9"}, "fk_tokens_user"),
    ("tokens", TOKEN | {"kind": "golden"}, "ck_tokens_kind_known"),
    ("tokens", TOKEN | {"digest": "d"}, "uq_tokens_digest"),
    ("login_codes", LOGIN_CODE | {"user": "usr_9"}, "fk_login_codes_user"),
    ("api_keys", API_KEY | {"user": "usr_9"}, "fk_api_keys_user"),
    ("api_keys", API_KEY | {"digest": "d"}, "uq_api_keys_digest"),
    ("idempotency_keys", IDEMPOTENCY_KEY | {"user": "usr_9"}, "fk_idempotency_keys_user"),
    ("webhooks", WEBHOOK | {"user": "usr_9"}, "fk_webhooks_user"),
    ("webhooks", WEBHOOK | {"disabled_reason": "x"}, "ck_webhooks_disabled_has_reason"),
    ("identities", IDENTITY | {"user": "usr_9"}, "fk_identities_user"),
    ("uploads", UPLOAD | {"user": "usr_9"}, "fk_uploads_user"),
    ("uploads", UPLOAD | {"video": "vid_9"}, "fk_uploads_video"),
    ("uploads", UPLOAD | {"sha256": "A" * 64}, "ck_uploads_sha256_hex"),
    ("compositions", COMPOSITION | {"user": "usr_9"}, "fk_compositions_user"),
    ("compositions", COMPOSITION | {"bpm": 0.0}, "ck_compositions_bpm_positive"),
    ("compositions", COMPOSITION | {"remix_of": "cmp_9"}, "fk_compositions_remix_of"),
    ("compositions", COMPOSITION | {"share_token": "t"}, "uq_compositions_share_token"),
    ("composition_jobs", COMPOSITION_JOB | {"composition": "cmp_9"}, "fk_composition_jobs_composition"),
    ("composition_jobs", COMPOSITION_JOB | {"kind": "comparison", "video": "vid_9"}, "fk_composition_jobs_video"),
    ("composition_jobs", COMPOSITION_JOB | {"kind": "film"}, "ck_composition_jobs_kind_known"),
    ("composition_jobs", COMPOSITION_JOB | {"state": "ODD"}, "ck_composition_jobs_state_known"),
    ("composition_jobs", COMPOSITION_JOB | {"reason": "INTERNAL"}, "ck_composition_jobs_failed_has_reason"),
    ("composition_jobs", COMPOSITION_JOB | {"kind": "comparison"}, "ck_composition_jobs_comparison_has_video"),
    ("composer_events", EVENT | {"user": "usr_9"}, "fk_composer_events_user"),
    ("composer_events", EVENT | {"composition": "cmp_9"}, "fk_composer_events_composition"),
    ("composer_events", EVENT | {"kind": "danced"}, "ck_composer_events_kind_known"),
    ("composition_steps", STEP | {"composition": "cmp_9"}, "fk_composition_steps_composition"),
    ("composition_steps", STEP | {"move": "mv_9"}, "fk_composition_steps_move"),
    ("composition_steps", STEP | {"order_idx": 0}, "pk_composition_steps"),
    ("composition_steps", STEP | {"order_idx": -1}, "ck_composition_steps_order_not_negative"),
    ("composition_steps", STEP | {"duration_beats": 0.0}, "ck_composition_steps_duration_positive"),
    ("choreographies", DANCE | {"steps": {}}, "ck_choreographies_steps_is_array"),
    ("move_stats", STATS | {"uses": 0}, "ck_move_stats_uses_positive"),
    ("move_transitions", AFTER, "uq_move_transitions_corpus_prev2_prev_next"),
]


@pytest.fixture(scope="module")
def full(shared_postgres_url: str) -> Engine:
    """A database of which every change is refused."""
    pool = engine(shared_postgres_url)
    fill(pool)
    return pool


@pytest.fixture
def video(pool: Engine) -> str:
    """The id of the clip in a database of this test alone."""
    return fill(pool)


def fill(pool: Engine) -> str:
    """Store one of everything; the id of the clip."""
    catalogue(pool)
    put(pool, users, **USER)
    put(pool, tokens, **TOKEN | {"id": "tok_1", "digest": "d"})
    put(pool, api_keys, **API_KEY | {"id": "key_1", "digest": "d"})
    put(pool, templates, **TEMPLATE)
    put(pool, taxonomy_versions, id="tx-0.2", semver="tx-0.2")
    put(pool, taxonomy_migrations, **MIGRATION | {"id": "txm_1"})
    put(pool, compositions, **COMPOSITION | {"id": "cmp_1", "share_token": "t"})
    put(pool, composition_steps, **STEP | {"order_idx": 0})
    put(pool, move_transitions, **AFTER)
    made = write_clip(pool, clip("a.mp4", ("mv_dab", 0, 1000))).video_id
    own(pool, "a.mp4", owner="usr_1")
    return made


@pytest.mark.parametrize(("table", "row", "constraint"), REFUSED, ids=[f"{t}-{c}" for t, _, c in REFUSED])
def test_refused(full: Engine, table: str, row: dict[str, Any], constraint: str) -> None:
    video = video_id(sha("a.mp4"))
    values = {name: video if value == "$" else value for name, value in row.items()}
    with pytest.raises(IntegrityError) as caught:
        put(full, metadata.tables[table], **values)
    assert caught.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]


def test_every_constraint_of_ours_is_in_the_table_of_refusals() -> None:
    named = {str(c.name) for table in metadata.tables.values() for c in table.constraints if c.name}
    refused = {c for _, _, c in REFUSED if not c.startswith("pk_")}
    assert {name for name in named if not name.startswith("pk_")} == refused | BY_STATE


BY_STATE = {"ck_models_production_was_promoted"}
"""What no row can violate when it is made."""


def put_model(pool: Engine, state: str, name: str = "mv-0.1.0") -> None:
    """Store a model and bring it to a state."""
    put(pool, models, **MODEL | {"id": name})
    way = {"canary": ("canary",), "production": ("production",), "retired": ("retired",), "candidate": ()}[state]
    for step in way:
        set_state(pool, step, name)


def set_state(pool: Engine, state: str, name: str = "mv-0.1.0", **values: Any) -> None:
    with connect(pool) as connection:
        changed = {"promoted_at": NOW, **values, "state": state}
        connection.execute(update(models).where(models.c.id == name).values(changed))


def test_a_model_takes_the_steps_there_are_and_no_others(pool: Engine) -> None:
    for old, new in product(MODEL_STATES, MODEL_STATES):
        put_model(pool, old)
        if old == new or (old, new) in MODEL_STEPS:
            set_state(pool, new)
        else:
            with pytest.raises(IntegrityError, match=f"from {old} to {new}"):
                set_state(pool, new)
        with connect(pool) as connection:
            connection.execute(delete(models))


@pytest.mark.parametrize("state", ["canary", "production"])
def test_there_is_one_canary_and_one_in_production(pool: Engine, state: str) -> None:
    put_model(pool, state)
    with pytest.raises(IntegrityError) as caught:
        put_model(pool, state, "mv-0.2.0")
    assert caught.value.orig.diag.constraint_name == f"uq_models_{state}"  # type: ignore[union-attr]


def test_a_model_begins_as_a_candidate(pool: Engine) -> None:
    with pytest.raises(IntegrityError, match="begins as a candidate, not as production"):
        put(pool, models, **MODEL | {"state": "production", "promoted_at": NOW})


def test_what_is_in_production_was_promoted(pool: Engine) -> None:
    put_model(pool, "candidate")
    with pytest.raises(IntegrityError, match="ck_models_production_was_promoted"):
        set_state(pool, "production", promoted_at=None)
    with pytest.raises(IntegrityError, match="from candidate to loved"):
        set_state(pool, "loved")


def test_the_log_of_a_model_only_grows(pool: Engine) -> None:
    put(pool, models, **MODEL | {"log": [{"state": "candidate"}]})
    with pytest.raises(IntegrityError, match="the log in models is append-only"), connect(pool) as connection:
        connection.execute(update(models).values(log=[]))
    with connect(pool) as connection:
        connection.execute(update(models).values(log=[{"state": "candidate"}, {"state": "canary"}]))


def test_an_embedding_has_its_size(pool: Engine, video: str) -> None:
    for size in (127, 129):
        row = SPAN | {"id": "s", "video": video, "embedding": [1.0] * size, "embedding_version": "e"}
        with pytest.raises(StatementError, match="128"):
            put(pool, segments, **row)


@pytest.mark.parametrize(
    "log",
    ["'[]'", """'[{"state": "DONE"}]'""", "log - 0", "'[1]' || log", "jsonb_set(log, '{0,ts_ms}', '7')"],
    ids=["emptied", "replaced", "first entry gone", "written before", "an entry changed"],
)
def test_the_log_only_grows(full: Engine, log: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"), connect(full) as connection:
        connection.execute(text(f"UPDATE analysis_jobs SET log = {log}"))


def test_two_moves_may_exchange_their_names_at_once(pool: Engine, video: str) -> None:
    with connect(pool) as connection:
        connection.execute(update(moves).where(moves.c.id == "mv_dab").values(name="Floss"))
        connection.execute(update(moves).where(moves.c.id == "mv_floss").values(name="Dab"))
    with connect(pool) as connection:
        assert connection.scalar(select(moves.c.name).where(moves.c.id == "mv_dab")) == "Floss"


def test_a_clip_takes_its_analyses_and_segments_along(pool: Engine, video: str) -> None:
    with connect(pool) as connection:
        connection.execute(delete(videos))
        assert connection.execute(select(segments.c.id)).all() == []
        assert connection.execute(select(analysis_jobs.c.id)).all() == []


def test_an_owner_who_goes_leaves_the_clip(pool: Engine, video: str) -> None:
    with connect(pool) as connection:
        connection.execute(delete(users))
        assert connection.execute(select(videos.c.id, videos.c.owner)).all() == [(video, None)]


def test_an_analysis_that_goes_leaves_the_clip(pool: Engine, video: str) -> None:
    with connect(pool) as connection:
        connection.execute(delete(analysis_jobs))
        assert connection.scalar(select(videos.c.indexed_by)) is None


def test_a_move_in_use_cannot_go_and_one_that_goes_takes_its_templates(pool: Engine, video: str) -> None:
    with pytest.raises(IntegrityError, match="fk_segments_move"), connect(pool) as connection:
        connection.execute(delete(moves).where(moves.c.id == "mv_dab"))
    with connect(pool) as connection:
        connection.execute(delete(segments))
        connection.execute(delete(compositions))
        connection.execute(delete(moves).where(moves.c.id == "mv_dab"))
        assert connection.execute(select(templates.c.id)).all() == []


def test_a_template_that_goes_is_no_longer_canonical(pool: Engine, video: str) -> None:
    with connect(pool) as connection:
        connection.execute(update(moves).where(moves.c.id == "mv_dab").values(canonical_template="t1"))
        connection.execute(delete(templates))
        assert connection.scalar(select(moves.c.canonical_template).where(moves.c.id == "mv_dab")) is None


def test_a_taxonomy_with_moves_cannot_go(pool: Engine, video: str) -> None:
    with pytest.raises(IntegrityError, match="taxonomy_version"), connect(pool) as connection:
        connection.execute(delete(taxonomy_versions))


SELDOM_DELETED = {"users", "moves", "templates", "taxonomy_versions", "taxonomy_migrations"}
"""Or never; what names them need not be found quickly."""


def test_what_names_something_that_is_deleted_is_found_by_an_index() -> None:
    """PostgreSQL looks for it at each deletion, among all rows if need be."""
    searched = 0
    for table in metadata.tables.values():
        keys = [tuple(table.primary_key.columns), *(tuple(index.columns) for index in table.indexes)]
        first = {columns[0].name for columns in keys if columns}
        for key in table.foreign_key_constraints:
            if key.referred_table.name not in SELDOM_DELETED:
                assert key.column_keys[0] in first, f"{table.name}.{key.column_keys[0]}"
                searched += 1
    assert searched > 10
