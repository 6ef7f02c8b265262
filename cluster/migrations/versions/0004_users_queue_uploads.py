"""How users sign in, what they upload, and the job queue"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

from cluster.database import enable

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# The queue's tables are its package's own, of the release that is pinned; a newer one brings a revision of ours with
# the changes that it lists.
DROP_QUEUE = """
DO $$ DECLARE each record; BEGIN
    DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers CASCADE;
    FOR each IN SELECT oid::regprocedure AS name FROM pg_proc WHERE starts_with(proname, 'procrastinate_') LOOP
        EXECUTE 'DROP FUNCTION ' || each.name;
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
END $$
"""


def upgrade() -> None:
    enable(op.get_bind(), "pg_trgm")
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())  # as it is: it has signs of our placeholders
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="sha256: the key itself is not kept"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_api_keys_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(op.f("ix_api_keys_user"), "api_keys", ["user"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False, comment="sha256 of method, path and body"),
        sa.Column("status", sa.Integer(), nullable=True, comment="null: the first request is still being answered"),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_idempotency_keys_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "login_codes",
        sa.Column("user", sa.Text(), nullable=False, comment="one is valid"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "attempts", sa.Integer(), server_default="0", nullable=False, comment="wrong codes that were given instead"
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_login_codes_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_login_codes")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False, comment="the sign-in that it descends from"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="sha256: the token itself is not kept"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "used_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of a refresh token: shown again, it was stolen",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name=op.f("ck_tokens_kind_known")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_tokens_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_expires_at"), "tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_tokens_session"), "tokens", ["session"], unique=False)
    op.create_index(op.f("ix_tokens_user"), "tokens", ["user"], unique=False)
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="as its sender said; checked when it becomes a video"),
        sa.Column("digest", sa.Text(), nullable=False, comment="sha256 of the secret that the signed form holds"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("video", sa.Text(), nullable=True, comment="null: not made a video yet"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_uploads_sha256_hex")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_uploads_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_uploads_video"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_expires_at"), "uploads", ["expires_at"], unique=False)
    op.create_index(op.f("ix_uploads_user"), "uploads", ["user"], unique=False)
    op.add_column(
        "analysis_jobs",
        sa.Column(
            "queued_as", sa.BigInteger(), nullable=True, comment="its job in the queue; null: it never was in the queue"
        ),
    )
    op.add_column("annotations", sa.Column("review_reason", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_moves_name_trgm",
        "moves",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.add_column(
        "users",
        sa.Column(
            "password_hash",
            sa.Text(),
            nullable=True,
            comment="argon2id in PHC form; null: signs in by e-mailed code alone",
        ),
    )


def downgrade() -> None:
    """The extension stays: something else in this database may use it by now."""
    op.drop_column("users", "password_hash")
    op.drop_index("ix_moves_name_trgm", table_name="moves")
    op.drop_column("annotations", "review_reason")
    op.drop_column("analysis_jobs", "queued_as")
    for table in ("uploads", "tokens", "login_codes", "idempotency_keys", "api_keys"):
        op.drop_table(table)
    op.execute(DROP_QUEUE)
