"""The edge to Alembic: the only module here that loads it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from store.records.errors import UnknownSchema


def upgrade(connection: Connection, migrations: Path) -> None:
    """All missing steps, in the connection's transaction. Raises UnknownSchema."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise UnknownSchema(str(exc)) from exc
