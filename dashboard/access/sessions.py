"""Who is logged in, kept in a small file of the web process's own: a restart of it logs nobody out."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, delete, event, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access.roles import Role
from dashboard.settings import SessionSettings
from dashboard.users import User
from domain.errors import Temporary
from domain.instants import MICROS_PER_S
from domain.ports import Clock
from runtime import logs

_log = logs.get(__name__)

_BEFORE_EDITION = "."
"""Occurs in no token of chance."""
_TABLES = MetaData()
_SESSIONS = Table(
    "sessions",
    _TABLES,
    Column("token_sha256", String(64), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("expires", Integer, nullable=False),  # microseconds since 1970, UTC
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One logged-in browser. `csrf` is what its scripts must send back in a header with every change."""

    user: str
    role: Role
    edition: str
    """Of the account, when it logged in (`User.edition`)."""
    csrf: str


class SessionStore:
    """Tokens of chance and the edition of the account; only their SHA-256 is stored, so that a copy of the file logs
    nobody in, and nobody can write another edition into a token.
    """

    def __init__(self, path: Path, *, settings: SessionSettings, clock: Clock) -> None:
        """Raises Temporary when the file cannot be opened."""
        self._clock = clock
        self._settings = settings
        self._engine = create_engine(f"sqlite:///{path}")

        @event.listens_for(self._engine, "connect")
        def prepare(connection: Any, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=5000")

        path.touch(mode=0o600)
        try:
            _TABLES.create_all(self._engine)
        except SQLAlchemyError as exc:
            cause = getattr(exc, "orig", None) or exc
            message = f"sessions file {path} cannot be opened: {cause}; free the disk or check the folder"
            raise Temporary(message) from exc

    def open(self, user: User) -> tuple[str, Session]:
        """A new session and the token for its cookie; sessions that ran out are swept away."""
        token = f"{secrets.token_urlsafe(32)}{_BEFORE_EDITION}{user.edition}"
        session = Session(user=user.name, role=user.role, edition=user.edition, csrf=secrets.token_urlsafe(24))
        now = self._clock.micros()
        with self._engine.begin() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.expires <= now))
            connection.execute(
                insert(_SESSIONS).values(
                    token_sha256=_digest(token),
                    user=session.user,
                    role=session.role.value,
                    csrf=session.csrf,
                    expires=now + self._lifetime(session.role),
                )
            )
        return token, session

    def find(self, token: str) -> Session | None:
        """The session of a cookie, or None when it ended. A screen's session renews itself in its second half."""
        now = self._clock.micros()
        with self._engine.connect() as connection:
            row = connection.execute(select(_SESSIONS).where(_SESSIONS.c.token_sha256 == _digest(token))).first()
        if row is None or row.expires <= now:
            return None
        edition = token.partition(_BEFORE_EDITION)[2]
        session = Session(user=row.user, role=Role(row.role), edition=edition, csrf=row.csrf)
        if session.role is Role.VIEWER and row.expires - now < self._lifetime(Role.VIEWER) // 2:
            self._renew(token, until=now + self._lifetime(Role.VIEWER))
        return session

    def close(self, token: str) -> None:
        """Log out. A token that is unknown is no error."""
        with self._engine.begin() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.token_sha256 == _digest(token)))

    def dispose(self) -> None:
        self._engine.dispose()

    def _lifetime(self, role: Role) -> int:
        """Microseconds."""
        seconds = self._settings.screen if role is Role.VIEWER else self._settings.staff
        return round(seconds * MICROS_PER_S)

    def _renew(self, token: str, *, until: int) -> None:
        """A full disk must not darken the walls: the session still runs, and the next request tries again."""
        renewed = update(_SESSIONS).where(_SESSIONS.c.token_sha256 == _digest(token)).values(expires=until)
        try:
            with self._engine.begin() as connection:
                connection.execute(renewed)
        except SQLAlchemyError as exc:
            _log.warning("session not renewed", error=str(exc))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
