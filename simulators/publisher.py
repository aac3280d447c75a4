"""Publishes at QoS 1; keeps every message until the broker has acknowledged it, over any number of connections."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import Temporary
from domain.ports import Clock, StopAsked
from runtime import logs
from simulators.connection import Connection
from simulators.dice import Dice
from simulators.messages import Outgoing
from simulators.settings import BrokerAddress

_log = logs.get(__name__)
_PATIENCE_S = 0.1
"""The longest wait without a look at whether we are asked to stop."""


class Publisher:
    """Messages go out in order; after a lost connection those without an answer go out again, first."""

    def __init__(self, address: BrokerAddress, *, clock: Clock, stop: StopAsked) -> None:
        self._address = address
        self._clock = clock
        self._stop = stop
        self._connection: Connection | None = None
        self._unanswered: dict[int, Outgoing] = {}
        self._numbers: dict[int, int] = {}
        self._next_number = 0
        self._failures = 0
        self._retry_at = 0.0
        self._jitter = Dice(0, "retry", address.client_id)
        self.published = 0
        self.acknowledged = 0
        self.refused = 0
        self.reconnects = 0

    @property
    def unanswered(self) -> int:
        """Handed over, and nothing heard yet."""
        return len(self._unanswered)

    def publish(self, message: Outgoing) -> bool:
        """Hand the message over as soon as there is room for it; False when we were asked to stop before."""
        while not self._stop():
            if self._is_open() and len(self._unanswered) < self._address.in_flight:
                self._unanswered[self._next_number] = message
                self._send(self._next_number, message)
                self._next_number += 1
                self.published += 1
                return True
            self.idle(_PATIENCE_S)
        return False

    def idle(self, wait_s: float) -> None:
        """Let the network happen for up to `wait_s`: answers come in, a lost connection is made again."""
        connection = self._connection
        if connection is None:
            self._come_back(wait_s)
            return
        was_open = connection.is_open
        connection.pump(min(wait_s, _PATIENCE_S))
        self._take_answers(connection)
        if connection.is_over:
            self._lose(connection.ended_because)
        elif connection.is_open and not was_open:
            self._resume()

    def settle(self, *, within_s: float) -> bool:
        """Wait until everything is answered; False when time ran out first."""
        end = self._clock.monotonic() + within_s
        while self._unanswered and self._clock.monotonic() < end:
            self.idle(min(_PATIENCE_S, max(0.0, end - self._clock.monotonic())))
        return not self._unanswered

    def close(self) -> None:
        if self._connection is not None:
            with self._losing():
                self._connection.close()

    def _is_open(self) -> bool:
        return self._connection is not None and self._connection.is_open and not self._connection.is_over

    def _send(self, number: int, message: Outgoing) -> None:
        if self._connection is None:
            return
        payload = message.stamped(self._clock.micros() // 1000)
        with self._losing():
            mid = self._connection.publish(message.topic, payload, qos=message.qos, retain=message.retain)
            self._numbers[mid] = number
        if message.qos == 0:
            self._unanswered.pop(number, None)

    def _take_answers(self, connection: Connection) -> None:
        for mid in connection.acknowledged:
            if self._unanswered.pop(self._numbers.pop(mid, -1), None) is not None:
                self.acknowledged += 1
        for mid, words in connection.refused:
            message = self._unanswered.pop(self._numbers.pop(mid, -1), None)
            if message is not None:
                self.refused += 1
                _log.error("the broker turns a message down", topic=message.topic, words=words)
        connection.acknowledged.clear()
        connection.refused.clear()

    def _come_back(self, wait_s: float) -> None:
        wait_s = min(wait_s, _PATIENCE_S)
        if self._clock.monotonic() < self._retry_at:
            time.sleep(max(0.0, min(wait_s, self._retry_at - self._clock.monotonic())))
            return
        self._connection = Connection(self._address)
        with self._losing():
            self._connection.open()

    def _resume(self) -> None:
        """Accepted: what has no answer yet goes out again in its order."""
        if self._next_number or self._failures:
            self.reconnects += 1
            _log.info("broker reached again", unanswered=len(self._unanswered))
        self._failures = 0
        self._numbers.clear()
        for number, message in list(self._unanswered.items()):
            self._send(number, message)

    @contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except Temporary as exc:
            self._lose(str(exc))

    def _lose(self, because: str) -> None:
        if self._failures == 0:
            _log.warning("broker away", because=because, unanswered=len(self._unanswered))
        longest = min(self._address.retry_longest, self._address.retry_first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        self._connection = None
        self._retry_at = self._clock.monotonic() + longest * self._jitter.between(0.5, 1.0, self._failures)
