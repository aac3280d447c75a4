"""Insert, or do something else where the key is taken: the same words for both databases."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


def upsert(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing` in the connection's dialect."""
    return upsert_in(connection.dialect.name, table)


def upsert_in(dialect: str, table: Table) -> sqlite.Insert:
    """The same for a statement that is built once and used often."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # with all its drivers' adapters, which SQLite should not wait for

        # the two dialects' statements share these methods but no base class that declares them
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
