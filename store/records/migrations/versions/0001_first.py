"""The first schema: devices, alerts and their history, outbox and deliveries, audit, quarantine, ledger, cursors."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state <> 'closed'")
WAITING = sa.text("state = 'waiting'")
FATES = ("received", "stored", "duplicate", "quarantined", "late")


def upgrade() -> None:
    _devices()
    _alerts()
    _alert_transitions()
    _outbox()
    _audit()
    _quarantine()
    _ledger()
    _journal_readers()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _devices() -> None:
    op.create_table(
        "devices",
        *(_text(name) for name in ("id", "kind", "zh", "en")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("lon", "lat", "interval_s")),
        *(_text(name, nullable=True) for name in ("zone", "district", "road", "grid_cell", "department", "parent")),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        *(_text(name) for name in ("id", "rule", "target", "severity", "state", "condition")),
        _moment("opened_at"),
        _moment("changed_at"),
        _text("evidence"),
        _count("sequence"),
        _moment("active_at", nullable=True),
        _moment("acknowledged_at", nullable=True),
        _text("acknowledged_by", nullable=True),
        _moment("returned_at", nullable=True),
        _moment("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_newest", "alerts", ["opened_at", "id"])
    op.create_index("ix_alerts_episodes", "alerts", ["rule", "target", "opened_at"])
    op.create_index(
        "uq_alerts_open", "alerts", ["rule", "target"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_alerts_open_newest", "alerts", ["opened_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN)


def _alert_transitions() -> None:
    op.create_table(
        "alert_transitions",
        _text("alert_id"),
        _count("sequence"),
        _text("move"),
        _text("from_state", nullable=True),
        _text("to_state"),
        _moment("at"),
        _moment("recorded_at"),
        *(_text(name) for name in ("actor", "evidence", "note")),
        sa.PrimaryKeyConstraint("alert_id", "sequence", name="pk_alert_transitions"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_transitions_alert_id"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Serial, nullable=False),
        _text("key"),
        _text("alert_id"),
        _count("sequence"),
        *(_text(name) for name in ("route", "title", "body")),
        _moment("created_at"),
        _text("state"),
        _count("attempts"),
        _moment("next_try_at", nullable=True),
        _moment("sent_at", nullable=True),
        _text("error"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_waiting", "outbox", ["route", "alert_id", "id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_table(
        "deliveries",
        sa.Column("id", Serial, nullable=False),
        _text("key"),
        _moment("at"),
        *(_text(name) for name in ("route", "outcome", "error")),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name="fk_deliveries_key"),
    )
    op.create_index("ix_deliveries_key", "deliveries", ["key"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", Serial, nullable=False),
        _moment("at"),
        *(_text(name) for name in ("actor", "action", "subject", "detail")),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", Serial, nullable=False),
        _text("feed"),
        _text("topic"),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        _text("reason"),
        _text("detail"),
        _count("readings"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_reason_id", "quarantine", ["reason", "id"])


def _ledger() -> None:
    op.create_table(
        "ledger",
        _text("feed"),
        _moment("minute"),
        *(sa.Column(f"messages_{fate}", sa.BigInteger(), nullable=False) for fate in FATES),
        *(sa.Column(f"readings_{fate}", sa.BigInteger(), nullable=False) for fate in FATES),
        sa.PrimaryKeyConstraint("feed", "minute", name="pk_ledger"),
    )
    op.create_index("ix_ledger_minute", "ledger", ["minute"])


def _journal_readers() -> None:
    op.create_table(
        "cursors",
        _text("name"),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
    op.create_table(
        "rule_state",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_rule_state"),
    )
