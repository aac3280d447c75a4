"""What could not be used, with its bytes, to be looked at and driven again; bounded, and what goes is counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from domain.instants import to_micros
from domain.messages import Quarantined, Reason
from store.records.cursors import CursorRecords
from store.records.tables import quarantine

DROPPED = "quarantine-dropped"
EXPIRED = "quarantine-expired"
BYTES = "quarantine-bytes"
ENTRIES = "quarantine-entries"
_AT_ONCE = 500
_WRITTEN = ("feed", "topic", "payload", "received", "reason", "detail", "readings")
"""Columns of a new entry, in the order of the table."""
_CUT_OFF = quarantine.c.reason == Reason.TOO_LARGE
"""The beginning of a message is another message, and might even be readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """An entry and the number to ask for it by."""

    id: int
    content: Quarantined
    asked_at: datetime | None = None
    """When somebody asked to drive it again; None while nobody has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineFilter:
    """Which entries are meant; nothing said means all. `topic` is a part of the topic."""

    ids: tuple[int, ...] = ()
    reason: Reason | None = None
    feed: str | None = None
    topic: str | None = None
    since: datetime | None = None

    def condition(self) -> ColumnElement[bool]:
        wanted: list[ColumnElement[bool]] = [quarantine.c.id > 0]
        if self.ids:
            wanted.append(quarantine.c.id.in_(self.ids))
        if self.reason is not None:
            wanted.append(quarantine.c.reason == self.reason)
        if self.feed is not None:
            wanted.append(quarantine.c.feed == self.feed)
        if self.topic is not None:
            wanted.append(quarantine.c.topic.contains(self.topic, autoescape=True))
        if self.since is not None:
            wanted.append(quarantine.c.received >= to_micros(self.since))
        return and_(*wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineBounds:
    """At most so many entries, and so many bytes of payload."""

    entries: int
    payload_bytes: int


EVERYTHING = QuarantineFilter()


class QuarantineRecords:
    """The quarantine as one transaction sees it. Beyond its bounds the oldest entries go, counted."""

    def __init__(self, connection: Connection, *, bounds: QuarantineBounds) -> None:
        self._connection = connection
        self._bounds = bounds
        self._cursors = CursorRecords(connection)

    def add(self, entries: Sequence[Quarantined]) -> None:
        """Keep them; where there are more than the bounds allow, the oldest go and are counted in `dropped`."""
        if not entries:
            return
        self._insert(entries)
        self._cursors.set(BYTES, self.payload_bytes() + sum(len(entry.payload) for entry in entries))
        self._cursors.set(ENTRIES, self._entries() + len(entries))
        gone = 0
        if self._entries() > self._bounds.entries:
            gone = self._remove(quarantine.c.id <= self._last_of_too_many())
        while self.payload_bytes() > self._bounds.payload_bytes:
            gone += self._remove(quarantine.c.id <= self._last_beyond_the_bound())
        if gone:
            self._cursors.set(DROPPED, self.dropped() + gone)

    def _insert(self, entries: Sequence[Quarantined]) -> None:
        """Past SQLAlchemy's types, which take as long for each row as the database itself: a flood is mostly this."""
        dialect = self._connection.dialect
        text = str(insert(quarantine).compile(dialect=dialect, column_keys=_WRITTEN))
        rows = [(e.feed, e.topic, e.payload, e.received, e.reason.value, e.detail, e.readings) for e in entries]
        if dialect.positional:
            self._connection.exec_driver_sql(text, rows)
        else:
            self._connection.exec_driver_sql(text, [dict(zip(_WRITTEN, row, strict=True)) for row in rows])

    def dropped(self) -> int:
        """How many entries went because of the bounds, since the records exist."""
        return self._cursors.get(DROPPED)

    def expired(self) -> int:
        """How many entries went because of their age, since the records exist."""
        return self._cursors.get(EXPIRED)

    def payload_bytes(self) -> int:
        """What the payloads of all entries come to."""
        return self._cursors.get(BYTES)

    def expire(self, *, received_before: datetime) -> int:
        """Forget entries that were received before the moment; how many."""
        gone = self._remove(quarantine.c.received < to_micros(received_before))
        if gone:
            self._cursors.set(EXPIRED, self.expired() + gone)
        return gone

    def counts(self) -> Mapping[Reason, int]:
        """Entries by reason; none for reasons without any."""
        query = select(quarantine.c.reason, func.count()).group_by(quarantine.c.reason)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def list(
        self, *, limit: int, reason: Reason | None = None, which: QuarantineFilter = EVERYTHING
    ) -> Sequence[QuarantineEntry]:
        """Newest first."""
        query = select(quarantine).where(which.condition()).order_by(quarantine.c.id.desc()).limit(limit)
        if reason is not None:
            query = query.where(quarantine.c.reason == reason)
        return [_entry(**row._mapping) for row in self._connection.execute(query)]

    def get(self, entry_id: int) -> QuarantineEntry | None:
        row = self._connection.execute(select(quarantine).where(quarantine.c.id == entry_id)).first()
        return _entry(**row._mapping) if row else None

    def ask(self, which: QuarantineFilter, *, now: datetime) -> int:
        """Ask to drive these again, but those that are `cut_off`. How many were not asked for before."""
        wanted = and_(which.condition(), ~_CUT_OFF, quarantine.c.asked_at.is_(None))
        return self._connection.execute(update(quarantine).where(wanted).values(asked_at=now)).rowcount

    def asked(self, *, limit: int, after: int = 0) -> Sequence[QuarantineEntry]:
        """What the intake is to take again, in the order in which it came, beyond the entry `after`."""
        return self._asked(quarantine.c.reason != Reason.STORE_REFUSED, limit=limit, after=after)

    def asked_of_store(self, *, limit: int) -> Sequence[QuarantineEntry]:
        """What the series store is to take again: for the intake these readings would be duplicates."""
        return self._asked(quarantine.c.reason == Reason.STORE_REFUSED, limit=limit)

    def _asked(self, kind: ColumnElement[bool], *, limit: int, after: int = 0) -> Sequence[QuarantineEntry]:
        wanted = and_(quarantine.c.asked_at.is_not(None), quarantine.c.id > after, kind)
        query = select(quarantine).where(wanted).order_by(quarantine.c.id).limit(limit)
        return [_entry(**row._mapping) for row in self._connection.execute(query)]

    def waiting(self, which: QuarantineFilter = EVERYTHING) -> int:
        """How many of these somebody has asked for, and nobody has taken yet."""
        wanted = and_(which.condition(), quarantine.c.asked_at.is_not(None))
        return self._connection.scalar(select(func.count()).select_from(quarantine).where(wanted)) or 0

    def count(self, which: QuarantineFilter) -> int:
        """How many entries these are."""
        return self._connection.scalar(select(func.count()).select_from(quarantine).where(which.condition())) or 0

    def cut_off(self, which: QuarantineFilter) -> int:
        """How many of these cannot be driven again, because only the beginning of them was kept."""
        wanted = and_(which.condition(), _CUT_OFF)
        return self._connection.scalar(select(func.count()).select_from(quarantine).where(wanted)) or 0

    def in_vain(self, ids: Collection[int]) -> None:
        """These were taken again and are as bad as before: they stay, until somebody asks anew."""
        self._connection.execute(update(quarantine).where(quarantine.c.id.in_(ids)).values(asked_at=None))

    def driven(self, ids: Collection[int]) -> int:
        """These were settled anew: their entries go; what is still bad comes back as a new one. How many there were."""
        numbers = sorted(ids)
        return sum(
            self._remove(quarantine.c.id.in_(numbers[start : start + _AT_ONCE]))
            for start in range(0, len(numbers), _AT_ONCE)
        )

    def _remove(self, condition: ColumnElement[bool]) -> int:
        size = self._connection.scalar(select(func.sum(func.length(quarantine.c.payload))).where(condition))
        if size is None:
            return 0
        gone = self._connection.execute(delete(quarantine).where(condition)).rowcount
        self._cursors.set(BYTES, self.payload_bytes() - int(size))
        self._cursors.set(ENTRIES, self._entries() - gone)
        return gone

    def _entries(self) -> int:
        """How many there are. The numbers do not tell: those of entries that were driven are not given again."""
        return self._cursors.get(ENTRIES)

    def _last_of_too_many(self) -> int:
        """The newest of the oldest entries beyond the bound on their number."""
        excess = self._entries() - self._bounds.entries
        query = select(quarantine.c.id).order_by(quarantine.c.id).offset(excess - 1).limit(1)
        return self._connection.scalar(query) or 0

    def _last_beyond_the_bound(self) -> int:
        """The newest of the oldest entries that have to go."""
        excess = self.payload_bytes() - self._bounds.payload_bytes
        size, last = func.length(quarantine.c.payload), 0
        for row in self._connection.execute(select(quarantine.c.id, size).order_by(quarantine.c.id).limit(_AT_ONCE)):
            last, excess = row[0], excess - row[1]
            if excess <= 0:
                break
        return last


def _entry(*, id: int, asked_at: datetime | None, **content: Any) -> QuarantineEntry:
    return QuarantineEntry(id=id, asked_at=asked_at, content=Quarantined(**content))
