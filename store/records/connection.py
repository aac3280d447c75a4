"""Opens the database so that what was committed survives a power cut, and so that readers never wait for the writer."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from domain.errors import Misconfigured, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Two ways in, over the same connections.

    `writing`: one transaction at a time, so that what it read is still so when it writes; another one waits, and ends
    in OperationalError after the busy timeout. `reading`: one consistent moment, and no waiting.
    """

    writing: Engine
    reading: Engine


def connect(url: str, *, busy_timeout_s: float) -> Database:
    """SQLite or PostgreSQL. Raises Misconfigured for anything else, or for a folder that is not there."""
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address, busy_timeout_s)
        case "postgresql":
            return _postgresql(address, busy_timeout_s)
        case other:
            raise _wrong(address, f"records cannot be kept in {other}; write sqlite:///… or postgresql://…")


def place_of(url: str) -> str:
    """The URL as it may be shown: without the password."""
    return make_url(url).render_as_string(hide_password=True)


def _sqlite(address: URL, busy_timeout_s: float) -> Database:
    folder = Path(address.database or "").parent
    if not address.database or address.database == ":memory:" or not folder.is_dir():
        raise _wrong(address, f"records need a file in a folder that exists; create {folder} or mend records.url")
    engine = create_engine(address)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a write lock; `begin` sends ours
        connection.execute(f"PRAGMA busy_timeout={int(busy_timeout_s * 1000)}")
        # several processes on a new file: SQLite does not wait by itself for the one that turns it to WAL
        wal = Retrying(
            retry=retry_if_exception_type(sqlite3.OperationalError),
            stop=stop_after_delay(busy_timeout_s),
            wait=wait_fixed(0.01),
            reraise=True,
        )
        wal(connection.execute, "PRAGMA journal_mode=WAL")
        for pragma in (
            "synchronous=FULL",  # in WAL, NORMAL may lose the last commits at a power cut
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a reader that turns writer half-way fails at once when another one wrote meanwhile, however long it may wait
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")

    return Database(writing=engine.execution_options(writes=True), reading=engine)


def _postgresql(address: URL, busy_timeout_s: float) -> Database:
    driver = address.set(drivername="postgresql+psycopg")
    timeout = {"options": f"-c lock_timeout={int(busy_timeout_s * 1000)}"}
    try:
        engine = create_engine(driver, pool_pre_ping=True, connect_args=timeout)
    except ModuleNotFoundError as exc:
        raise _wrong(address, f"{exc}; install citybrain[postgresql]") from exc

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if _writes(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")

    return Database(
        writing=engine.execution_options(writes=True),
        reading=engine.execution_options(isolation_level="REPEATABLE READ"),
    )


WRITER = 0x63697479
"""The advisory lock that stands for SQLite's write lock; any number, as long as nobody else uses it."""


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes", False))


def _wrong(address: URL, message: str) -> Misconfigured:
    return Misconfigured([Problem(file=address.render_as_string(hide_password=True), line=None, message=message)])
