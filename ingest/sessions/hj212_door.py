"""The port that stations come to: opened as soon as it is free, shut while there is no room."""

import errno
import socket

from domain.ports import Clock
from ingest.backoff import Backoff
from ingest.settings import ListenerSettings
from runtime import logs

_FIRST_S, _LONGEST_S = 0.5, 10.0
_BACKLOG = 128
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE})

_log = logs.get(__name__)


class Door:
    """One listening socket that does not block. What keeps it shut is said once."""

    def __init__(self, settings: ListenerSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._backoff = Backoff(first=_FIRST_S, longest=_LONGEST_S)
        self._next_attempt = float("-inf")
        self._told = ""
        self.socket: socket.socket | None = None

    def open(self) -> socket.socket | None:
        """The new socket when it has just been opened; None when it is open already, or cannot be yet."""
        if self.socket is not None or self._clock.monotonic() < self._next_attempt:
            return None
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as exc:
            self._next_attempt = self._clock.monotonic() + self._backoff.next_wait()
            self._say("hj212 listener cannot listen; free the port or name another", reason=str(exc))
            return None
        self._told = ""
        self.socket.setblocking(False)
        _log.info("hj212 listener listens", host=host, port=port)
        return self.socket

    def let_in(self, *, inside: int) -> tuple[socket.socket, str] | None:
        """The next station with its address; None for one that is gone, or that there is no room for.

        Raises OSError when this process may open no more files: nobody can be let in for a while.
        """
        assert self.socket is not None, "nobody comes to a port that is not open"
        try:
            link, address = self.socket.accept()
        except OSError as exc:
            if exc.errno in _OUT_OF_FILES:
                self._say("hj212 listener may open no more files; raise the limit", reason=str(exc))
                raise
            return None
        if inside >= self._settings.connections:
            link.close()
            self._say("hj212 listener is full; raise its `connections`", reason=f"{inside} stations are connected")
            return None
        self._told = ""
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link, f"{address[0]}:{address[1]}"

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _say(self, event: str, *, reason: str) -> None:
        if event != self._told:
            self._told = event
            _log.error(event, port=self._settings.port, reason=reason)
