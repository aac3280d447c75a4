"""Quarantine: a number that was given is never given again; and how many entries there are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

COLUMNS = "id, feed, topic, payload, received, reason, detail, readings, asked_at"
ASKED = sa.text("asked_at IS NOT NULL")


def upgrade() -> None:
    op.execute("INSERT INTO cursors (name, sequence) SELECT 'quarantine-entries', COUNT(*) FROM quarantine")
    if op.get_context().dialect.name == "sqlite":  # PostgreSQL's sequences count on by themselves
        _anew()


def _anew() -> None:
    """SQLite cannot add AUTOINCREMENT to a table that is there. Copying the rows tells it the last number given."""
    op.drop_index("ix_quarantine_reason_id", "quarantine")
    op.drop_index("ix_quarantine_asked", "quarantine")
    op.rename_table("quarantine", "quarantine_before")
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("feed", "topic", "reason", "detail")),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO quarantine ({COLUMNS}) SELECT {COLUMNS} FROM quarantine_before ORDER BY id")
    op.drop_table("quarantine_before")
    op.create_index("ix_quarantine_reason_id", "quarantine", ["reason", "id"])
    op.create_index("ix_quarantine_asked", "quarantine", ["id"], sqlite_where=ASKED)
