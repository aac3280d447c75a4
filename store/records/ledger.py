"""The conservation ledger on file: lines of the same feed and minute add up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, func, select

from domain.ledger import LedgerLine, Tally
from store.records.tables import FATES, ledger
from store.records.upserts import upsert_in

assert tuple(field.name for field in fields(Tally)) == FATES


class LedgerRecords:
    """The ledger as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, lines: Iterable[LedgerLine]) -> None:
        """Add the counts to what is on file."""
        merged = _merge(lines)
        if merged:
            self._connection.execute(_adding(self._connection.dialect.name), [_row(line) for line in merged])

    def list(self, *, since: datetime, until: datetime, feed: str | None = None) -> Sequence[LedgerLine]:
        """Minutes that start in [since, until), in order of (minute, feed)."""
        query = select(ledger).where(ledger.c.minute >= since, ledger.c.minute < until)
        if feed is not None:
            query = query.where(ledger.c.feed == feed)
        rows = self._connection.execute(query.order_by(ledger.c.minute, ledger.c.feed))
        return [_line(row._mapping) for row in rows]

    def totals(self) -> Mapping[str, tuple[Tally, Tally]]:
        """Messages and readings of every feed, over all minutes."""
        sums = [func.sum(column).label(column.name) for column in ledger.c if not column.primary_key]
        rows = self._connection.execute(select(ledger.c.feed, *sums).group_by(ledger.c.feed))
        return {row.feed: (_tally(row._mapping, "messages"), _tally(row._mapping, "readings")) for row in rows}


@cache
def _adding(dialect: str) -> Executable:
    """Every settlement needs it, twenty times a second: it takes longer to build than to carry out."""
    statement = upsert_in(dialect, ledger)
    counts = [column for column in ledger.c if not column.primary_key]
    sums = {column.name: column + statement.excluded[column.name] for column in counts}
    return statement.on_conflict_do_update(index_elements=["feed", "minute"], set_=sums)


def _merge(lines: Iterable[LedgerLine]) -> Sequence[LedgerLine]:
    merged: dict[tuple[str, datetime], LedgerLine] = {}
    for line in lines:
        key = (line.feed, line.minute)
        known = merged.get(key)
        merged[key] = (
            replace(line, messages=known.messages + line.messages, readings=known.readings + line.readings)
            if known
            else line
        )
    return list(merged.values())


def _row(line: LedgerLine) -> dict[str, Any]:
    return {
        "feed": line.feed,
        "minute": line.minute,
        **{f"messages_{fate}": getattr(line.messages, fate) for fate in FATES},
        **{f"readings_{fate}": getattr(line.readings, fate) for fate in FATES},
    }


def _line(row: RowMapping) -> LedgerLine:
    return LedgerLine(
        feed=row["feed"],
        minute=row["minute"],
        messages=_tally(row, "messages"),
        readings=_tally(row, "readings"),
    )


def _tally(row: RowMapping, unit: str) -> Tally:
    # PostgreSQL sums integers to decimals
    return Tally(**{fate: int(row[f"{unit}_{fate}"]) for fate in FATES})
