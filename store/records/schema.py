"""Brings a database to the schema of this version, or says that it cannot."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.records.connection import Database

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(database: Database) -> None:
    """Apply the steps that are missing, in one transaction. Raises CommandError for a schema newer than this version.

    Two processes may open a new database at once: the second waits for the first and finds nothing left to do.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with database.reading.connect() as connection:
        if _revision(connection) == head:
            return
    with database.writing.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
