"""One connection of ours to a broker, from CONNECT to its end; driven from one thread, translated at the edge."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from domain.errors import Refused, Temporary
from simulators.settings import BrokerAddress

_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_CONNECT_TIMEOUT_S = 0.8
"""Short, because nobody can stop us meanwhile."""


class Connection:
    """Nothing happens between two calls of `pump`. What has happened stands in the lists; the owner empties them."""

    def __init__(self, address: BrokerAddress, *, client_id: str | None = None) -> None:
        client = Client(
            callback_api_version=CallbackAPIVersion.VERSION2,
            client_id=client_id or address.client_id,
            protocol=_PROTOCOLS[address.protocol],
            clean_session=None if address.protocol == "5" else True,
        )
        client.username_pw_set(address.username, address.secret())
        client.max_inflight_messages_set(address.in_flight)
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        self._address = address
        self.is_open = False
        """Accepted by the broker."""
        self.is_over = False
        self.ended_because = ""
        self.acknowledged: list[int] = []
        self.refused: list[tuple[int, str]] = []
        """Numbers of messages that the broker turned down, and its words."""
        self.arrived: list[MQTTMessage] = []
        self.is_subscribed = False

    def open(self) -> None:
        """Reach the broker and say CONNECT; its answer comes through `pump`. Raises Temporary."""
        with self._translated("cannot be reached"):
            self._client.connect(self._address.host, self._address.port, keepalive=round(self._address.keepalive))
            reached: Any = self._client.socket()
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int:
        """Hand over one message; its number comes back in `acknowledged`. Raises Temporary; Refused for a bad topic."""
        with self._translated("lost the connection"):
            try:
                handle = self._client.publish(topic, payload, qos=qos, retain=retain)
            except ValueError as exc:
                raise Refused(f"topic {topic!r} cannot be published to: {exc}") from exc
        return handle.mid

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for the topics at QoS 1; `is_subscribed` tells when they are granted. Raises Refused for a bad filter."""
        with self._translated("lost the connection"):
            try:
                self._client.subscribe([(topic, 1) for topic in topics])
            except ValueError as exc:
                raise Refused(f"topics {', '.join(topics)} cannot be subscribed to: {exc}") from exc

    def pump(self, wait_s: float) -> None:
        """Let the network happen for up to `wait_s`; it ends sooner when something happens. Sets `is_over`."""
        if self.is_over:
            return
        try:
            with self._translated("lost the connection"):
                result = self._client.loop(wait_s)
        except Temporary as exc:
            self._end(str(exc))
            return
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._end(f"connection lost ({result.name})")

    def close(self) -> None:
        """Say goodbye."""
        if not self.is_over:
            with self._translated("lost the connection"):
                self._client.disconnect()
            self._end("closed by us")

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, struct.error, IndexError, KeyError, RuntimeError) as exc:
            self._end(f"{type(exc).__name__}: {exc}")
            raise Temporary(f"broker {self._address.host}:{self._address.port} {what}: {exc}") from exc

    def _end(self, because: str) -> None:
        self.is_open, self.is_over = False, True
        self.ended_because = self.ended_because or because

    def _on_connect(self, _: Client, __: Any, ___: ConnectFlags, reason: ReasonCode, ____: Properties | None) -> None:
        if reason.is_failure:
            self.ended_because = f"the broker refuses us: {reason}; check user name and password"
        else:
            self.is_open = True

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self._end(f"the broker has closed the connection: {reason}")

    def _on_publish(self, _: Client, __: Any, mid: int, reason: ReasonCode, ___: Properties) -> None:
        if reason.is_failure:
            self.refused.append((mid, str(reason)))
        else:
            self.acknowledged.append(mid)

    def _on_subscribe(self, _: Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None) -> None:
        if any(reason.is_failure for reason in reasons):
            self._end("the broker refuses the subscription; check the topics and the user's rights")
        self.is_subscribed = True

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self.arrived.append(message)
