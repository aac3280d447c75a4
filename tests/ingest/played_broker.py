"""A peer that plays the broker's part packet by packet, as a test tells it."""

import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from mqtt5 import (
    ConnAckPacket,
    PublishPacket,
    QoS,
    read,
)

from domain.messages import Message
from ingest.sessions.bulk import BulkSession
from ingest.settings import BrokerSettings, FeedSettings
from runtime.clock import ManualClock
from tests.ingest.fakes import NOON

Kind = TypeVar("Kind")
GREETING = ConnAckPacket().write()
FIRST_WORDS = ["ConnectPacket", "SubscribePacket"]


class Broker:
    """Listens, and says what the test says. Everything on loopback is there when the other side looks: no threads."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._peer: socket.socket | None = None
        self.clock = ManualClock(NOON)

    def session(self, *feeds: FeedSettings, burst: int = 5000, **more: object) -> BulkSession:
        port = self._server.getsockname()[1]
        known = {"port": port, "retry_first": "1s", "retry_longest": "1s", "retry_refused": "1h", **more}
        broker = BrokerSettings.model_validate(known)
        return BulkSession(broker, feeds or (FeedSettings(),), self.clock, burst=burst, pause=lambda _: None)

    def greeted(self, *feeds: FeedSettings, burst: int = 5000, **more: object) -> BulkSession:
        """A session that is connected and has subscribed."""
        session = self.session(*feeds, burst=burst, **more)
        session.receive(wait_s=0)
        self.say(GREETING)
        self.step(session)
        return session

    def say(self, content: bytes) -> None:
        if self._peer is None:
            self._peer, _ = self._server.accept()
        self._peer.settimeout(5)
        self._peer.sendall(content)

    def heard(self) -> list[object]:
        """The packets that the session has sent since the last time."""
        assert self._peer is not None
        self._peer.setblocking(False)
        content = b""
        with suppress(BlockingIOError):
            while got := self._peer.recv(1_000_000):
                content += got
        packets: list[object] = []
        view = memoryview(content)
        while view:
            packet, size = read(view)
            packets.append(packet)
            view = view[size:]
        return packets

    def step(self, session: BulkSession, *, seconds: float = 0.01) -> Sequence[Message]:
        self.clock.advance(timedelta(seconds=seconds))
        return session.receive(wait_s=0)

    def hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def close(self) -> None:
        self.hang_up()
        self._server.close()


def publish(packet_id: int, payload: bytes = b"{}", *, qos: QoS = QoS.AT_LEAST_ONCE, **more: object) -> bytes:
    identifier = None if qos == QoS.AT_MOST_ONCE else packet_id
    return PublishPacket("citybrain/v1/up/a", payload, qos=qos, packet_id=identifier, **more).write()  # type: ignore[arg-type]  # options


def names(packets: Sequence[object]) -> list[str]:
    return [type(packet).__name__ for packet in packets]


def of_kind(packets: Sequence[object], kind: type[Kind]) -> list[Kind]:
    return [packet for packet in packets if isinstance(packet, kind)]
