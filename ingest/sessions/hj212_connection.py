"""One station's connection: bytes become frames, and answers become bytes. It never waits."""

import socket
from dataclasses import dataclass

from domain.errors import Unusable
from ingest.formats.hj212.framing import LONGEST, cut
from ingest.formats.hj212.packet import Packet, opened

_CHUNK = 64 * 1024
MOST_NONSENSE = 4096
"""Bytes in a row that are no sound frame; who sends more is no station."""
_MOST_KEPT = LONGEST + 64
"""Bytes of one piece: no frame is longer, and of what is none the beginning is enough."""
_MOST_UNREAD = 64 * 1024
"""Bytes of answers that a station may leave unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A frame, or bytes that are none; `packet` is None where it could not be opened."""

    content: bytes
    packet: Packet | None


class StationConnection:
    """Over a socket that does not block. `ended_because` tells why it is over."""

    def __init__(self, link: socket.socket, peer: str, *, now: float) -> None:
        self.link = link
        self.number = link.fileno()
        self.peer = peer
        self.heard_at = now
        """Monotonic seconds of the latest byte."""
        self.unsettled = 0
        """Frames handed over that nobody has acknowledged yet."""
        self.is_known = False
        """It has shown the password, where there is one."""
        self.ended_because = ""
        self._waiting = b""
        self._outgoing = b""
        self._nonsense = 0

    @property
    def is_over(self) -> bool:
        return bool(self.ended_because)

    @property
    def has_words(self) -> bool:
        """Answers wait to be sent."""
        return bool(self._outgoing)

    def read(self, *, now: float) -> list[Arrival]:
        """What has come; the last of it when the station hangs up."""
        try:
            chunk = self.link.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError as exc:
            self.end(f"connection lost: {exc.strerror or exc}")
            return []
        self.heard_at = now
        if not chunk:
            self.end("the station hung up")
        pieces, self._waiting = cut(self._waiting + chunk, is_all=not chunk)
        arrivals: list[Arrival] = []
        for piece in pieces:
            arrivals.append(self._arrival(piece.content[:_MOST_KEPT], is_frame=piece.is_frame))
            if self._nonsense > MOST_NONSENSE:
                self.end(f"more than {MOST_NONSENSE} bytes in a row that are no HJ 212")
                break
        return arrivals

    def say(self, answer: bytes) -> None:
        self._outgoing += answer
        if len(self._outgoing) > _MOST_UNREAD:
            self.end("the station does not read its answers")

    def write(self) -> None:
        """Send what waits, as much of it as goes."""
        try:
            self._outgoing = self._outgoing[self.link.send(self._outgoing) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            self.end(f"connection lost: {exc.strerror or exc}")

    def end(self, because: str) -> None:
        self.ended_because = self.ended_because or because

    def _arrival(self, content: bytes, *, is_frame: bool) -> Arrival:
        try:
            packet = opened(content) if is_frame else None
        except Unusable:
            packet = None  # the decoder says why, in the quarantine
        self._nonsense = 0 if packet else self._nonsense + len(content)
        return Arrival(content=content, packet=packet)
