"""That what was found is no move that is known can be said too"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SAID = "null: no move that is known"


def upgrade() -> None:
    op.alter_column("annotations", "move", existing_type=sa.Text(), nullable=True, comment=SAID)


def downgrade() -> None:
    op.execute("DELETE FROM annotations WHERE move IS NULL")
    op.alter_column("annotations", "move", existing_type=sa.Text(), nullable=False, comment=None, existing_comment=SAID)
