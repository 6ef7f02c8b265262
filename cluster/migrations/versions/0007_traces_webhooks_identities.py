"""Traces and sizes of videos, webhooks, identities, rates"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TRACE = "W3C traceparent; null: it was not traced"


def upgrade() -> None:
    op.add_column("uploads", sa.Column("trace", sa.Text(), nullable=True, comment=TRACE))
    op.add_column("videos", sa.Column("trace", sa.Text(), nullable=True, comment=TRACE))
    op.add_column(
        "videos",
        sa.Column(
            "bytes", sa.BigInteger(), nullable=True, comment="of the file as it was uploaded; null: nobody uploaded it"
        ),
    )
    op.create_index(
        "ix_analysis_jobs_under_way",
        "analysis_jobs",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('DONE', 'FAILED', 'CANCELLED')"),
    )
    op.create_table(
        "rates",
        sa.Column("name", sa.Text(), nullable=False, comment="who does what"),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False, comment="the minute that is counted"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rates")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_rates_began"), "rates", ["began"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "secret",
            sa.Text(),
            nullable=False,
            comment="as it is: it signs; whoever reads it here reads what it signs, too",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_webhooks_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_user"), "webhooks", ["user"], unique=False)
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False, comment="an OpenID provider"),
        sa.Column("subject", sa.Text(), nullable=False, comment="by which it knows the user"),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_identities_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_user"), "identities", ["user"], unique=False)
    op.create_table(
        "oidc_sign_ins",
        sa.Column("state", sa.Text(), nullable=False, comment="its sha256"),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False, comment="of PKCE"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_oidc_sign_ins")),
    )


def downgrade() -> None:
    op.drop_table("oidc_sign_ins")
    op.drop_table("identities")
    op.drop_table("webhooks")
    op.drop_table("rates")
    op.drop_index("ix_analysis_jobs_under_way", table_name="analysis_jobs")
    op.drop_column("videos", "bytes")
    op.drop_column("videos", "trace")
    op.drop_column("uploads", "trace")
