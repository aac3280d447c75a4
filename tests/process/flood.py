"""A publisher that costs little: MQTT packets in blocks over one socket, QoS 1, from a thread of its own."""

import socket
import threading
from collections.abc import Iterable, Sequence
from typing import Self

from citybrain.bench.packets import DISCONNECT, PUBACK_BYTES, Account, exactly, opened, publish
from tests.ingest.brokers import PASSWORD, USERNAME, BrokerProcess

BLOCK = 100

Messages = Sequence[tuple[str, bytes]]


class Flood:
    """Use as a context, while the broker stays up. `answered` counts the broker's PUBACKs."""

    def __init__(self, broker: BrokerProcess) -> None:
        self._account = Account(port=broker.port_v4, username=USERNAME, password=PASSWORD)
        self._connection: socket.socket | None = None
        self._sender: threading.Thread | None = None
        self._failure: Exception | None = None
        self.answered = 0

    def __enter__(self) -> Self:
        self._connection = opened(self._account, name="flood")
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._connection is not None
        self._connection.shutdown(socket.SHUT_RDWR) if exc[0] else self._connection.sendall(DISCONNECT)
        self._connection.close()

    def send(self, messages: Messages) -> None:
        """All of them as fast as the broker answers; back when it has."""
        self._send(messages, over_s=0.0)

    def begin(self, messages: Messages, *, over_s: float) -> None:
        """Spread over some time; returns at once."""
        self._sender = threading.Thread(target=self._guarded, args=(messages, over_s), daemon=True)
        self._sender.start()

    def finish(self) -> None:
        """Until the broker has answered what was begun."""
        if self._sender is not None:
            self._sender.join(60.0)
            assert not self._sender.is_alive(), "the broker does not answer"
            self._sender = None
        if self._failure is not None:
            raise self._failure

    def _guarded(self, messages: Messages, over_s: float) -> None:
        try:
            self._send(messages, over_s=over_s)
        except OSError as exc:
            self._failure = exc

    def _send(self, messages: Messages, *, over_s: float) -> None:
        assert self._connection is not None
        pause, blocks = threading.Event(), list(_blocks(messages, first=self.answered))
        for packets, count in blocks:
            self._connection.sendall(packets)
            exactly(self._connection, PUBACK_BYTES * count)
            self.answered += count
            pause.wait(over_s / len(blocks))


def _blocks(messages: Messages, *, first: int) -> Iterable[tuple[bytes, int]]:
    for start in range(0, len(messages), BLOCK):
        part = messages[start : start + BLOCK]
        yield b"".join(publish(*one, number=first + start + n) for n, one in enumerate(part)), len(part)
