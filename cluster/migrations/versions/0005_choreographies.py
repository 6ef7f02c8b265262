"""What the composer learns from: dances, and how often which move follows which"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "choreographies",
        sa.Column(
            "corpus",
            sa.Text(),
            nullable=False,
            comment="`index`: of analysed videos; else the name of a file of dances",
        ),
        sa.Column("id", sa.Text(), nullable=False, comment="the video, or the name that the dance has in its file"),
        sa.Column(
            "mark",
            sa.Text(),
            nullable=False,
            comment="of what it was made of: at the same mark it is not counted again",
        ),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="as counted: [move, beats or null, mirror], null for a gap",
        ),
        sa.CheckConstraint("jsonb_typeof(steps) = 'array'", name=op.f("ck_choreographies_steps_is_array")),
        sa.PrimaryKeyConstraint("corpus", "id", name=op.f("pk_choreographies")),
    )
    op.create_table(
        "move_stats",
        sa.Column("corpus", sa.Text(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column(
            "beats",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="how many uses lasted how long: {beats: uses}",
        ),
        sa.Column("median_beats", sa.Double(), nullable=True, comment="null: no use whose beats are known"),
        sa.Column("iqr_beats", sa.Double(), nullable=True),
        sa.Column(
            "avg_energy",
            sa.Double(),
            nullable=True,
            comment="the grade of the taxonomy, 1-5; null: a move that it does not know",
        ),
        sa.Column(
            "tags",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="regions, entry, exit posture",
        ),
        sa.CheckConstraint("uses > 0", name=op.f("ck_move_stats_uses_positive")),
        sa.PrimaryKeyConstraint("corpus", "move", name=op.f("pk_move_stats")),
    )
    op.create_table(
        "move_transitions",
        sa.Column("corpus", sa.Text(), nullable=False),
        sa.Column("prev2", sa.Text(), nullable=True, comment="null: the row counts pairs"),
        sa.Column("prev", sa.Text(), nullable=False, comment="^ before the first step of a dance"),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("dances", sa.Integer(), nullable=False, comment="in which it occurs"),
        sa.UniqueConstraint(
            "corpus",
            "prev2",
            "prev",
            "next",
            name=op.f("uq_move_transitions_corpus_prev2_prev_next"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def downgrade() -> None:
    op.drop_table("move_transitions")
    op.drop_table("move_stats")
    op.drop_table("choreographies")
