"""Which entries of the journal the rules judged together, so that a restart judges them in the same way."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from store.records.tables import sittings
from store.records.upserts import upsert


class SittingRecords:
    """Only those of several entries are kept, and only until the rules' own state is saved behind them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, *, first: int, last: int) -> None:
        """A sitting of one entry needs no line."""
        if last > first:
            self._connection.execute(upsert(self._connection, sittings).values(first=first, last=last))

    def after(self, sequence: int) -> Mapping[int, int]:
        """The last entry of every sitting behind that entry, by its first."""
        rows = self._connection.execute(select(sittings.c.first, sittings.c.last).where(sittings.c.first > sequence))
        return {row.first: row.last for row in rows}

    def forget(self, *, through: int) -> None:
        """Nobody judges entries again that stand at or before this."""
        self._connection.execute(delete(sittings).where(sittings.c.last <= through))
