"""First tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# An update may only add to the end of a job's log.
LOG_FUNCTION = """
CREATE FUNCTION keep_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_array_length(NEW.log) < jsonb_array_length(OLD.log) OR EXISTS (
        SELECT FROM jsonb_array_elements(OLD.log) WITH ORDINALITY AS kept(entry, place)
        WHERE kept.entry IS DISTINCT FROM NEW.log -> (place::int - 1)
    ) THEN
        RAISE check_violation USING MESSAGE = 'the log of an analysis job is append-only',
            CONSTRAINT = 'ck_analysis_jobs_log_append_only';
    END IF;
    RETURN NEW;
END $$
"""
LOG_TRIGGER = """
CREATE TRIGGER keep_log BEFORE UPDATE OF log ON analysis_jobs FOR EACH ROW EXECUTE FUNCTION keep_log()
"""


def upgrade() -> None:
    op.create_table(
        "taxonomy_versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("semver", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_versions")),
        sa.UniqueConstraint("semver", name=op.f("uq_taxonomy_versions_semver")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="user", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('user', 'annotator', 'admin')", name=op.f("ck_users_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("handle", name=op.f("uq_users_handle")),
    )
    op.create_table(
        "moves",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("taxonomy_version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("aliases", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("difficulty", sa.SmallInteger(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("canonical_template", sa.Text(), nullable=True),
        sa.CheckConstraint("difficulty BETWEEN 1 AND 5", name=op.f("ck_moves_difficulty_range")),
        sa.ForeignKeyConstraint(
            ["taxonomy_version"], ["taxonomy_versions.id"], name=op.f("fk_moves_taxonomy_version"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
        sa.UniqueConstraint(
            "taxonomy_version",
            "name",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_moves_taxonomy_version_name"),
        ),
    )
    op.create_index(op.f("ix_moves_family"), "moves", ["family"], unique=False)
    op.create_table(
        "videos",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default="user", nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True, comment="null: the clip could not be decoded"),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="NEW", nullable=False),
        sa.Column("indexed_by", sa.Text(), nullable=True, comment="the analysis whose segments are stored now"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_videos_sha256_hex")),
        sa.CheckConstraint("source IN ('user', 'partner')", name=op.f("ck_videos_source_known")),
        sa.CheckConstraint("status IN ('NEW', 'READY', 'FAILED')", name=op.f("ck_videos_status_known")),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_videos_duration_not_negative")),
        sa.CheckConstraint("fps > 0 AND width > 0 AND height > 0", name=op.f("ck_videos_picture_positive")),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name=op.f("fk_videos_owner"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
        sa.UniqueConstraint("sha256", name=op.f("uq_videos_sha256")),
    )
    op.create_index("ix_videos_created", "videos", [sa.literal_column("created_at DESC"), "id"], unique=False)
    op.create_index(op.f("ix_videos_filename"), "videos", ["filename"], unique=False)
    op.create_index("ix_videos_owner_created", "videos", ["owner", sa.literal_column("created_at DESC")], unique=False)
    op.create_table(
        "analysis_jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("pose_version", sa.Text(), nullable=False),
        sa.Column("feature_version", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("taxonomy_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="error code of a job that FAILED"),
        sa.Column(
            "log",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="append-only: a trigger holds it",
        ),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'FAILED') = (reason IS NOT NULL)", name=op.f("ck_analysis_jobs_failed_has_reason")
        ),
        sa.CheckConstraint("jsonb_typeof(log) = 'array'", name=op.f("ck_analysis_jobs_log_is_array")),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RECEIVED', 'DECODED', 'POSE_DONE', 'FEATURES_DONE', 'SEGMENTED', 'IDENTIFIED', 'INDEXED', 'DONE', 'FAILED', 'CANCELLED')",
            name=op.f("ck_analysis_jobs_state_known"),
        ),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_analysis_jobs_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_jobs")),
    )
    op.create_index(op.f("ix_analysis_jobs_video"), "analysis_jobs", ["video"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("move", sa.Text(), nullable=True, comment="null: other, no known move"),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("mirror", sa.Boolean(), nullable=False),
        sa.Column(
            "alternatives", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column(
            "features_vec",
            sa.LargeBinary(),
            nullable=True,
            comment="mean features of the segment, little-endian float16",
        ),
        sa.Column("pose_version", sa.Text(), nullable=False),
        sa.Column("feature_version", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("taxonomy_version", sa.Text(), nullable=False),
        sa.CheckConstraint("0 <= start_ms AND start_ms < end_ms", name=op.f("ck_segments_span_not_empty")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_segments_confidence_range")),
        sa.ForeignKeyConstraint(["move"], ["moves.id"], name=op.f("fk_segments_move"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_segments_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
    )
    op.create_index(
        "ix_segments_move_video", "segments", ["move", "video"], unique=False, postgresql_include=["start_ms", "end_ms"]
    )
    op.create_index("ix_segments_video_span", "segments", ["video", "start_ms", "end_ms"], unique=False)
    op.create_table(
        "templates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("taxonomy_version", sa.Text(), nullable=False),
        sa.Column("feature_seq", sa.Text(), nullable=False, comment="key of the object that holds the sequence"),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint("length_ms > 0", name=op.f("ck_templates_length_positive")),
        sa.ForeignKeyConstraint(["move"], ["moves.id"], name=op.f("fk_templates_move"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["taxonomy_version"],
            ["taxonomy_versions.id"],
            name=op.f("fk_templates_taxonomy_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
    )
    op.create_index(op.f("ix_templates_move"), "templates", ["move"], unique=False)
    op.create_foreign_key(
        "fk_moves_canonical_template", "moves", "templates", ["canonical_template"], ["id"], ondelete="SET NULL"
    )
    op.create_foreign_key(
        "fk_videos_indexed_by", "videos", "analysis_jobs", ["indexed_by"], ["id"], ondelete="SET NULL"
    )
    op.execute(LOG_FUNCTION)
    op.execute(LOG_TRIGGER)


def downgrade() -> None:
    op.drop_constraint("fk_videos_indexed_by", "videos")
    op.drop_constraint("fk_moves_canonical_template", "moves")
    for table in ("templates", "segments", "analysis_jobs", "videos", "moves", "users", "taxonomy_versions"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_log()")
