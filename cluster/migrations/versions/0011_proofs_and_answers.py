"""Whether an e-mail address was proved; answers under an idempotency key are encrypted by what the key gives"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SAID = {
    ("idempotency_keys", "key"): (None, "sha256 of it and the user: it opens the answer"),
    ("idempotency_keys", "request"): ("sha256 of method, path and body", "sha256 of method, path, query and body"),
    ("idempotency_keys", "answer"): (None, "headers and body, encrypted by what the key gives"),
    ("rates", "began"): ("the minute that is counted", "the minute or hour that is counted"),
}
"""What columns hold: before, and from now on."""


def upgrade() -> None:
    proved = sa.Column(
        "email_verified_at", sa.DateTime(timezone=True), comment="null: nobody has proved to read its mail"
    )
    op.add_column("users", proved)
    # Who has no password came in by a code or by a provider, if at all. Of the others nobody knows.
    op.execute("UPDATE users SET email_verified_at = now() WHERE password_hash IS NULL")
    forget()
    for (table, column), (before, now) in SAID.items():
        op.alter_column(table, column, comment=now, existing_comment=before)


def downgrade() -> None:
    forget()
    for (table, column), (before, now) in SAID.items():
        op.alter_column(table, column, comment=before, existing_comment=now)
    op.drop_column("users", "email_verified_at")


def forget() -> None:
    """Answers that are kept read in another way, those of before hold secrets as they are, and all are good for a day."""
    op.execute("DELETE FROM idempotency_keys")
