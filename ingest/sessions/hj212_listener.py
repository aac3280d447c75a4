"""Stations of HJ 212 connect to us; their frames are messages like a broker's, answered once they are durable."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from domain.messages import Message
from domain.ports import Clock
from ingest.sessions.hj212_serving import StationServer
from ingest.settings import ListenerSettings

_ENDS_WITHIN_S = 5.0


def _nobody() -> None:
    """Rings for nobody."""


class Hj212Listener:
    """Implements domain.ports.Session. The stations are served by a thread of its own, from the first `receive` on."""

    def __init__(
        self,
        settings: ListenerSettings,
        clock: Clock,
        *,
        burst: int = 5000,
        ring: Callable[[], None] = _nobody,
    ) -> None:
        """`ring` is called whenever something has arrived. Raises Misconfigured for an unreadable password file."""
        self._feed = settings.feed
        self._burst = burst
        self._ring = ring
        self._arrived: deque[Message] = deque()
        self._something = threading.Condition()
        self._server = StationServer(settings, clock, self._deliver)
        self._thread = threading.Thread(target=self._server.serve, name="hj212-listener", daemon=True)
        self._is_closed = False

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port. Raises RuntimeError when the thread that serves the stations has died: nobody hears them."""
        if self._thread.ident is None and not self._is_closed:
            self._thread.start()
        with self._something:
            self._something.wait_for(lambda: self._arrived or self._is_closed, wait_s)
            if not (self._arrived or self._is_closed or self._thread.is_alive()):
                raise RuntimeError("the HJ 212 listener has died; the engine has to start anew")
            return [self._arrived.popleft() for _ in range(min(len(self._arrived), self._burst))]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port: now each station that asked for it gets its answer."""
        self._server.settle([message.token for message in messages])

    def is_connected(self) -> bool:
        """Whether stations can reach us."""
        return self._server.is_listening

    def connections(self) -> Mapping[str, bool]:
        """See the port."""
        return {self._feed: self.is_connected()}

    def close(self) -> None:
        """See the port. What is not acknowledged stays unanswered, and comes again."""
        self._is_closed = True
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(_ENDS_WITHIN_S)
        else:
            self._server.serve()  # asked to stop already: it only clears up

    def _deliver(self, messages: Sequence[Message]) -> None:
        with self._something:
            self._arrived.extend(messages)
            self._something.notify()
        self._ring()
