"""Several ways in behind one: a broker, and listeners beside it."""

import threading
from collections.abc import Sequence

from domain.messages import Message
from domain.ports import Clock, Session

_SLICE_S = 0.01
"""How long the broker is waited for in one piece while listeners may have something."""
_ATTEMPT_EVERY_S = 2.0
_ATTEMPT_S = 1.0
"""A broker that is away gets this much in one piece, this often, however busy the listeners are."""


class Bell:
    """Ends a pause when somebody rings."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def pause(self, seconds: float) -> None:
        """Up to so many seconds; not at all when it has rung since the last `hush`."""
        self._rung.wait(seconds)

    def hush(self) -> None:
        self._rung.clear()


class JoinedSession:
    """Implements domain.ports.Session. `broker` works in the caller's thread, pausing at the bell while it is away; the
    `listeners` have threads of their own and ring. Each gives at most its own burst at a time, so nobody starves.
    """

    def __init__(self, broker: Session, listeners: Sequence[Session], clock: Clock, bell: Bell) -> None:
        self._broker = broker
        self._listeners = tuple(listeners)
        self._clock = clock
        self._bell = bell
        self._next_attempt = float("-inf")
        self._of_listeners: dict[int, tuple[Message, Session]] = {}
        """Messages that a listener handed over, by identity; holding them keeps the identity theirs."""

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port."""
        deadline = self._clock.monotonic() + wait_s
        while True:
            self._bell.hush()
            messages = [one for listener in self._listeners for one in self._heard(listener)]
            left = max(0.0, deadline - self._clock.monotonic())
            messages += self._from_broker(left, has_some=bool(messages))
            if messages or self._clock.monotonic() >= deadline:
                return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port: each at the session that it came from."""
        if not self._of_listeners:
            self._broker.acknowledge(messages)
            return
        of_broker: list[Message] = []
        of_listener: dict[int, list[Message]] = {}
        for message in messages:
            _, listener = self._of_listeners.pop(id(message), (None, None))
            (of_broker if listener is None else of_listener.setdefault(id(listener), [])).append(message)
        if of_broker:
            self._broker.acknowledge(of_broker)
        for listener in self._listeners:
            if id(listener) in of_listener:
                listener.acknowledge(of_listener[id(listener)])

    def is_connected(self) -> bool:
        """All of them."""
        return self._broker.is_connected() and all(listener.is_connected() for listener in self._listeners)

    def close(self) -> None:
        """See the port."""
        for session in (self._broker, *self._listeners):
            session.close()

    def _heard(self, listener: Session) -> Sequence[Message]:
        messages = listener.receive(wait_s=0)
        for message in messages:
            self._of_listeners[id(message)] = (message, listener)
        return messages

    def _from_broker(self, left: float, *, has_some: bool) -> Sequence[Message]:
        if self._broker.is_connected():
            return self._broker.receive(wait_s=0 if has_some else min(left, _SLICE_S))
        now = self._clock.monotonic()
        if now < self._next_attempt and has_some:
            return []
        self._next_attempt = now + _ATTEMPT_EVERY_S
        return self._broker.receive(wait_s=_ATTEMPT_S if has_some else left)
