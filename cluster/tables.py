"""The tables. `cluster/migrations` makes them; a test holds the two equal.

Times are timezone-aware UTC; lengths and positions are integer milliseconds; windows are half-open [start, end).
"""

from datetime import datetime

from pgvector.sqlalchemy import BIT, VECTOR
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB

STATES = (
    "QUEUED", "RECEIVED", "DECODED", "POSE_DONE", "FEATURES_DONE", "SEGMENTED", "IDENTIFIED", "INDEXED", "DONE",
    "FAILED", "CANCELLED",
)  # fmt: skip
"""States of an analysis job, in the order a clip passes through them; the last two end it early."""

ROLES = ("user", "annotator", "admin")
"""What a user may be; `serve.ingress.access` says what each may do."""

MODEL_STATES = ("candidate", "canary", "production", "retired")
"""States of a model: registered; tried on a share of the clips; serving the others; out of use."""

MODEL_STEPS = frozenset(
    {
        ("candidate", "canary"), ("candidate", "production"), ("candidate", "retired"),
        ("canary", "production"), ("canary", "retired"), ("production", "retired"),
        ("retired", "production"),
    }
)  # fmt: skip
"""Which state may follow which: a trigger holds it. The last one is the way back to a model that served before."""

EVENTS = ("suggested", "accepted", "planned", "saved", "edited", "exported", "abandoned")
"""What people do with the composer, as `cluster.experiment` counts it."""

EMBEDDING_SIZE = 128
"""Numbers in the embedding of a segment: the column, its index and every encoder agree on it."""

FINGERPRINT_BITS = 1024
"""Of `dancecore.media.fingerprint`."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=f"{column}_known")


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _created_at() -> Column[datetime]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _trace() -> Column[str]:
    return Column("trace", Text, comment="W3C traceparent; null: it was not traced")


users = Table(
    "users", metadata, _id(),
    Column("handle", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, server_default="user"),
    Column("password_hash", Text, comment="argon2id in PHC form; null: signs in by e-mailed code alone"),
    Column("email_verified_at", DateTime(timezone=True), comment="null: nobody has proved to read its mail"),
    _created_at(),
    _one_of("role", ROLES),
)  # fmt: skip

tokens = Table(
    "tokens", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("session", Text, nullable=False, index=True, comment="the sign-in that it descends from"),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True, comment="sha256: the token itself is not kept"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True), comment="of a refresh token: shown again, it was stolen"),
    _created_at(),
    _one_of("kind", ("access", "refresh")),
)  # fmt: skip

login_codes = Table(
    "login_codes", metadata,
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, comment="one is valid"),
    Column("digest", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0", comment="wrong codes that were given instead"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

api_keys = Table(
    "api_keys", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True, comment="sha256: the key itself is not kept"),
    _created_at(),
)  # fmt: skip

rates = Table(
    "rates", metadata,
    Column("name", Text, primary_key=True, comment="who does what"),
    Column("began", DateTime(timezone=True), nullable=False, index=True, comment="the minute or hour that is counted"),
    Column("count", Integer, nullable=False),
    prefixes=["UNLOGGED"],  # written at every request; after a crash counting begins anew
)  # fmt: skip

identities = Table(
    "identities", metadata,
    Column("issuer", Text, primary_key=True, comment="an OpenID provider"),
    Column("subject", Text, primary_key=True, comment="by which it knows the user"),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    _created_at(),
)  # fmt: skip

oidc_sign_ins = Table(
    "oidc_sign_ins", metadata,
    Column("state", Text, primary_key=True, comment="its sha256"),
    Column("nonce", Text, nullable=False),
    Column("verifier", Text, nullable=False, comment="of PKCE"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip

webhooks = Table(
    "webhooks", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("secret", Text, nullable=False,
           comment="as it is: it signs; whoever reads it here reads what it signs, too"),
    Column("failing_since", DateTime(timezone=True),
           comment="the first attempt that failed since one arrived; null: none"),
    Column("disabled_at", DateTime(timezone=True), comment="nothing is sent since; null: it is on"),
    Column("disabled_reason", Text),
    _created_at(),
    CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled_has_reason"),
)  # fmt: skip

idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True, comment="sha256 of it and the user: it opens the answer"),
    Column("request", Text, nullable=False, comment="sha256 of method, path, query and body"),
    Column("status", Integer, comment="null: the first request is still being answered"),
    Column("answer", LargeBinary, comment="headers and body, encrypted by what the key gives"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
)  # fmt: skip

taxonomy_versions = Table(
    "taxonomy_versions", metadata, _id(),
    Column("semver", Text, nullable=False, unique=True),
    Column("notes", Text, nullable=False, server_default=""),
    _created_at(),
)  # fmt: skip

moves = Table(
    "moves", metadata, _id(),
    Column("taxonomy_version", Text, ForeignKey("taxonomy_versions.id", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("difficulty", SmallInteger, nullable=False),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'")),
    Column("canonical_template", Text, ForeignKey("templates.id", ondelete="SET NULL", use_alter=True)),
    # Deferred, so that one version of the taxonomy may exchange the names of two moves in one transaction.
    UniqueConstraint("taxonomy_version", "name", deferrable=True, initially="DEFERRED"),
    # Trigrams (pg_trgm) find what is written alike.
    Index("ix_moves_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
    CheckConstraint("difficulty BETWEEN 1 AND 5", name="difficulty_range"),
)  # fmt: skip

templates = Table(
    "templates", metadata, _id(),
    Column("move", Text, ForeignKey("moves.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("taxonomy_version", Text, ForeignKey("taxonomy_versions.id", ondelete="RESTRICT"), nullable=False),
    Column("feature_seq", Text, nullable=False, comment="key of the object that holds the sequence"),
    Column("length_ms", Integer, nullable=False),
    CheckConstraint("length_ms > 0", name="length_positive"),
)  # fmt: skip

videos = Table(
    "videos", metadata, _id(),
    Column("owner", Text, ForeignKey("users.id", ondelete="SET NULL")),
    Column("source", Text, nullable=False, server_default="user"),
    Column("filename", Text, nullable=False, index=True),
    Column("duration_ms", Integer, comment="null: the clip could not be decoded"),
    Column("fps", Double),
    Column("width", Integer),
    Column("height", Integer),
    Column("sha256", Text, nullable=False, unique=True),
    Column("bytes", BigInteger, comment="of the file as it was uploaded; null: nobody uploaded it"),
    Column("consent_version", Text),
    Column("status", Text, nullable=False, server_default="NEW"),
    Column("indexed_by", Text, ForeignKey("analysis_jobs.id", ondelete="SET NULL", use_alter=True), index=True,
           comment="the analysis whose segments are stored now"),
    _trace(),
    _created_at(),
    Column("deleted_at", DateTime(timezone=True)),
    Index("ix_videos_owner_created", "owner", text("created_at DESC")),
    Index("ix_videos_created", text("created_at DESC"), "id"),
    _one_of("source", ("user", "partner")),
    _one_of("status", ("NEW", "READY", "FAILED")),
    CheckConstraint("duration_ms >= 0", name="duration_not_negative"),
    CheckConstraint("fps > 0 AND width > 0 AND height > 0", name="picture_positive"),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
)  # fmt: skip

fingerprints = Table(
    "fingerprints", metadata,
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("crop", SmallInteger, primary_key=True, comment="percent that is left out at every side"),
    Column("bits", BIT(FINGERPRINT_BITS), nullable=False),
)  # fmt: skip

uploads = Table(
    "uploads", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("sha256", Text, nullable=False, comment="as its sender said; checked when it becomes a video"),
    Column("digest", Text, nullable=False, comment="sha256 of the secret that the signed form holds"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("video", Text, ForeignKey("videos.id", ondelete="SET NULL"), index=True,
           comment="null: not made a video yet"),
    _trace(),
    _created_at(),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
)  # fmt: skip

UNDER_WAY = text("state NOT IN ('DONE', 'FAILED', 'CANCELLED')")
"""Of analysis jobs that have not ended."""

analysis_jobs = Table(
    "analysis_jobs", metadata, _id(),
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("pose_version", Text, nullable=False),
    Column("feature_version", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("taxonomy_version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, comment="error code of a job that FAILED"),
    Column("queued_as", BigInteger, comment="its job in the queue; null: it never was in the queue"),
    Column("log", JSONB, nullable=False, server_default=text("'[]'"), comment="append-only: a trigger holds it"),
    Column("metrics", JSONB, nullable=False, server_default=text("'{}'")),
    _created_at(),
    _one_of("state", STATES),
    Index("ix_analysis_jobs_under_way", "state", postgresql_where=UNDER_WAY),
    CheckConstraint("(state = 'FAILED') = (reason IS NOT NULL)", name="failed_has_reason"),
    CheckConstraint("jsonb_typeof(log) = 'array'", name="log_is_array"),
)  # fmt: skip

segments = Table(
    "segments", metadata, _id(),
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("move", Text, ForeignKey("moves.id", ondelete="RESTRICT"), comment="null: other, no known move"),
    Column("confidence", Double, nullable=False),
    Column("mirror", Boolean, nullable=False),
    Column("alternatives", JSONB, nullable=False, server_default=text("'[]'")),
    Column("start_beat", Double, comment="of the clip's own music, its first beat 0; null: it has no beats to trust"),
    Column("end_beat", Double),
    Column("features_vec", LargeBinary, comment="mean features of the segment, little-endian float16"),
    Column("embedding", VECTOR(EMBEDDING_SIZE), comment="what similar segments are found by; null: it has none"),
    Column("embedding_version", Text, comment="the encoder: embeddings of two encoders do not compare"),
    Column("pose_version", Text, nullable=False),
    Column("feature_version", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("taxonomy_version", Text, nullable=False),
    Index("ix_segments_video_span", "video", "start_ms", "end_ms"),
    # Covers what patterns ask of the segments of some moves in some videos without reading the rows.
    Index("ix_segments_move_video", "move", "video",
          postgresql_include=["start_ms", "end_ms", "mirror", "start_beat", "end_beat"]),
    CheckConstraint("0 <= start_ms AND start_ms < end_ms", name="span_not_empty"),
    Index("ix_segments_embedding", "embedding", postgresql_using="hnsw",
          postgresql_ops={"embedding": "vector_cosine_ops"}),
    CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_range"),
    CheckConstraint("(embedding IS NULL) = (embedding_version IS NULL)", name="embedding_has_version"),
    CheckConstraint("(start_beat IS NULL) = (end_beat IS NULL)", name="both_beats_known"),
)  # fmt: skip

# Summaries of segments, kept by triggers, so that questions about millions of segments read few rows.
video_moves = Table(
    "video_moves", metadata,
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True, comment="not deleted"),
    Column("move", Text, ForeignKey("moves.id", ondelete="RESTRICT"), primary_key=True),
    Column("owner", Text, comment="of the video, as is created_at"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("total_ms", Integer, nullable=False),
    Column("first_start_ms", Integer, nullable=False),
    Index("ix_video_moves_move_uses", "move", text("uses DESC"), text("created_at DESC"), text("video DESC")),
    Index("ix_video_moves_move_created", "move", text("created_at DESC"), text("video DESC"),
          postgresql_include=["uses", "total_ms"]),
    Index("ix_video_moves_owner_move", "owner", "move"),
)  # fmt: skip

# Only ever added to, so that no two writers wait for one another; `fold_move_days()` puts rows of one day together.
move_days = Table(
    "move_days", metadata,
    Column("move", Text, nullable=False),
    Column("day", Date, nullable=False, comment="on which the clips came in, UTC"),
    Column("uses", Integer, nullable=False, comment="more, or less when negative: rows of one day add up"),
    Column("clips", Integer, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    Index("ix_move_days_move_day", "move", "day"),
)  # fmt: skip

taxonomy_migrations = Table(
    "taxonomy_migrations", metadata, _id(),
    Column("old", Text, ForeignKey("taxonomy_versions.id", ondelete="RESTRICT"), nullable=False),
    Column("new", Text, ForeignKey("taxonomy_versions.id", ondelete="RESTRICT"), nullable=False),
    Column("undone_by", Text, ForeignKey("taxonomy_migrations.id", ondelete="SET NULL"),
           comment="the migration back, after which this one no longer holds"),
    _created_at(),
    CheckConstraint("old <> new", name="versions_differ"),
)  # fmt: skip

taxonomy_remaps = Table(
    "taxonomy_remaps", metadata,
    Column("migration", Text, ForeignKey("taxonomy_migrations.id", ondelete="CASCADE"), primary_key=True),
    Column("in_table", Text, primary_key=True),
    Column("row_id", Text, primary_key=True),
    Column("was", JSONB, nullable=False, comment="the values before, so that the way back restores them"),
    Column("became", JSONB, nullable=False, comment="the values after: a row changed since is not restored"),
)  # fmt: skip

annotations = Table(
    "annotations", metadata, _id(),
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("annotator", Text, ForeignKey("users.id", ondelete="SET NULL")),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("move", Text, ForeignKey("moves.id", ondelete="RESTRICT"), index=True,
           comment="null: no move that is known"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("quality_flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("mirror", Boolean, comment="null: nobody said"),
    Column("reviewed_by", Text, ForeignKey("users.id", ondelete="SET NULL")),
    Column("review_reason", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="PENDING"),
    _created_at(),
    _one_of("status", ("PENDING", "VERIFIED", "REJECTED")),
    CheckConstraint("0 <= start_ms AND start_ms < end_ms", name="span_not_empty"),
)  # fmt: skip

compositions = Table(
    "compositions", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("bpm", Double, nullable=False),
    _created_at(),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("remix_of", Text, ForeignKey("compositions.id", ondelete="SET NULL"), index=True,
           comment="what it was copied from"),
    Column("plan", Text, comment="the composer_events row of the plan it began as; null: written by hand"),
    # Kept as it is, unlike what signs somebody in: its owner is shown it again, and it opens one row of this table.
    Column("share_token", Text, unique=True, comment="who has it may read; null: nobody else may"),
    Index("ix_compositions_user_created", "user", text("created_at DESC"), "id"),
    CheckConstraint("bpm > 0", name="bpm_positive"),
)  # fmt: skip

composition_steps = Table(
    "composition_steps", metadata,
    Column("composition", Text, ForeignKey("compositions.id", ondelete="CASCADE"), primary_key=True),
    Column("order_idx", Integer, primary_key=True),
    Column("move", Text, ForeignKey("moves.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("duration_beats", Double, nullable=False),
    Column("mirror", Boolean, nullable=False, server_default=text("false")),
    Column("notes", Text, nullable=False, server_default=""),
    CheckConstraint("order_idx >= 0", name="order_not_negative"),
    CheckConstraint("duration_beats > 0", name="duration_positive"),
)  # fmt: skip

composition_jobs = Table(
    "composition_jobs", metadata, _id(),
    Column("composition", Text, ForeignKey("compositions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("video", Text, ForeignKey("videos.id", ondelete="CASCADE"), index=True, comment="of a comparison: the take"),
    Column("kind", Text, nullable=False),
    Column("asked", JSONB, nullable=False, comment="the composition as it was then, and what was asked for"),
    Column("state", Text, nullable=False, server_default="QUEUED"),
    Column("done", Integer, nullable=False, server_default="0", comment="files of an export that are there"),
    Column("result", JSONB, comment="of a comparison that is DONE"),
    Column("reason", Text, comment="error code of a job that FAILED"),
    Column("detail", Text),
    Column("secret", Text, nullable=False, comment="what signs the addresses of its files"),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True, comment="when it is removed"),
    _created_at(),
    _one_of("kind", ("export", "comparison")),
    _one_of("state", ("QUEUED", "RUNNING", "DONE", "FAILED")),
    CheckConstraint("(state = 'FAILED') = (reason IS NOT NULL)", name="failed_has_reason"),
    CheckConstraint("(kind = 'comparison') = (video IS NOT NULL)", name="comparison_has_video"),
)  # fmt: skip

composer_events = Table(
    "composer_events", metadata, _id(),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("experiment", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, comment="the event that it answers: an accepted step its suggestion, a dance its plan"),
    Column("composition", Text, ForeignKey("compositions.id", ondelete="SET NULL"), index=True),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    _created_at(),
    Index("ix_composer_events_experiment", "experiment", "user", "created_at"),
    _one_of("kind", EVENTS),
)  # fmt: skip

models = Table(
    "models", metadata, _id(),
    Column("arch", Text, nullable=False),
    Column("feature_version", Text, nullable=False),
    Column("train_data", JSONB, nullable=False),
    Column("metrics", JSONB, nullable=False),
    Column("calibration", JSONB, nullable=False),
    Column("sha256", Text, nullable=False, comment="of the bundle's weights and metadata: what was registered"),
    Column("state", Text, nullable=False, server_default="candidate"),
    Column("state_at", DateTime(timezone=True), nullable=False, comment="when it came into this state"),
    Column("promoted_at", DateTime(timezone=True), comment="when it last went into production; null: never"),
    Column("log", JSONB, nullable=False, server_default=text("'[]'"), comment="append-only: a trigger holds it"),
    _created_at(),
    Index("uq_models_production", "state", unique=True, postgresql_where=text("state = 'production'")),
    Index("uq_models_canary", "state", unique=True, postgresql_where=text("state = 'canary'")),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
    CheckConstraint("jsonb_typeof(log) = 'array'", name="log_is_array"),
    CheckConstraint("state <> 'production' OR promoted_at IS NOT NULL", name="production_was_promoted"),
)  # fmt: skip

choreographies = Table(
    "choreographies", metadata,
    Column("corpus", Text, primary_key=True, comment="`index`: of analysed videos; else the name of a file of dances"),
    Column("id", Text, primary_key=True, comment="the video, or the name that the dance has in its file"),
    Column("mark", Text, nullable=False, comment="of what it was made of: at the same mark it is not counted again"),
    Column("steps", JSONB, nullable=False, comment="as counted: [move, beats or null, mirror], null for a gap"),
    CheckConstraint("jsonb_typeof(steps) = 'array'", name="steps_is_array"),
)  # fmt: skip

choreography_graphs = Table(
    "choreography_graphs", metadata,
    Column("corpus", Text, primary_key=True),
    Column("version", Integer, nullable=False, comment="one more whenever what was learned has changed"),
)  # fmt: skip

# No foreign keys to moves: dances of others name moves by any names.
move_stats = Table(
    "move_stats", metadata,
    Column("corpus", Text, primary_key=True),
    Column("move", Text, primary_key=True),
    Column("uses", Integer, nullable=False),
    Column("beats", JSONB, nullable=False, comment="how many uses lasted how long: {beats: uses}"),
    Column("median_beats", Double, comment="null: no use whose beats are known"),
    Column("iqr_beats", Double),
    Column("avg_energy", Double, comment="the grade of the taxonomy, 1-5; null: a move that it does not know"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="regions, entry, exit posture"),
    CheckConstraint("uses > 0", name="uses_positive"),
)  # fmt: skip

move_transitions = Table(
    "move_transitions", metadata,
    Column("corpus", Text, nullable=False),
    Column("prev2", Text, comment="null: the row counts pairs"),
    Column("prev", Text, nullable=False, comment="^ before the first step of a dance"),
    Column("next", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("dances", Integer, nullable=False, comment="in which it occurs"),
    UniqueConstraint("corpus", "prev2", "prev", "next", postgresql_nulls_not_distinct=True),
)  # fmt: skip
