"""Opens the database so that what was committed survives a power cut, and so that readers never wait for the writer."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from domain.errors import Misconfigured, Problem


def connect(url: str, *, busy_timeout_s: float) -> Engine:
    """An engine for SQLite or PostgreSQL. Raises Misconfigured for anything else, or for a folder that is not there."""
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address, busy_timeout_s)
        case "postgresql":
            return _postgresql(address)
        case other:
            raise _wrong(address, f"records cannot be kept in {other}; write sqlite:///… or postgresql+psycopg://…")


def place_of(url: str) -> str:
    """The URL as it may be shown: without the password."""
    return make_url(url).render_as_string(hide_password=True)


def _sqlite(address: URL, busy_timeout_s: float) -> Engine:
    folder = Path(address.database or "").parent
    if not address.database or address.database == ":memory:" or not folder.is_dir():
        raise _wrong(address, f"records need a file in a folder that exists; create {folder} or mend records.url")
    engine = create_engine(address)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a write lock; `begin` sends ours
        for pragma in (
            f"busy_timeout={int(busy_timeout_s * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",  # in WAL, NORMAL may lose the last commits at a power cut
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a reader that turns writer half-way fails at once when another one wrote meanwhile, however long it may wait
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(address: URL) -> Engine:
    try:
        driver = address.set(drivername="postgresql+psycopg")
        # SQLite shows a transaction one consistent moment by itself; PostgreSQL has to be asked
        return create_engine(driver, pool_pre_ping=True, isolation_level="REPEATABLE READ")
    except ModuleNotFoundError as exc:
        raise _wrong(address, f"{exc}; install citybrain[postgresql]") from exc


def _wrong(address: URL, message: str) -> Misconfigured:
    return Misconfigured([Problem(file=address.render_as_string(hide_password=True), line=None, message=message)])
