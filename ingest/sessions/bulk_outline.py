"""The outline of MQTT 5 packets, read by hand where the codec refuses: one bad message must not wedge a session."""

from typing import NamedTuple

from ingest.sessions.feeds import UNREADABLE_TOPIC

PUBLISH = 3
"""Packet type, the upper half of a packet's first byte."""
_LONGEST_HEADER = 5
"""Packet type and flags, then the length in up to four bytes of seven bits each (MQTT 5, 1.5.5)."""


class Outline(NamedTuple):
    """What a PUBLISH needs to be quarantined and acknowledged. `packet_id` is 0 at QoS 0."""

    topic: str
    packet_id: int
    payload: bytes


def frame_length(view: memoryview) -> int | None:
    """Bytes of the first packet, its header included; None while the header is not complete. Raises ValueError."""
    header = _variable_length(view[1:_LONGEST_HEADER])
    if header is None:
        return None
    length, size = header
    return 1 + size + length


def publish_outline(frame: memoryview) -> Outline:
    """Takes one complete PUBLISH. Its properties are passed over unread. Raises ValueError."""
    header = _variable_length(frame[1:_LONGEST_HEADER])
    if header is None:
        raise ValueError("PUBLISH without a length")
    body = frame[1 + header[1] :]
    topic_ends = 2 + _uint16(body)
    qos = frame[0] >> 1 & 3
    properties_begin = topic_ends + (2 if qos else 0)
    properties = _variable_length(body[properties_begin:])
    if qos == 3 or properties is None or properties_begin + sum(properties) > len(body):
        raise ValueError("PUBLISH that ends before its payload begins")
    try:
        topic = str(body[2:topic_ends], "utf-8")
    except UnicodeDecodeError:
        topic = UNREADABLE_TOPIC
    packet_id = _uint16(body[topic_ends:]) if qos else 0
    return Outline(topic, packet_id, bytes(body[properties_begin + sum(properties) :]))


def _variable_length(view: memoryview) -> tuple[int, int] | None:
    """The value and the bytes it takes; None when there are not enough. Raises ValueError for a fifth byte."""
    value = 0
    for position, byte in enumerate(view[:4]):
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value, position + 1
    if len(view) >= 4:
        raise ValueError("a packet whose length has no end")
    return None


def _uint16(view: memoryview) -> int:
    if len(view) < 2:
        raise ValueError("PUBLISH that is too short")
    return view[0] << 8 | view[1]
