"""Several ways in behind one: a broker, and listeners beside it."""

import threading
from collections.abc import Callable, Mapping, Sequence

from domain.messages import Message
from domain.ports import Clock, Session

_SLICE_S = 0.01
"""How long the broker is waited for in one piece while listeners may have something."""
_ATTEMPT_S = 1.0
"""A broker that is away gets this much in one piece, and what an attempt under way takes beyond that."""
_LEFT_BEHIND_AFTER_S = 1.0
"""Closing waits so long for an attempt; one that takes longer ends with the process."""


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


class _Attempt:
    """One reach for a broker that is away, in a thread of its own: a host that answers nothing takes its time."""

    def __init__(self, broker: Session, bell: Bell) -> None:
        self._messages: Sequence[Message] = ()
        self._failure: BaseException | None = None
        self._over = threading.Event()
        self._parting = threading.Lock()
        self._is_left_behind = False
        self._thread = threading.Thread(target=self._reach, args=(broker, bell.ring), name="broker-away", daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        return self._over.is_set()

    def ends_within(self, seconds: float) -> bool:
        """Else it is left behind, and closes the broker by itself when it ends after all."""
        self._over.wait(seconds)
        with self._parting:
            self._is_left_behind = not self._over.is_set()
        return not self._is_left_behind

    def end(self) -> Sequence[Message]:
        """Wait for it; what it brought. Raises what it raised."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._messages

    def _reach(self, broker: Session, ring: Callable[[], None]) -> None:
        try:
            self._messages = broker.receive(wait_s=_ATTEMPT_S)
        except BaseException as exc:  # noqa: BLE001  raised again where the session is asked
            self._failure = exc
        with self._parting:
            self._over.set()
        if self._is_left_behind:
            broker.close()
        ring()


class JoinedSession:
    """Implements domain.ports.Session. A `broker` that is there works in the caller's thread; one that is away is
    reached for beside it, and nobody else touches it meanwhile. The `listeners` have threads of their own and ring.
    Each gives at most its own burst at a time, so nobody starves.
    """

    def __init__(self, broker: Session, listeners: Sequence[Session], clock: Clock, bell: Bell) -> None:
        self._broker = broker
        self._listeners = tuple(listeners)
        self._clock = clock
        self._bell = bell
        self._attempt: _Attempt | None = None
        self._feeds_of_broker = tuple(broker.connections())
        self._of_listeners: dict[int, tuple[Message, Session]] = {}
        """Messages that a listener handed over, by identity; holding them keeps the identity theirs."""

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        """See the port."""
        deadline = self._clock.monotonic() + wait_s
        while True:
            self._bell.hush()
            messages = [one for listener in self._listeners for one in self._heard(listener)]
            left = max(0.0, deadline - self._clock.monotonic())
            messages += self._from_broker(0.0 if messages else left)
            if messages or self._clock.monotonic() >= deadline:
                return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port: each at the session that it came from."""
        if not self._of_listeners and self._attempt is None:
            self._broker.acknowledge(messages)
            return
        of_broker: list[Message] = []
        of_listener: dict[int, list[Message]] = {}
        for message in messages:
            _, listener = self._of_listeners.pop(id(message), (None, None))
            (of_broker if listener is None else of_listener.setdefault(id(listener), [])).append(message)
        if of_broker and self._attempt is None:  # else their connection is gone: they will come again
            self._broker.acknowledge(of_broker)
        for listener in self._listeners:
            if id(listener) in of_listener:
                listener.acknowledge(of_listener[id(listener)])

    def is_connected(self) -> bool:
        """All of them."""
        return all(self.connections().values())

    def connections(self) -> Mapping[str, bool]:
        """See the port. Listeners that share a feed are there when all of them are."""
        is_there = self._attempt is None and self._broker.is_connected()
        found = dict.fromkeys(self._feeds_of_broker, is_there)
        for listener in self._listeners:
            for feed, is_open in listener.connections().items():
                found[feed] = is_open and found.get(feed, True)
        return found

    def close(self) -> None:
        """See the port."""
        for listener in self._listeners:
            listener.close()
        if self._attempt is None or self._attempt.ends_within(_LEFT_BEHIND_AFTER_S):
            self._broker.close()

    def _heard(self, listener: Session) -> Sequence[Message]:
        messages = listener.receive(wait_s=0)
        for message in messages:
            self._of_listeners[id(message)] = (message, listener)
        return messages

    def _from_broker(self, wait_s: float) -> Sequence[Message]:
        if self._attempt is None and self._broker.is_connected():
            return self._broker.receive(wait_s=min(wait_s, _SLICE_S) if self._listeners else wait_s)
        if self._attempt is None:
            self._attempt = _Attempt(self._broker, self._bell)
        if not self._attempt.is_over():
            self._bell.pause(wait_s)
        if not self._attempt.is_over():
            return []
        attempt, self._attempt = self._attempt, None
        return attempt.end()
