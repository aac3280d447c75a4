"""The edge between SQLAlchemy's errors and ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc as sql

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary


class Conflict(Refused):
    """A constraint of the records says no: a second open alert, a sequence number taken, an unknown parent."""


class UnknownSchema(Exception):
    """The database has steps behind it that this version does not know."""


TEMPORARY = (sql.OperationalError, sql.InterfaceError, sql.TimeoutError, sql.DisconnectionError)
"""Locked, disk full, server away, no connection free."""

BROKEN = (UnknownSchema, sql.ArgumentError, sql.NoSuchModuleError, sql.DatabaseError)
"""A wrong URL, a file that is no database or is damaged, a schema that this version does not know."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """No exception of SQLAlchemy leaves this; `where` names the database without its password."""
    try:
        yield
    except (sql.SQLAlchemyError, UnknownSchema) as exc:
        raise translation(exc, where) from exc


def translation(exc: Exception, where: str) -> CitybrainError:
    """Our error for theirs, chosen by what the caller should do about it."""
    cause = str(getattr(exc, "orig", None) or exc)
    match exc:
        case sql.IntegrityError():
            return Conflict(f"{where}: {cause}; another writer was first, read again before you write")
        case _ if isinstance(exc, TEMPORARY):
            return Temporary(f"{where}: {cause}; free the disk or bring the database back, the write is tried again")
        case sql.ProgrammingError() | sql.DataError() | sql.NotSupportedError() | sql.InternalError():
            return Refused(f"{where}: the database refuses this statement: {cause}")
        case _ if isinstance(exc, BROKEN):
            advice = "check records.url, restore the file from a backup, or install the version that wrote it"
            return Misconfigured([Problem(file=where, line=None, message=f"{cause}; {advice}")])
        case _:
            return Refused(f"{where}: {cause}")
