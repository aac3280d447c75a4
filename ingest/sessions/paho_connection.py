"""One connection of paho-mqtt: it speaks every version and transport, one packet at a time."""

import select
import struct
from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, WebsocketConnectionError
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.messages import Message
from domain.ports import Clock
from ingest.sessions.feeds import UNREADABLE_TOPIC, FeedOfTopic
from ingest.sessions.link import PACKET_ID_BITS, LinkState, Publication, Refusal
from ingest.sessions.outgoing import Outgoing, answers, published
from ingest.sessions.reaching import not_reached, why
from ingest.settings import BrokerSettings

_PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_MALFORMED = (struct.error, IndexError, KeyError, ValueError)
"""What paho raises for a packet that no broker may send."""
_PASSING = {136, 137, 159}
"""Server unavailable, server busy, connection rate exceeded. paho translates the codes of MQTT 3.1.1 into these."""
_WRONG_VERSION = 132
_STAMPED_TOGETHER = 32
"""Messages that share a time of arrival: two milliseconds of paho's work."""


class PahoConnection:
    """Implements ingest.sessions.link.Link. `number` tells its messages from those of other connections."""

    def __init__(self, settings: BrokerSettings, feeds: FeedOfTopic, clock: Clock, number: int) -> None:
        self.state = LinkState()
        self._client = client_of(settings)
        self._settings = settings
        self._feeds = feeds
        self._clock = clock
        self._number = number
        self._readiness = select.poll()
        self._socket: Any = None
        self._outgoing = Outgoing(lambda content: int(self._socket.send(content)))
        self._granted: dict[int, Sequence[str]] = {}
        self._arrived: list[Message] = []
        self._received = 0
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def open(self, *, timeout_s: float) -> None:
        """See the port."""
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
        except WebsocketConnectionError as exc:
            self.state.end("not reached")
            advice = "look at port, `websocket_path` and `tls`, or write transport: tcp"
            raise not_reached(settings, OSError(f"no websockets there ({exc}); {advice}")) from exc
        except (OSError, ValueError) as exc:  # ValueError: a certificate for another host
            self.state.end("not reached")
            raise not_reached(settings, exc) from exc
        self._socket = self._client.socket()
        if self._socket is None:
            self.state.end("not reached")
            raise not_reached(settings, OSError("it hung up at once; with TLS it may demand a client certificate"))
        self._readiness.register(self._socket, select.POLLIN)

    def subscribe(self, topics: Sequence[str]) -> None:
        """See the port."""
        if self._settings.protocol == "5":
            # Retained messages only for a subscription that is new: they are state, once is enough.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            _, mid = self._client.subscribe([(topic, options) for topic in topics])
        else:
            _, mid = self._client.subscribe([(topic, 1) for topic in topics])
        if mid is not None:
            self._granted[mid] = topics

    def pump(self, *, wait_s: float, most: int) -> Sequence[Message]:
        """See the port."""
        if self.state.is_over:
            return []
        pending = getattr(self._socket, "pending", lambda: 0)()  # bytes that TLS has read ahead: poll does not see them
        wants_write = self._client.want_write() or self._outgoing.is_waiting
        self._readiness.modify(self._socket, select.POLLIN | (select.POLLOUT if wants_write else 0))
        ready = self._readiness.poll(0 if pending else wait_s * 1000)
        try:
            if ready or pending:
                self._drain(most)
            self._write()
        except _MALFORMED as exc:
            self._end(f"the broker sent a malformed packet ({type(exc).__name__}: {exc})")
        arrived, self._arrived = self._arrived, []
        return arrived

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port. paho would send each by itself; together they cost a tenth."""
        mine = [one for one in messages if one.qos and one.token >> PACKET_ID_BITS == self._number]
        if not mine or self.state.is_over:
            return
        if any(one.qos == 2 for one in mine):  # only from a subscription that somebody else made for us
            for one in mine:
                self._client.ack(one.token & (1 << PACKET_ID_BITS) - 1, one.qos)
            return
        self._outgoing.put(answers([one.token for one in mine]))
        self._write()

    def publish(self, publications: Sequence[Publication]) -> None:
        """See the port."""
        if not self.state.is_over:
            self._outgoing.put(published(publications, is_5=self._settings.protocol == "5"))
            self._write()

    def close(self, *, because: str = "closed by us") -> None:
        """See the port."""
        if not self.state.is_over:
            self.state.ended_because = because
            if not self._outgoing.is_begun:
                self._client.disconnect()
        self._end(because)

    def _drain(self, most: int) -> None:
        """paho reads one packet a call and does not say whether there was one: stop when nothing new has arrived."""
        read, arrived = self._client.loop_read, self._arrived
        count = -1
        while count < len(arrived) < most and not self.state.is_over:
            count = len(arrived)
            if not count % _STAMPED_TOGETHER:
                self._received = self._clock.micros()
            if read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._end("connection lost")

    def _write(self) -> None:
        """paho's packets and ours never mix: what has begun is ended first."""
        is_ours_begun = self._outgoing.is_begun
        if not is_ours_begun and not self.state.is_over:
            if self._client.want_write():
                self._client.loop_write()
            self._client.loop_misc()
        if self.state.is_over or (self._client.want_write() and not is_ours_begun):
            return
        try:
            self._outgoing.flush()
        except OSError as exc:
            self._end(f"connection lost: {why(exc)}")

    def _end(self, because: str) -> None:
        self.state.end(because)
        if self._socket is not None:
            self._socket.close()

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.state.refusal = Refusal(
                str(reason), of_version=reason.value == _WRONG_VERSION, passes=reason.value in _PASSING
            )
        else:
            self.state.is_accepted = True
            self.state.session_present = flags.session_present
            self.state.kept_s = getattr(properties, "SessionExpiryInterval", None)

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._end(
            f"by the broker: {reason}" if flags.is_disconnect_packet_from_server else f"connection lost: {reason}"
        )

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        asked = list(zip(self._granted.pop(mid, ()), reasons, strict=False))
        refused = [f"{topic} ({reason})" for topic, reason in asked if reason.is_failure]
        self.state.refused_topics += refused
        self.state.weak_topics += [topic for topic, reason in asked if reason.value == 0]
        self.state.is_subscribed = not refused

    def _on_message(self, client: Client, userdata: Any, one: MQTTMessage) -> None:
        """Made a Message at once: thousands of paho's own, kept until the end, cost more to collect than to make."""
        try:
            topic = one.topic
        except UnicodeDecodeError:
            topic = UNREADABLE_TOPIC
        token = self._number << PACKET_ID_BITS | one.mid
        payload = bytes(one.payload)
        self._arrived.append(
            Message(self._feeds[topic], topic, payload, self._received, one.qos, one.retain, one.dup, token)
        )


def client_of(settings: BrokerSettings) -> Client:
    """A client with account, transport and certificates of the settings; not connected, acknowledges nothing itself."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=None if settings.protocol == "5" else False,
        protocol=_PROTOCOLS[settings.protocol],
        transport=settings.transport,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    if settings.transport == "websockets":
        client.ws_set_options(path=settings.websocket_path)
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
