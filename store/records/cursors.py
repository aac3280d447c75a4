"""How far each reader of the journal has come, and the rules' own state at such a point."""

from sqlalchemy import Connection, delete, insert, select, update

from store.records.tables import cursors, rule_state
from store.records.upserts import upsert


class CursorRecords:
    """Named numbers that must move in the same transaction as what they count."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> int:
        """0 for a name that was never set."""
        return self._connection.scalar(select(cursors.c.sequence).where(cursors.c.name == name)) or 0

    def set(self, name: str, sequence: int) -> None:
        statement = upsert(self._connection, cursors).values(name=name, sequence=sequence)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"sequence": statement.excluded.sequence})
        )


class RuleStateRecords:
    """The last snapshot of the rules, with the journal sequence it holds everything up to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, sequence: int, snapshot: bytes) -> None:
        """Replaces the one before."""
        self._connection.execute(delete(rule_state))
        self._connection.execute(insert(rule_state).values(sequence=sequence, snapshot=b""))
        self._fill(sequence, snapshot)
        # SQLite's driver keeps the statement with a copy of what was last bound to it, in each of its connections:
        # of 50,000 devices 17 MB. Bound again to a row that is not there, it keeps nothing
        self._fill(-1, b"")

    def _fill(self, sequence: int, snapshot: bytes) -> None:
        row = update(rule_state).where(rule_state.c.sequence == sequence)
        self._connection.execute(row.values(snapshot=snapshot))

    def load(self) -> tuple[int, bytes] | None:
        """None where the rules have never been saved: start from the journal's tail."""
        row = self._connection.execute(select(rule_state.c.sequence, rule_state.c.snapshot)).first()
        return (row.sequence, row.snapshot) if row else None
