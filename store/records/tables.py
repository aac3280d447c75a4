"""The tables of the records. A change here needs a migration; a test holds the two together."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger

from domain.alerts import AlertMove, AlertState
from domain.conditions import Condition, Severity
from domain.messages import Reason
from domain.outbox import DeliveryState, Outcome
from domain.places import NoiseZone
from store.records.columns import DetailText, EvidenceText, Moment, Serial, TargetText, Word

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMES)

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("interval_s", Float, nullable=False),
    Column("zone", Word(NoiseZone)),
    Column("district", Text),
    Column("road", Text),
    Column("grid_cell", Text),
    Column("department", Text),
    Column("parent", Text),
    Column("aliases", Text),
    Column("dialect", Text),
    Column("figures", Text),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("target", TargetText, nullable=False),
    Column("severity", Word(Severity), nullable=False),
    Column("state", Word(AlertState), nullable=False),
    Column("condition", Word(Condition), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("evidence", EvidenceText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("active_at", Moment),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text),
    Column("returned_at", Moment),
    Column("closed_at", Moment),
    Index("ix_alerts_newest", "opened_at", "id"),
    Index("ix_alerts_episodes", "rule", "target", "opened_at"),
)

OPEN = text("state <> 'closed'")
"""Spelled out, also in queries: a database uses a partial index only where it sees the index's own words."""
Index("uq_alerts_open", alerts.c.rule, alerts.c.target, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
"""At most one open alert per rule and target, whoever writes and however many at once."""
Index("ix_alerts_open_newest", alerts.c.opened_at, alerts.c.id, sqlite_where=OPEN, postgresql_where=OPEN)

alert_transitions = Table(
    "alert_transitions",
    metadata,
    Column("alert_id", Text, ForeignKey("alerts.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("move", Word(AlertMove), nullable=False),
    Column("from_state", Word(AlertState)),
    Column("to_state", Word(AlertState), nullable=False),
    Column("at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("evidence", EvidenceText, nullable=False),
    Column("note", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("route", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Moment),
    Column("sent_at", Moment),
    Column("error", Text, nullable=False),
    UniqueConstraint("key"),
)

WAITING = text("state = 'waiting'")
Index(
    "ix_outbox_waiting",
    outbox.c.route,
    outbox.c.alert_id,
    outbox.c.id,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("key", Text, ForeignKey("outbox.key"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("route", Text, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("error", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("detail", DetailText, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("reason", Word(Reason), nullable=False),
    Column("detail", Text, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("asked_at", Moment),
    Index("ix_quarantine_reason_id", "reason", "id"),
    sqlite_autoincrement=True,  # people note the number of an entry: it must not mean another one later
)

ASKED = text("asked_at IS NOT NULL")
Index("ix_quarantine_asked", quarantine.c.id, sqlite_where=ASKED, postgresql_where=ASKED)

FATES = ("received", "stored", "duplicate", "quarantined", "late")

ledger = Table(
    "ledger",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("minute", Moment, primary_key=True),
    *(Column(f"messages_{fate}", BigInteger, nullable=False) for fate in FATES),
    *(Column(f"readings_{fate}", BigInteger, nullable=False) for fate in FATES),
    Index("ix_ledger_minute", "minute"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

sittings = Table(
    "sittings",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

rule_state = Table(
    "rule_state",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("snapshot", LargeBinary, nullable=False),
)
