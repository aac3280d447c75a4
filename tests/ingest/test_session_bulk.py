"""The bulk session against a peer that plays the broker's part packet by packet."""

import struct
from collections.abc import Iterator, Sequence
from threading import Thread
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
)
from structlog.testing import capture_logs

from domain.messages import Message
from ingest.sessions import bulk_wire
from ingest.sessions.bulk import BulkSession
from ingest.sessions.link import Publication
from ingest.sessions.paho import PahoSession
from ingest.settings import BrokerSettings, FeedSettings
from runtime.clock import SystemClock
from tests.ingest.played_broker import FIRST_WORDS, GREETING, Broker, names, of_kind, publish
from tests.ingest.running import wait_for
from tests.ingest.speaking import speaking


@pytest.fixture
def broker() -> Iterator[Broker]:
    one = Broker()
    yield one
    one.close()


def test_connects_to_a_session_that_lasts_and_subscribes_at_qos_1(broker: Broker) -> None:
    session = broker.greeted(username="city", password="secret", session_expiry="1h", receive_maximum=77)
    connect, subscribe = broker.heard()
    assert isinstance(connect, ConnectPacket)
    assert isinstance(subscribe, SubscribePacket)
    assert (connect.client_id, connect.username, connect.password) == ("citybrain", "city", b"secret")
    assert (connect.clean_start, connect.session_expiry_interval, connect.receive_max) == (False, 3600, 77)
    assert connect.topic_alias_max == 0
    assert [(one.pattern, one.max_qos) for one in subscribe.topic_filters] == [("citybrain/v1/#", QoS.AT_LEAST_ONCE)]
    session.close()


def test_shared_feed_is_subscribed_under_its_name(broker: Broker) -> None:
    broker.greeted(FeedSettings(topics=("a/#", "b"), share="engines"))
    subscribe = of_kind(broker.heard(), SubscribePacket)[0]
    assert [one.pattern for one in subscribe.topic_filters] == ["$share/engines/a/#", "$share/engines/b"]


def test_acknowledgements_are_joined_in_the_order_given_and_only_when_told(broker: Broker) -> None:
    session = broker.greeted()
    broker.heard()
    order = [5, 3, 65535, 1]
    broker.say(b"".join(publish(number) for number in order))
    messages = broker.step(session)
    assert broker.heard() == []
    session.acknowledge(messages)
    assert [packet.packet_id for packet in of_kind(broker.heard(), PubAckPacket)] == order


def test_message_at_qos_0_is_handed_over_and_not_acknowledged(broker: Broker) -> None:
    session = broker.greeted()
    broker.heard()
    broker.say(publish(0, b"zero", qos=QoS.AT_MOST_ONCE))
    messages = broker.step(session)
    session.acknowledge(messages)
    assert ([one.payload for one in messages], broker.heard()) == ([b"zero"], [])


def test_qos_2_of_a_former_subscription_is_answered_in_its_own_way(broker: Broker) -> None:
    session = broker.greeted()
    broker.heard()
    broker.say(publish(8, qos=QoS.EXACTLY_ONCE) + publish(9))
    session.acknowledge(broker.step(session))
    broker.say(PubRelPacket(8).write())
    broker.step(session)
    heard = broker.heard()
    assert [packet.packet_id for packet in of_kind(heard, PubAckPacket)] == [9]
    assert [packet.packet_id for packet in of_kind(heard, PubRecPacket)] == [8]
    assert [packet.packet_id for packet in of_kind(heard, PubCompPacket)] == [8]


def test_nothing_is_read_while_a_whole_burst_waits_for_its_acknowledgement(broker: Broker) -> None:
    session = broker.greeted(burst=10)
    broker.say(b"".join(publish(number) for number in range(1, 16)))
    first = broker.step(session)
    assert len(first) == 10
    assert list(broker.step(session)) == []
    session.acknowledge(first[:3])
    assert len(broker.step(session)) == 3
    session.acknowledge(first[3:])
    assert len(broker.step(session)) == 2


def test_acknowledgement_of_a_lost_connection_is_not_sent_on_the_next(broker: Broker) -> None:
    session = broker.greeted()
    broker.say(publish(1))
    stale = broker.step(session)
    broker.hang_up()
    broker.step(session)
    broker.step(session, seconds=2)
    broker.say(GREETING)
    broker.step(session)
    assert session.is_connected()
    session.acknowledge(stale)
    assert names(broker.heard()) == FIRST_WORDS


@pytest.mark.parametrize("answer", [SubAckReasonCode.NOT_AUTHORIZED, None])
def test_session_that_the_broker_kept_without_our_subscription_is_subscribed_again(
    broker: Broker, answer: SubAckReasonCode | None
) -> None:
    session = broker.greeted()
    if answer is not None:
        broker.say(SubAckPacket(1, [answer]).write())
        broker.step(session)
    broker.hang_up()
    broker.step(session)
    broker.step(session, seconds=2)
    broker.say(ConnAckPacket(session_present=True).write())
    broker.step(session)
    assert names(broker.heard()) == FIRST_WORDS


def test_session_that_the_broker_kept_is_not_subscribed_again(broker: Broker) -> None:
    session = broker.greeted()
    broker.say(SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write())
    broker.step(session)
    broker.hang_up()
    broker.step(session)
    broker.step(session, seconds=2)
    broker.say(ConnAckPacket(session_present=True).write() + publish(1))
    assert len(broker.step(session)) == 1
    assert names(broker.heard()) == ["ConnectPacket"]


def test_silent_connection_is_kept_alive(broker: Broker) -> None:
    session = broker.greeted(keepalive="30s")
    broker.heard()
    for _ in range(20):
        broker.step(session, seconds=10)
        asked = of_kind(broker.heard(), PingReqPacket)
        broker.say(PingRespPacket().write() * len(asked))
    assert session.is_connected()


def test_broker_that_does_not_answer_a_ping_is_given_up(broker: Broker) -> None:
    with capture_logs() as logs:
        session = broker.greeted(keepalive="30s")
        steps = 0
        while session.is_connected() and steps < 100:
            broker.step(session, seconds=1)
            steps += 1
    assert 30 < steps < 60
    assert logs[-1]["reason"] == "connection lost: no answer to PINGREQ within 30 s"


@pytest.mark.parametrize("make", [BulkSession, PahoSession])
def test_session_that_the_broker_keeps_for_another_time_is_told(make: type[BulkSession | PahoSession]) -> None:
    answer = ConnAckPacket(session_expiry_interval=60).write()
    with speaking(lambda _: answer) as (port, _), capture_logs() as logs:
        session = make(BrokerSettings(port=port), (FeedSettings(),), SystemClock())
        wait_for(lambda: not session.receive(wait_s=0.05) and any("kept_s" in one for one in logs), "its word of it")
        session.close()
    assert [(one["kept_s"], one["session_expiry_s"]) for one in logs if "kept_s" in one] == [(60, 604800.0)]


def test_keepalive_of_the_broker_counts(broker: Broker) -> None:
    session = broker.session(keepalive="1h")
    session.receive(wait_s=0)
    broker.say(ConnAckPacket(server_keep_alive=10).write())
    broker.step(session)
    broker.heard()
    broker.step(session, seconds=8)
    assert names(broker.heard()) == ["PingReqPacket"]


@pytest.mark.parametrize(
    ("answer", "event", "reason"),
    [
        (
            ConnAckPacket(reason_code=ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD).write(),
            "broker refuses us; mend username, password or rights",
            "Bad user name or password",
        ),
        (
            ConnAckPacket(reason_code=ConnAckReasonCode.SERVER_BUSY, reason_str="in an hour").write(),
            "broker is not ready for us",
            "Server busy: in an hour",
        ),
        (
            b"\x20\x02\x00\x01",
            "broker refuses this version of MQTT",
            "it answers in MQTT 3.1.1; write `protocol: 3.1.1`",
        ),
        (
            GREETING + DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER).write(),
            "broker lost",
            "by the broker: Session taken over",
        ),
        (
            GREETING + b"\x32\x01\x00",
            "broker lost",
            "the broker sent a malformed packet (PUBLISH that is too short)",
        ),
    ],
)
def test_end_of_a_connection_is_told_with_the_brokers_reason(
    broker: Broker, answer: bytes, event: str, reason: str
) -> None:
    session = broker.session()
    session.receive(wait_s=0)
    broker.say(answer)
    with capture_logs() as logs:
        broker.step(session)
        broker.step(session)
    assert (logs[-1]["event"], logs[-1]["reason"]) == (event, reason)
    assert not session.is_connected()


def test_refused_topic_is_told(broker: Broker) -> None:
    session = broker.greeted(FeedSettings(topics=("a", "b")))
    broker.say(SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE, SubAckReasonCode.NOT_AUTHORIZED]).write())
    with capture_logs() as logs:
        broker.step(session)
    assert logs[-1]["topics"] == ["b (Not authorized)"]


def test_a_topic_that_is_granted_without_acknowledgements_is_told(broker: Broker) -> None:
    session = broker.greeted(FeedSettings(topics=("a", "b")))
    weak = SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE
    broker.say(SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE, weak]).write())
    with capture_logs() as logs:
        broker.step(session)
        broker.step(session)
    assert [log["topics"] for log in logs] == [["b"]]
    assert "QoS 0 only" in logs[0]["event"]


def test_messages_before_the_loss_of_the_connection_are_handed_over(broker: Broker) -> None:
    session = broker.greeted()
    broker.say(publish(0, b"last words", qos=QoS.AT_MOST_ONCE))
    broker.hang_up()
    assert [one.payload for one in broker.step(session)] == [b"last words"]


def test_broker_that_never_answers_is_left_after_the_time_for_it(broker: Broker) -> None:
    session = broker.session(connect_timeout="3s")
    with capture_logs() as logs:
        for _ in range(5):
            broker.step(session, seconds=1)
    assert logs[-1]["reason"] == "no answer within 3 s"


def test_goodbye_is_said_and_leaves_the_session_at_the_broker(broker: Broker) -> None:
    session = broker.greeted()
    session.close()
    session.close()
    last = broker.heard()[-1]
    assert isinstance(last, DisconnectPacket)
    assert (last.reason_code, last.session_expiry_interval) == (DisconnectReasonCode.NORMAL_DISCONNECTION, None)
    assert not session.is_connected()


def test_a_broker_that_looks_up_a_second_after_the_goodbye_still_finds_every_acknowledgement(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bulk_wire._SILENCE_S >= 2
    for patience in ("_SILENCE_S", "_LEAVING_S"):  # this second may become many on a machine that is busy elsewhere
        monkeypatch.setattr(bulk_wire, patience, 120.0)
    session = broker.greeted()
    broker.heard()
    broker.say(b"".join(publish(number) for number in range(1, 101)))
    session.acknowledge(broker.step(session))
    leaving = Thread(target=session.close)
    leaving.start()
    sleep(1.0)  # as Mosquitto does while it writes its state to disk; then a message goes out for each that it reads
    broker.say(publish(101))
    sleep(0.05)
    broker.say(publish(102))
    packets: list[object] = []
    wait_for(lambda: not packets.extend(broker.heard()) and bool(of_kind(packets, DisconnectPacket)), "its goodbye")
    broker.hang_up()
    leaving.join()
    assert [one.packet_id for one in of_kind(packets, PubAckPacket)] == list(range(1, 101))
    assert isinstance(packets[-1], DisconnectPacket)


def test_acknowledgements_that_the_network_does_not_take_at_once_arrive_in_order_later(broker: Broker) -> None:
    session = broker.greeted(burst=200_000)
    broker.heard()
    wanted = [number % 65535 + 1 for number in range(60_000)]
    messages = [Message("city", "t", b"", 0, token=1 << 16 | number) for number in wanted]
    content = b""
    for _ in range(40):  # 9.6 MB: more than loopback holds
        session.acknowledge(messages)
    while len(content) < 40 * 4 * len(wanted):
        assert broker._peer is not None
        content += broker._peer.recv(10_000_000)
        broker.step(session)
    assert content == struct.pack(f">{2 * len(wanted)}H", *(half for one in wanted for half in (0x4002, one))) * 40


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_whatever_bytes_come_receive_neither_raises_nor_stops(content: bytes, is_greeted: bool) -> None:
    broker = Broker()
    try:
        session = broker.session(connect_timeout="3s")
        session.receive(wait_s=0)
        broker.say((GREETING if is_greeted else b"") + content)
        broker.hang_up()
        for _ in range(3):
            broker.step(session)
        session.close()
    finally:
        broker.close()


class Wishes:
    """Has one thing to say, whenever it is asked."""

    def take(self) -> Sequence[Publication]:
        return [Publication("spBv1.0/city/NCMD/edge", b"rebirth")]


def test_what_is_to_be_published_is_said_while_there_is_a_connection_and_a_broker_that_leaves_ends_nothing(
    broker: Broker,
) -> None:
    session = broker.session()
    session.carries(Wishes())
    session.receive(wait_s=0)
    broker.say(GREETING)
    broker.step(session)
    said = [packet for packet in broker.heard() if isinstance(packet, PublishPacket)]
    assert [(one.topic, bytes(one.payload or b""), one.qos) for one in said] == [
        ("spBv1.0/city/NCMD/edge", b"rebirth", QoS.AT_MOST_ONCE)
    ]
    broker.hang_up()
    broker.step(session)
    assert not session.is_connected()
