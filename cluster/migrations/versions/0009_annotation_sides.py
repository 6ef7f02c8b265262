"""Which way round an annotated move is danced"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("annotations", sa.Column("mirror", sa.Boolean(), nullable=True, comment="null: nobody said"))


def downgrade() -> None:
    op.drop_column("annotations", "mirror")
