"""Annotations, compositions, and the ways between versions of the taxonomy"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compositions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("bpm", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("bpm > 0", name=op.f("ck_compositions_bpm_positive")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_compositions_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compositions")),
    )
    op.create_index(op.f("ix_compositions_user"), "compositions", ["user"], unique=False)
    op.create_table(
        "taxonomy_migrations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column(
            "undone_by", sa.Text(), nullable=True, comment="the migration back, after which this one no longer holds"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("old <> new", name=op.f("ck_taxonomy_migrations_versions_differ")),
        sa.ForeignKeyConstraint(
            ["new"], ["taxonomy_versions.id"], name=op.f("fk_taxonomy_migrations_new"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["old"], ["taxonomy_versions.id"], name=op.f("fk_taxonomy_migrations_old"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"],
            ["taxonomy_migrations.id"],
            name=op.f("fk_taxonomy_migrations_undone_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_migrations")),
    )
    op.create_table(
        "annotations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("annotator", sa.Text(), nullable=True),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("quality_flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('PENDING', 'VERIFIED', 'REJECTED')", name=op.f("ck_annotations_status_known")),
        sa.CheckConstraint("0 <= start_ms AND start_ms < end_ms", name=op.f("ck_annotations_span_not_empty")),
        sa.ForeignKeyConstraint(
            ["annotator"], ["users.id"], name=op.f("fk_annotations_annotator"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["move"], ["moves.id"], name=op.f("fk_annotations_move"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["users.id"], name=op.f("fk_annotations_reviewed_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_annotations_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index(op.f("ix_annotations_move"), "annotations", ["move"], unique=False)
    op.create_index(op.f("ix_annotations_video"), "annotations", ["video"], unique=False)
    op.create_table(
        "composition_steps",
        sa.Column("composition", sa.Text(), nullable=False),
        sa.Column("order_idx", sa.Integer(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("duration_beats", sa.Double(), nullable=False),
        sa.Column("mirror", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("duration_beats > 0", name=op.f("ck_composition_steps_duration_positive")),
        sa.CheckConstraint("order_idx >= 0", name=op.f("ck_composition_steps_order_not_negative")),
        sa.ForeignKeyConstraint(
            ["composition"], ["compositions.id"], name=op.f("fk_composition_steps_composition"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["move"], ["moves.id"], name=op.f("fk_composition_steps_move"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("composition", "order_idx", name=op.f("pk_composition_steps")),
    )
    op.create_index(op.f("ix_composition_steps_move"), "composition_steps", ["move"], unique=False)
    op.create_table(
        "taxonomy_remaps",
        sa.Column("migration", sa.Text(), nullable=False),
        sa.Column("in_table", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column(
            "was",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the values before, so that the way back restores them",
        ),
        sa.Column(
            "became",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the values after: a row changed since is not restored",
        ),
        sa.ForeignKeyConstraint(
            ["migration"], ["taxonomy_migrations.id"], name=op.f("fk_taxonomy_remaps_migration"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("migration", "in_table", "row_id", name=op.f("pk_taxonomy_remaps")),
    )


def downgrade() -> None:
    for table in ("taxonomy_remaps", "composition_steps", "annotations", "taxonomy_migrations", "compositions"):
        op.drop_table(table)
