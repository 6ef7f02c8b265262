"""The registry of models, and an embedding for every segment"""

import numpy as np
import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

from cluster.database import enable

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEEP_STATE = """
CREATE FUNCTION keep_model_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'candidate' THEN
            RAISE check_violation USING MESSAGE = format('a model begins as a candidate, not as %s', NEW.state),
                CONSTRAINT = 'ck_models_state_step';
        END IF;
    ELSIF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('candidate', 'canary'), ('candidate', 'production'), ('candidate', 'retired'),
        ('canary', 'production'), ('canary', 'retired'), ('production', 'retired'), ('retired', 'production')
    ) THEN
        RAISE check_violation USING MESSAGE = format('no step leads a model from %s to %s', OLD.state, NEW.state),
            CONSTRAINT = 'ck_models_state_step';
    END IF;
    RETURN NEW;
END $$
"""
STATE_TRIGGER = """
CREATE TRIGGER keep_model_state BEFORE INSERT OR UPDATE OF state ON models
FOR EACH ROW EXECUTE FUNCTION keep_model_state()
"""

# The function of 0001 with the name of the table in what it says.
KEEP_LOG = """
CREATE OR REPLACE FUNCTION keep_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_array_length(NEW.log) < jsonb_array_length(OLD.log) OR EXISTS (
        SELECT FROM jsonb_array_elements(OLD.log) WITH ORDINALITY AS kept(entry, place)
        WHERE kept.entry IS DISTINCT FROM NEW.log -> (place::int - 1)
    ) THEN
        RAISE check_violation USING MESSAGE = {message}, CONSTRAINT = {constraint};
    END IF;
    RETURN NEW;
END $$
"""
OF_ANY_TABLE = KEEP_LOG.format(
    message="format('the log in %s is append-only', TG_TABLE_NAME)",
    constraint="format('ck_%s_log_append_only', TG_TABLE_NAME)",
)
OF_JOBS = KEEP_LOG.format(
    message="'the log of an analysis job is append-only'", constraint="'ck_analysis_jobs_log_append_only'"
)
LOG_TRIGGER = """
CREATE TRIGGER keep_log BEFORE UPDATE OF log ON models FOR EACH ROW EXECUTE FUNCTION keep_log()
"""


def upgrade() -> None:
    enable(op.get_bind(), "vector")
    op.create_table(
        "models",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("arch", sa.Text(), nullable=False),
        sa.Column("feature_version", sa.Text(), nullable=False),
        sa.Column("train_data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calibration", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "sha256", sa.Text(), nullable=False, comment="of the bundle's weights and metadata: what was registered"
        ),
        sa.Column("state", sa.Text(), server_default="candidate", nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False, comment="when it came into this state"),
        sa.Column(
            "promoted_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it last went into production; null: never",
        ),
        sa.Column(
            "log",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="append-only: a trigger holds it",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(log) = 'array'", name=op.f("ck_models_log_is_array")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_models_sha256_hex")),
        sa.CheckConstraint(
            "state <> 'production' OR promoted_at IS NOT NULL", name=op.f("ck_models_production_was_promoted")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    for state in ("canary", "production"):
        op.create_index(
            f"uq_models_{state}", "models", ["state"], unique=True, postgresql_where=sa.text(f"state = '{state}'")
        )
    op.execute(KEEP_STATE)
    op.execute(STATE_TRIGGER)
    op.execute(OF_ANY_TABLE)
    op.execute(LOG_TRIGGER)
    op.add_column(
        "segments",
        sa.Column(
            "embedding", VECTOR(128), nullable=True, comment="what similar segments are found by; null: it has none"
        ),
    )
    op.add_column(
        "segments",
        sa.Column(
            "embedding_version",
            sa.Text(),
            nullable=True,
            comment="the encoder: embeddings of two encoders do not compare",
        ),
    )
    embed(op.get_bind())
    op.create_check_constraint(
        op.f("ck_segments_embedding_has_version"), "segments", "(embedding IS NULL) = (embedding_version IS NULL)"
    )
    op.create_index(
        "ix_segments_embedding",
        "segments",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )


def embed(connection: sa.Connection) -> None:
    """Give the segments that are stored the embedding that indexing them again would: mean features of length 1."""
    segments = sa.table(
        "segments",
        sa.column("id", sa.Text()),
        sa.column("features_vec", sa.LargeBinary()),
        sa.column("feature_version", sa.Text()),
        sa.column("embedding", VECTOR(128)),
        sa.column("embedding_version", sa.Text()),
    )
    found = segments.c
    fits = sa.func.length(found.features_vec) == 2 * 128
    query = sa.select(found.id, found.features_vec, found.feature_version).where(fits).order_by(found.id).limit(1000)
    one = sa.update(segments).where(found.id == sa.bindparam("of"))
    change = one.values(embedding=sa.bindparam("unit"), embedding_version=sa.bindparam("version"))
    last = ""
    while rows := connection.execute(query.where(found.id > last)).all():
        last = rows[-1].id
        means = [np.frombuffer(row.features_vec, "<f2").astype(np.float32) for row in rows]
        changes = [
            {"of": row.id, "unit": mean / np.linalg.norm(mean), "version": f"mean.{row.feature_version}"}
            for row, mean in zip(rows, means, strict=True)
            if mean.any()
        ]
        if changes:
            connection.execute(change, changes)


def downgrade() -> None:
    """The extension stays: something else in this database may use it by now."""
    op.drop_column("segments", "embedding_version")
    op.drop_column("segments", "embedding")
    op.drop_table("models")
    op.execute("DROP FUNCTION keep_model_state()")
    op.execute(OF_JOBS)
