"""One MQTT 5 connection that takes in and answers many messages with one system call each."""

from collections.abc import Sequence
from operator import attrgetter

from mqtt5 import (
    AuthPacket,
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PubCompPacket,
    PubRelPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
)

from domain.messages import Message
from domain.ports import Clock
from ingest.sessions.bulk_incoming import Care, Incoming
from ingest.sessions.bulk_wire import Wire
from ingest.sessions.feeds import FeedOfTopic
from ingest.sessions.link import PACKET_ID_BITS, LinkState, Publication, Refusal
from ingest.sessions.outgoing import answers, published
from ingest.sessions.reaching import why
from ingest.sessions.vitality import Vitality
from ingest.settings import BrokerSettings

_SUBSCRIBE_ID = 1
"""We publish nothing and subscribe once a connection: one identifier is enough."""
_PASSING = (
    ConnAckReasonCode.SERVER_UNAVAILABLE,
    ConnAckReasonCode.SERVER_BUSY,
    ConnAckReasonCode.CONNECTION_RATE_EXCEEDED,
)
_qos = attrgetter("qos")


class BulkConnection:
    """Implements ingest.sessions.link.Link. `number` tells its messages from those of other connections."""

    def __init__(self, settings: BrokerSettings, feeds: FeedOfTopic, clock: Clock, number: int, care: Care) -> None:
        self.state = LinkState()
        self._settings = settings
        self._clock = clock
        self._number = number
        self._incoming = Incoming(feeds, number=number, care=care)
        self._vitality = Vitality(settings.keepalive)
        self._wire: Wire | None = None
        self._asked: Sequence[str] = ()
        self._unsettled = 0
        """Messages handed over that still have to be acknowledged."""

    def open(self, *, timeout_s: float) -> None:
        """See the port."""
        settings = self._settings
        secret = settings.secret()
        self._wire = Wire(settings, timeout_s=timeout_s)
        self._vitality.begin(self._clock.monotonic())
        self._say(
            ConnectPacket(
                settings.client_id,
                username=settings.username,
                password=None if secret is None else secret.encode(),
                clean_start=False,
                keep_alive=round(settings.keepalive),
                session_expiry_interval=round(settings.session_expiry),
                receive_max=settings.receive_maximum,
            ).write()
        )

    def subscribe(self, topics: Sequence[str]) -> None:
        """See the port."""
        self._asked = topics
        # Retained messages only for a subscription that is new: they are state, once is enough.
        once = RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
        filters = [
            TopicFilter(topic, max_qos=QoS.AT_LEAST_ONCE, retain_handling=once, retain_as_published=False)
            for topic in topics
        ]
        self._say(SubscribePacket(_SUBSCRIBE_ID, filters).write())

    def pump(self, *, wait_s: float, most: int) -> Sequence[Message]:
        """See the port. While `most` messages are unacknowledged nothing is read: the broker has to wait."""
        messages: list[Message] = []
        if self._wire is None:
            return messages
        room = most - self._unsettled
        try:
            holds_more = room > 0 and self._incoming.may_hold_more
            if holds_more or self._wire.wait(wait_s, is_reading=room > 0):
                self._take_in(self._wire, messages, room)
            if self._wire is not None:
                self._wire.flush()
        except OSError as exc:
            self._end(f"connection lost: {why(exc)}")
        self._unsettled += sum(map(_qos, messages))
        self._hear()
        self._stay_alive(is_reading=room > 0)
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """See the port."""
        number = self._number
        for qos in (1, 2):  # 2 only from a subscription that somebody else made for us
            tokens = [one.token for one in messages if one.qos == qos and one.token >> PACKET_ID_BITS == number]
            if tokens:
                self._unsettled -= qos * len(tokens)
                self._say(answers(tokens, qos=qos))

    def publish(self, publications: Sequence[Publication]) -> None:
        """See the port."""
        self._say(published(publications, is_5=True))

    def close(self, *, because: str = "closed by us") -> None:
        """See the port."""
        self._say(DisconnectPacket().write())
        if self._wire is not None and self.state.is_open:
            self._wire.leave()
        self._end(because)

    def _say(self, content: bytes) -> None:
        if self._wire is None:
            return
        self._vitality.spoke(self._clock.monotonic())
        try:
            self._wire.say(content)
        except OSError as exc:
            self._end(f"connection lost: {why(exc)}")

    def _take_in(self, wire: Wire, messages: list[Message], most: int) -> None:
        """Everything that has come, up to `most`. Raises OSError when the connection is gone."""
        incoming = self._incoming
        is_drained = False
        if incoming.may_hold_more:
            messages += incoming.messages(received=self._clock.micros(), most=most)
        while len(messages) < most and not is_drained and not incoming.broken:
            room = incoming.room()
            count = wire.read_into(room)
            if not count:
                if count == 0:
                    self._end("connection lost: the broker hung up")
                return
            incoming.filled(count)
            self._vitality.heard(self._clock.monotonic())
            messages += incoming.messages(received=self._clock.micros(), most=most - len(messages))
            is_drained = wire.is_drained(count, room)

    def _hear(self) -> None:
        """What the broker says besides messages."""
        heard, self._incoming.others = self._incoming.others, []
        for packet in heard:
            self._answer(packet)
        if not self._incoming.broken or self.state.is_over:
            return
        if self._incoming.is_older_connack and not self.state.is_accepted:
            self.state.refusal = Refusal("it answers in MQTT 3.1.1; write `protocol: 3.1.1`", of_version=True)
            self._end("refused")
            return
        self._say(DisconnectPacket(reason_code=DisconnectReasonCode.MALFORMED_PACKET).write())
        self._end(f"the broker sent a malformed packet ({self._incoming.broken})")

    def _answer(self, packet: Packet) -> None:
        match packet:
            case ConnAckPacket():
                self._greeted(packet)
            case SubAckPacket():
                self._subscribed(packet)
            case DisconnectPacket():
                self._end(f"by the broker: {_words(packet.reason_code.name)}")
            case PubRelPacket():
                self._say(PubCompPacket(packet.packet_id).write())
            case AuthPacket():
                self._end("the broker asks for an enhanced authentication, which we do not have")
            case _:
                pass  # PINGRESP: that something came is all it says

    def _subscribed(self, packet: SubAckPacket) -> None:
        answers = list(zip(self._asked, packet.reason_codes, strict=False))
        refused = [f"{topic} ({_words(reason.name)})" for topic, reason in answers if int(reason) >= 0x80]
        self.state.refused_topics += refused
        self.state.weak_topics += [topic for topic, reason in answers if int(reason) == 0]
        self.state.is_subscribed = not refused

    def _greeted(self, packet: ConnAckPacket) -> None:
        if packet.reason_code == ConnAckReasonCode.SUCCESS:
            self.state.is_accepted, self.state.session_present = True, packet.session_present
            self.state.kept_s = packet.session_expiry_interval
            if packet.server_keep_alive is not None:
                self._vitality.interval_s = packet.server_keep_alive
            return
        is_of_version = packet.reason_code == ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION
        words = ": ".join(filter(None, (_words(packet.reason_code.name), packet.reason_str)))
        self.state.refusal = Refusal(words, of_version=is_of_version, passes=packet.reason_code in _PASSING)
        self._end("refused")

    def _stay_alive(self, *, is_reading: bool) -> None:
        if not self.state.is_open:
            return
        now = self._clock.monotonic()
        if self._vitality.wants_ping(now):
            self._vitality.pinged(now)
            self._say(PingReqPacket().write())
        elif is_reading and self._vitality.is_dead(now):
            self._end(f"connection lost: no answer to PINGREQ within {self._vitality.interval_s:g} s")

    def _end(self, because: str) -> None:
        self.state.end(because)
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _words(name: str) -> str:
    """BAD_USER_NAME_OR_PASSWORD as the standard writes it."""
    return name.replace("_", " ").capitalize()
