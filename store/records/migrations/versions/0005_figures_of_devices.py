"""Devices: the numbers of their own that limits refer to, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("devices", sa.Column("figures", sa.Text(), nullable=True))
