"""Brings a database to the schema of this version, or says that it cannot."""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text

from store.records.connection import Database
from store.records.errors import UnknownSchema
from store.records.tables import metadata

MIGRATIONS = Path(__file__).with_name("migrations")
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def migrate(database: Database) -> None:
    """Apply the steps that are missing, in one transaction. Raises UnknownSchema for one newer than this version.

    Two processes may open a new database at once: the second waits for the first and finds nothing left to do.
    """
    with database.reading.connect() as connection:
        if revision_of(connection) == newest_revision():
            return
    with database.writing.begin() as connection:
        if not inspect(connection).get_table_names():
            _create(connection)
        elif revision_of(connection) != newest_revision():
            # Alembic is loaded for an older schema alone: it is a sixth of what an engine's start costs, and 7 MB
            from store.records.migrating import upgrade

            upgrade(connection, MIGRATIONS)


def _create(connection: Connection) -> None:
    """All tables at once: what the steps would have made of an empty database."""
    metadata.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=newest_revision()))


def demand_newest(database: Database) -> None:
    """For who only reads: raises UnknownSchema when the engine has steps to apply first, or this version has none."""
    with database.reading.connect() as connection:
        found, newest = revision_of(connection), newest_revision()
    if found != newest:
        raise UnknownSchema(
            f"the database has schema {found or 'none'}, not {newest}: the engine upgrades it at its start"
        )


def newest_revision() -> str:
    """The files of the steps begin with their revision."""
    return max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def revision_of(connection: Connection) -> str | None:
    """What the database says of itself, in Alembic's table; None for a database without it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
