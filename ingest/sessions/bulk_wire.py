"""The socket under a bulk session, plain or TLS: waits, reads as much as there is, sends what it is told together."""

import select
import socket
import ssl
from contextlib import suppress

from ingest.sessions.outgoing import Outgoing
from ingest.sessions.reaching import reached
from ingest.settings import BrokerSettings
from runtime.clock import SystemClock

_READ_AT_ONCE = 1024 * 1024
_LOOK_S, _SILENCE_S, _LEAVING_S = 0.01, 2.0, 3.0
"""Brokers that write their state to disk fall silent for a second now and then."""
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire:
    """Connected when made. Raises Temporary when the broker cannot be reached; its methods raise OSError."""

    def __init__(self, settings: BrokerSettings, *, timeout_s: float) -> None:
        self._socket = reached(settings, timeout_s=timeout_s)
        self._is_tls = isinstance(self._socket, ssl.SSLSocket)
        self._outgoing = Outgoing(self._socket.send)
        self._readiness = select.poll()
        self._readiness.register(self._socket, select.POLLIN)

    def wait(self, wait_s: float, *, is_reading: bool) -> bool:
        """Until there is something to read, or room for what waits to be sent. True when reading is worth a try."""
        if is_reading and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True  # TLS has read ahead: poll does not see it
        wanted = (select.POLLIN if is_reading else 0) | (select.POLLOUT if self._outgoing.is_waiting else 0)
        self._readiness.modify(self._socket, wanted)
        events = sum(event for _, event in self._readiness.poll(wait_s * 1000))
        if not is_reading and events & (select.POLLHUP | select.POLLERR):
            raise ConnectionResetError("the broker is gone")
        return is_reading and bool(events & ~select.POLLOUT)

    def read_into(self, room: memoryview) -> int | None:
        """How many bytes came; None for nothing now, 0 when the broker has hung up."""
        try:
            return self._socket.recv_into(room)
        except _NOTHING_YET:
            return None

    def is_drained(self, count: int, room: memoryview) -> bool:
        """Whether the last reading surely took everything: TLS gives one record at a time."""
        return count < len(room) and not self._is_tls

    def say(self, content: bytes) -> None:
        """What does not leave now leaves with the next `flush`."""
        self._outgoing.put(content)
        self.flush()

    def flush(self) -> None:
        try:
            self._outgoing.flush()
        except OSError as exc:
            raise self._last_words(exc) from exc

    def leave(self) -> None:
        """Let the broker have what was said to it: a socket that is closed over unread bytes takes back what it sent.

        The broker answers our goodbye by hanging up, or is given 2 s of silence; what it says then is passed over.
        """
        rest, is_saying = memoryview(bytearray(_READ_AT_ONCE)), True
        monotonic = SystemClock().monotonic  # select waits in real time, whatever clock the session goes by
        began = heard = monotonic()
        with suppress(OSError):
            while (now := monotonic()) - heard < _SILENCE_S and now - began < _LEAVING_S:
                self.flush()
                if is_saying and not self._outgoing.is_waiting:
                    is_saying = False
                    self._socket.shutdown(socket.SHUT_WR)
                if self.wait(_LOOK_S, is_reading=True):
                    if self.read_into(rest) == 0:
                        return
                    heard = now

    def close(self) -> None:
        self._socket.close()

    def _last_words(self, exc: OSError) -> OSError:
        """With TLS 1.3 the broker's reason, such as a missing certificate, may wait to be read when sending fails."""
        try:
            self._socket.recv(1)
        except OSError as told:
            return told if isinstance(told, ssl.SSLError) and told.reason else exc
        return exc
