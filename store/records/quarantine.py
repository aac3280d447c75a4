"""What could not be used, with its bytes, to be looked at and tried again; bounded, and what goes is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from domain.messages import Quarantined, Reason
from store.records.columns import columns_of
from store.records.cursors import CursorRecords
from store.records.tables import quarantine

DROPPED = "quarantine-dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """An entry and the number to ask for it by."""

    id: int
    content: Quarantined


class QuarantineRecords:
    """The quarantine as one transaction sees it, at most `limit` entries."""

    def __init__(self, connection: Connection, *, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._cursors = CursorRecords(connection)

    def add(self, entries: Sequence[Quarantined]) -> None:
        """Keep them; where there are more than the limit, the oldest go and are counted in `dropped`."""
        if not entries:
            return
        self._connection.execute(insert(quarantine), [columns_of(entry) for entry in entries])
        newest = self._connection.scalar(select(func.max(quarantine.c.id))) or 0
        gone = self._connection.execute(delete(quarantine).where(quarantine.c.id <= newest - self._limit)).rowcount
        if gone:
            self._cursors.set(DROPPED, self.dropped() + gone)

    def dropped(self) -> int:
        """How many entries went because of the limit, since the records exist."""
        return self._cursors.get(DROPPED)

    def list(self, *, limit: int, reason: Reason | None = None) -> Sequence[QuarantineEntry]:
        """Newest first."""
        query = select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)
        if reason is not None:
            query = query.where(quarantine.c.reason == reason)
        return [_entry(**row._mapping) for row in self._connection.execute(query)]

    def get(self, entry_id: int) -> QuarantineEntry | None:
        row = self._connection.execute(select(quarantine).where(quarantine.c.id == entry_id)).first()
        return _entry(**row._mapping) if row else None


def _entry(*, id: int, **content: Any) -> QuarantineEntry:
    return QuarantineEntry(id=id, content=Quarantined(**content))
