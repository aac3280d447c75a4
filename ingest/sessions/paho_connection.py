"""One connection to the broker, from CONNECT to its end. It does not come back: the session makes a new one."""

import select
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.errors import Temporary
from ingest.settings import BrokerSettings

_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_MALFORMED = (struct.error, IndexError, KeyError, ValueError)
"""What paho raises for a packet that no broker may send."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The broker has said no, in its own words."""

    words: str


class Connection:
    """Driven by `pump` from one thread; nothing happens in between. `arrived` collects what the broker sends."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._client = _client(settings)
        self._settings = settings
        self._readiness = select.poll()
        self._socket: Any = None
        self._granted: dict[int, Sequence[str]] = {}
        self.arrived: list[MQTTMessage] = []
        self.is_open = False
        """Accepted by the broker."""
        self.is_over = False
        self.session_present = False
        self.refusal: Refusal | None = None
        self.refused_topics: list[str] = []
        self.ended_because = ""
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def open(self, *, timeout_s: float) -> None:
        """Reach the broker and say CONNECT; its answer comes through `pump`. Raises Temporary."""
        settings = self._settings
        self._client.connect_timeout = timeout_s
        is_5 = settings.protocol == "5"
        try:
            self._client.connect_async(
                settings.host,
                settings.port,
                keepalive=round(settings.keepalive),
                clean_start=False if is_5 else 3,
                properties=_connect_properties(settings) if is_5 else None,
            )
            self._client.reconnect()
        except (OSError, ValueError) as exc:  # ValueError: a certificate for another host
            self.is_over = True
            raise Temporary(f"broker {settings.host}:{settings.port} cannot be reached: {exc}") from exc
        self._socket = self._client.socket()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._readiness.register(self._socket, select.POLLIN)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for the topics at QoS 1; refusals end up in `refused_topics`."""
        if self._settings.protocol == "5":
            # Retained messages only for a subscription that is new: they are state, once is enough.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            _, mid = self._client.subscribe([(topic, options) for topic in topics])
        else:
            _, mid = self._client.subscribe([(topic, 1) for topic in topics])
        if mid is not None:
            self._granted[mid] = topics

    def pump(self, *, wait_s: float, most: int) -> None:
        """Wait up to `wait_s` for the network, then take in all that is there, up to about `most` messages."""
        if self.is_over:
            return
        pending = getattr(self._socket, "pending", lambda: 0)()  # bytes that TLS has read ahead: poll does not see them
        wants_write = self._client.want_write()
        self._readiness.modify(self._socket, select.POLLIN | (select.POLLOUT if wants_write else 0))
        ready = self._readiness.poll(0 if pending else wait_s * 1000)
        try:
            if wants_write:
                self._client.loop_write()
            if ready or pending:
                self._drain(most)
            if not self.is_over:
                self._client.loop_misc()
        except _MALFORMED as exc:
            self._end(f"the broker sent a malformed packet ({type(exc).__name__}: {exc})")

    def _drain(self, most: int) -> None:
        """paho reads one packet a call and does not say whether there was one: stop when nothing new has arrived."""
        count = -1
        while count < len(self.arrived) < most and not self.is_over:
            count = len(self.arrived)
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._end("connection lost")

    def acknowledge(self, mids: Sequence[int]) -> None:
        """In the order of arrival: MQTT asks for it (4.6), and rumqttd loses a message when it is not kept."""
        if not mids or self.is_over:
            return
        self._cork(on=True)
        for mid in mids:
            if self.is_over:
                return
            self._client.ack(mid, 1)
        self._cork(on=False)

    def close(self, *, because: str = "closed by us") -> None:
        """Say goodbye without ending the session at the broker."""
        if not self.is_over:
            self.ended_because = because
            self._client.disconnect()
        self._end(because)

    def _end(self, because: str) -> None:
        if not self.is_over:
            self.is_over, self.is_open, self.ended_because = True, False, self.ended_because or because
        if self._socket is not None:
            self._socket.close()

    def _cork(self, *, on: bool) -> None:
        """paho sends every acknowledgement by itself; corked, they leave as one packet at a third of the price."""
        if hasattr(socket, "TCP_CORK") and not self.is_over:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refusal = Refusal(str(reason))
        else:
            self.is_open = True
            self.session_present = flags.session_present

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._end(
            f"by the broker: {reason}" if flags.is_disconnect_packet_from_server else f"connection lost: {reason}"
        )

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        for topic, reason in zip(self._granted.pop(mid, ()), reasons, strict=False):
            if reason.is_failure:
                self.refused_topics.append(f"{topic} ({reason})")

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self.arrived.append(message)


def _client(settings: BrokerSettings) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=None if settings.protocol == "5" else False,
        protocol=_PROTOCOLS[settings.protocol],
        reconnect_on_failure=False,
        manual_ack=True,
    )
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.secret())
    if settings.tls is not None:
        client.tls_set_context(settings.tls.context())
    return client


def _connect_properties(settings: BrokerSettings) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
    properties.SessionExpiryInterval = round(settings.session_expiry)
    properties.ReceiveMaximum = settings.receive_maximum
    return properties
