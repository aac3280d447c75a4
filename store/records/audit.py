"""Who did what to what, and when; it only grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select

from store.records.columns import columns_of
from store.records.tables import audit

_ADD = insert(audit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One act: `action` such as `alert.acknowledge`, `subject` such as `alert:1f0c…`."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, str | int | float | None] = field(default_factory=dict)


class AuditRecords:
    """The audit as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, line: AuditLine) -> None:
        self._connection.execute(_ADD, columns_of(line))

    def list(self, *, limit: int, subject: str | None = None) -> Sequence[AuditLine]:
        """Newest first."""
        columns = [column for column in audit.c if column.name != "id"]
        query = select(*columns).order_by(audit.c.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        return [AuditLine(**row._mapping) for row in self._connection.execute(query)]
