"""Devices: the other names that they go by, and how they speak, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("devices", sa.Column("aliases", sa.Text(), nullable=True))
    op.add_column("devices", sa.Column("dialect", sa.Text(), nullable=True))
