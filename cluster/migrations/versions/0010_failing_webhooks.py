"""Webhooks that only fail are switched off; what names something that is deleted is found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAMING = (("videos", "indexed_by"), ("uploads", "video"), ("compositions", "remix_of"))
"""What is set to null where the named row is deleted: PostgreSQL looks for it, and without an index through all rows."""

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "webhooks",
        sa.Column(
            "failing_since", WHEN, nullable=True, comment="the first attempt that failed since one arrived; null: none"
        ),
    )
    op.add_column(
        "webhooks", sa.Column("disabled_at", WHEN, nullable=True, comment="nothing is sent since; null: it is on")
    )
    op.add_column("webhooks", sa.Column("disabled_reason", sa.Text(), nullable=True))
    for table, column in NAMING:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_check_constraint(
        op.f("ck_webhooks_disabled_has_reason"), "webhooks", "(disabled_at IS NULL) = (disabled_reason IS NULL)"
    )


def downgrade() -> None:
    for table, column in NAMING:
        op.drop_index(op.f(f"ix_{table}_{column}"))
    for column in ("disabled_reason", "disabled_at", "failing_since"):
        op.drop_column("webhooks", column)
