"""Quarantine: when somebody asked to drive an entry again, and how many bytes there are."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("asked_at", sa.BigInteger(), nullable=True))
    asked = sa.text("asked_at IS NOT NULL")
    op.create_index("ix_quarantine_asked", "quarantine", ["id"], sqlite_where=asked, postgresql_where=asked)
    op.execute(
        "INSERT INTO cursors (name, sequence)"
        " SELECT 'quarantine-bytes', COALESCE(SUM(LENGTH(payload)), 0) FROM quarantine"
    )
