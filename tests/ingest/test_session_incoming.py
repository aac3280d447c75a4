"""Bytes to messages in the bulk session: cut anywhere, packed together, larger than the buffer, or no MQTT at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mqtt5 import ConnAckPacket, PingRespPacket, PublishPacket, QoS, SubAckPacket, SubAckReasonCode

from domain.messages import Message
from ingest.sessions.bulk_incoming import CAREFUL_S, STANDARD_BUFFER, Care, Incoming
from ingest.sessions.bulk_outline import frame_length, publish_outline
from ingest.sessions.feeds import FORMER_FEED, UNREADABLE_TOPIC, FeedOfTopic
from ingest.settings import FeedSettings

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The codec tells of text that is not UTF-8 in its own way besides."""

NUMBER = 7
FEEDS = FeedSettings(id="lamps", topics=("lamps/+",)), FeedSettings(id="rest", topics=("citybrain/#",))


def incoming(care: Care | None = None) -> Incoming:
    return Incoming(FeedOfTopic(FEEDS), number=NUMBER, care=care or Care(lambda: 0.0))


def in_care() -> Care:
    """As after a panic."""
    care = Care(lambda: 0.0)
    care.panicked()
    return care


def publish(payload: bytes, *, packet_id: int | None = 1, topic: str = "citybrain/a", **more: object) -> bytes:
    qos = QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE
    return PublishPacket(topic, payload, qos=qos, packet_id=packet_id, **more).write()  # type: ignore[arg-type]  # options


def given_to(reader: Incoming, content: bytes, *, most: int = 5000) -> list[Message]:
    """As the socket does it: as much at a time as there is room for."""
    messages: list[Message] = []
    while content:
        room = reader.room()
        size = min(len(room), len(content))
        room[:size] = content[:size]
        content = content[size:]
        reader.filled(size)
        messages += reader.messages(received=5, most=most)
        while reader.may_hold_more:
            messages += reader.messages(received=5, most=most)
    return messages


STREAM = b"".join(
    [
        ConnAckPacket(session_present=True).write(),
        publish(b"one", packet_id=1),
        PingRespPacket().write(),
        publish(b"", packet_id=None, retain=True),
        publish(b"x" * 300, packet_id=65535, topic="lamps/1", user_properties=[("site", "路灯")], duplicate=True),
        SubAckPacket(1, [SubAckReasonCode.NOT_AUTHORIZED]).write(),
        publish(b"\xff\x00", packet_id=9, topic="elsewhere", content_type="x"),
    ]
)


@pytest.mark.parametrize("is_careful", [False, True])
@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_packets_cut_at_any_byte_are_the_same_messages(cut: int, is_careful: bool) -> None:
    reader = incoming(in_care() if is_careful else None)
    messages = given_to(reader, STREAM[:cut]) + given_to(reader, STREAM[cut:])
    assert [(one.payload, one.token & 0xFFFF) for one in messages] == [
        (b"one", 1),
        (b"", 0),
        (b"x" * 300, 65535),
        (b"\xff\x00", 9),
    ]
    assert [type(packet).__name__ for packet in reader.others] == ["ConnAckPacket", "PingRespPacket", "SubAckPacket"]
    assert not reader.broken


def test_one_byte_at_a_time_is_enough() -> None:
    reader = incoming()
    assert len([one for byte in STREAM for one in given_to(reader, bytes([byte]))]) == 4


def test_message_carries_what_its_packet_says() -> None:
    content = publish(b"p", packet_id=3, topic="lamps/9", retain=True, duplicate=True)
    assert given_to(incoming(), content) == [
        Message("lamps", "lamps/9", b"p", 5, qos=1, retain=True, redelivered=True, token=NUMBER << 16 | 3)
    ]


def test_topic_that_no_feed_asks_for_is_of_a_former_subscription() -> None:
    assert given_to(incoming(), publish(b"p", topic="old/topic"))[0].feed == FORMER_FEED


def test_many_packets_of_one_reach_come_in_portions_of_the_limit() -> None:
    reader = incoming()
    content = b"".join(publish(b"%d" % number, packet_id=number) for number in range(1, 1001))
    room = reader.room()
    room[: len(content)] = content
    reader.filled(len(content))
    portions: list[list[Message]] = []
    while portions == [] or reader.may_hold_more:
        portions.append(reader.messages(received=1, most=300))
    assert [len(portion) for portion in portions] == [300, 300, 300, 100]
    assert [one.payload for portion in portions for one in portion] == [b"%d" % number for number in range(1, 1001)]


def test_packet_larger_than_the_buffer_comes_whole_and_the_buffer_shrinks_again() -> None:
    reader = incoming()
    payload = bytes(range(256)) * 4096
    messages = given_to(reader, publish(b"before") + publish(payload) + publish(b"after"))
    assert [one.payload for one in messages] == [b"before", payload, b"after"]
    assert len(reader.room()) == STANDARD_BUFFER


@pytest.mark.parametrize("bad", [b"ci\xff", b"\xc3", b"\xed\xa0\x80"])
def test_topic_that_is_not_utf8_is_a_message_and_does_not_stop_the_others(bad: bytes) -> None:
    wrong = publish(b"payload", packet_id=2, topic="a" * len(bad)).replace(b"a" * len(bad), bad, 1)
    messages = given_to(incoming(), publish(b"before") + wrong + publish(b"after", packet_id=3))
    assert [(one.topic, one.payload, one.token & 0xFFFF) for one in messages] == [
        ("citybrain/a", b"before", 1),
        (UNREADABLE_TOPIC, b"payload", 2),
        ("citybrain/a", b"after", 3),
    ]


def test_a_flood_of_topics_that_are_not_utf8_writes_to_stderr_once_a_minute(capfd: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    care = Care(lambda: now)
    wrong = publish(b"payload", topic="abc").replace(b"abc", b"ab\xff", 1)
    for connection in range(3):
        assert len(given_to(incoming(care), wrong * 500)) == 500
        first = capfd.readouterr().err
        assert first.count("panicked") == (1 if connection == 0 else 0)
        now += CAREFUL_S / 3
    assert len(given_to(incoming(care), wrong * 500)) == 500
    assert capfd.readouterr().err.count("panicked") == 1


def test_properties_that_the_codec_refuses_do_not_cost_the_message() -> None:
    content = publish(b"payload", packet_id=2, content_type="abc").replace(b"abc", b"\xff\xff\xff")
    assert [one.payload for one in given_to(incoming(), content)] == [b"payload"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x00" * 50,
        b"\xff" * 50,
        b"\x36\x05\x00\x01a\x00\x01",  # QoS 3
        b"\x32\x01\x00",  # too short for its topic
        b"\x32\x05\x00\x09abc",
        b"\x32\x06\x00\x01a\x00\x01\x7f",  # properties longer than the packet
        b"\x20\x03\x00\xf0\x00",  # a reason that there is none
        b"\x90\x01\x00",
    ],
)
def test_bytes_that_are_no_mqtt_end_the_reading_with_a_reason(content: bytes) -> None:
    reader = incoming()
    assert given_to(reader, publish(b"before") + content)[0].payload == b"before"
    assert reader.broken


@pytest.mark.parametrize("code", range(6))
def test_answer_of_an_mqtt_3_broker_is_known(code: int) -> None:
    reader = incoming()
    given_to(reader, b"\x20\x02\x00" + bytes([code]))
    assert reader.is_older_connack


@given(st.binary(max_size=400), st.integers(1, 50))
def test_garbage_never_raises_and_never_hangs(content: bytes, most: int) -> None:
    reader = incoming()
    given_to(reader, publish(b"before") + content, most=most)


@given(st.data())
def test_damaged_packets_never_raise_and_never_hang(draw: st.DataObject) -> None:
    damaged = bytearray(STREAM)
    for _ in range(draw.draw(st.integers(1, 4))):
        damaged[draw.draw(st.integers(0, len(STREAM) - 1))] = draw.draw(st.integers(0, 255))
    given_to(incoming(), bytes(damaged))


@given(
    st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=300),
    st.binary(max_size=300),
    st.one_of(st.none(), st.integers(1, 65535)),
    st.lists(st.tuples(st.text(max_size=50), st.text(max_size=50)), max_size=5),
)
def test_outline_by_hand_agrees_with_the_codec(
    topic: str, payload: bytes, packet_id: int | None, properties: list[tuple[str, str]]
) -> None:
    frame = memoryview(publish(payload, packet_id=packet_id, topic=topic, user_properties=properties))
    assert frame_length(frame) == len(frame)
    assert publish_outline(frame) == (topic, packet_id or 0, payload)
