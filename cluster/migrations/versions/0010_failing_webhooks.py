"""Webhooks that only fail are switched off"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

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
    op.create_check_constraint(
        op.f("ck_webhooks_disabled_has_reason"), "webhooks", "(disabled_at IS NULL) = (disabled_reason IS NULL)"
    )


def downgrade() -> None:
    for column in ("disabled_reason", "disabled_at", "failing_since"):
        op.drop_column("webhooks", column)
