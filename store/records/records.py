"""The records of one installation: open them once, then every reading or writing is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection

from store.records.alerts import AlertRecords
from store.records.audit import AuditRecords
from store.records.connection import Database, connect, place_of
from store.records.cursors import CursorRecords, RuleStateRecords
from store.records.devices import DeviceRecords
from store.records.errors import translated
from store.records.ledger import LedgerRecords
from store.records.outbox import OutboxRecords
from store.records.quarantine import QuarantineBounds, QuarantineRecords
from store.records.retention import RetentionRecords
from store.records.schema import demand_newest, migrate
from store.records.settings import RecordsSettings
from store.records.sittings import SittingRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All the records, as one transaction sees and changes them."""

    alerts: AlertRecords
    outbox: OutboxRecords
    ledger: LedgerRecords
    quarantine: QuarantineRecords
    audit: AuditRecords
    cursors: CursorRecords
    rule_state: RuleStateRecords
    sittings: SittingRecords
    devices: DeviceRecords
    retention: RetentionRecords


class Records:
    """Safe to share between threads; each transaction has a connection of its own.

    A transaction or snapshot is left with Temporary when the database is locked, full or away, with Conflict when a
    constraint is hurt, with Refused for a statement that can never work, and with Misconfigured when the database is
    damaged. Nothing of a transaction that raised is visible to anybody.
    """

    def __init__(self, database: Database, *, settings: RecordsSettings, place: str) -> None:
        self._database = database
        self._quarantine = QuarantineBounds(entries=settings.quarantine_limit, payload_bytes=settings.quarantine_bytes)
        self._place = place

    @classmethod
    def open(cls, url: str, *, settings: RecordsSettings, upgrade: bool = True) -> Self:
        """Connect and migrate. Raises Misconfigured for what cannot be opened, Temporary for a server that is away.

        Who only reads says `upgrade=False`: an older schema is Misconfigured then, and stays as its engine knows it.
        """
        with translated("records.url"):
            place = place_of(url)
        with translated(place):
            database = connect(url, busy_timeout_s=settings.busy_timeout)
            (migrate if upgrade else demand_newest)(database)
        return cls(database, settings=settings, place=place)

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """Read and write; all of it or nothing. One writer at a time: others wait for it up to the busy timeout."""
        with translated(self._place), self._database.writing.begin() as connection:
            yield self._books(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Books]:
        """Read only, one consistent moment; never waits for the writer, in this process or another."""
        with translated(self._place), self._database.reading.connect() as connection:
            yield self._books(connection)

    def close(self) -> None:
        """Give up all connections; a later transaction would open new ones."""
        self._database.writing.dispose()

    def _books(self, connection: Connection) -> Books:
        return Books(
            alerts=AlertRecords(connection),
            outbox=OutboxRecords(connection),
            ledger=LedgerRecords(connection),
            quarantine=QuarantineRecords(connection, bounds=self._quarantine),
            audit=AuditRecords(connection),
            cursors=CursorRecords(connection),
            rule_state=RuleStateRecords(connection),
            sittings=SittingRecords(connection),
            devices=DeviceRecords(connection),
            retention=RetentionRecords(connection),
        )
