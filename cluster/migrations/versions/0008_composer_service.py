"""The composer in the service: shared and remixed compositions, their jobs, what people do with it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    now = sa.func.now()
    op.add_column(
        "compositions", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=now)
    )
    op.add_column("compositions", sa.Column("remix_of", sa.Text(), comment="what it was copied from"))
    op.add_column(
        "compositions",
        sa.Column("plan", sa.Text(), comment="the composer_events row of the plan it began as; null: written by hand"),
    )
    op.add_column(
        "compositions", sa.Column("share_token", sa.Text(), comment="who has it may read; null: nobody else may")
    )
    op.create_foreign_key(
        op.f("fk_compositions_remix_of"), "compositions", "compositions", ["remix_of"], ["id"], ondelete="SET NULL"
    )
    op.create_unique_constraint(op.f("uq_compositions_share_token"), "compositions", ["share_token"])
    op.create_index("ix_compositions_user_created", "compositions", ["user", sa.text("created_at DESC"), "id"])
    op.create_table(
        "composition_jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("composition", sa.Text(), nullable=False),
        sa.Column("video", sa.Text(), comment="of a comparison: the take"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked", JSONB, nullable=False, comment="the composition as it was then, and what was asked for"),
        sa.Column("state", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column(
            "done", sa.Integer(), server_default="0", nullable=False, comment="files of an export that are there"
        ),
        sa.Column("result", JSONB, comment="of a comparison that is DONE"),
        sa.Column("reason", sa.Text(), comment="error code of a job that FAILED"),
        sa.Column("detail", sa.Text()),
        sa.Column("secret", sa.Text(), nullable=False, comment="what signs the addresses of its files"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="when it is removed"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint("kind IN ('export', 'comparison')", name=op.f("ck_composition_jobs_kind_known")),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED')", name=op.f("ck_composition_jobs_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'FAILED') = (reason IS NOT NULL)", name=op.f("ck_composition_jobs_failed_has_reason")
        ),
        sa.CheckConstraint(
            "(kind = 'comparison') = (video IS NOT NULL)", name=op.f("ck_composition_jobs_comparison_has_video")
        ),
        sa.ForeignKeyConstraint(
            ["composition"], ["compositions.id"], name=op.f("fk_composition_jobs_composition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_composition_jobs_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_composition_jobs")),
    )
    for column in ("composition", "video", "expires_at"):
        op.create_index(op.f(f"ix_composition_jobs_{column}"), "composition_jobs", [column])
    op.create_table(
        "composer_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "about", sa.Text(), comment="the event that it answers: an accepted step its suggestion, a dance its plan"
        ),
        sa.Column("composition", sa.Text()),
        sa.Column("details", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint(
            "kind IN ('suggested', 'accepted', 'planned', 'saved', 'edited', 'exported', 'abandoned')",
            name=op.f("ck_composer_events_kind_known"),
        ),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_composer_events_user"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["composition"], ["compositions.id"], name=op.f("fk_composer_events_composition"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_composer_events")),
    )
    op.create_index(op.f("ix_composer_events_composition"), "composer_events", ["composition"])
    op.create_index("ix_composer_events_experiment", "composer_events", ["experiment", "user", "created_at"])
    op.create_table(
        "choreography_graphs",
        sa.Column("corpus", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="one more whenever what was learned has changed"),
        sa.PrimaryKeyConstraint("corpus", name=op.f("pk_choreography_graphs")),
    )


def downgrade() -> None:
    for table in ("choreography_graphs", "composer_events", "composition_jobs"):
        op.drop_table(table)
    op.drop_index("ix_compositions_user_created", "compositions")
    for column in ("share_token", "plan", "remix_of", "updated_at"):
        op.drop_column("compositions", column)
