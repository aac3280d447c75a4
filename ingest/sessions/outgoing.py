"""Bytes on their way to the broker: joined, and sent as the socket takes them."""

import ssl
from collections.abc import Callable, Sequence

import numpy as np

from ingest.sessions.link import PACKET_ID_BITS, Publication

_PUBLISH = 0x30
_PUBACK = 0x4002
_PUBREC = 0x5002
"""First two bytes of an answer without reason code and properties: MQTT 3.1.1 and 5 read it alike."""

_PACKET_ID = (1 << PACKET_ID_BITS) - 1


class Outgoing:
    """Keeps the order. What the socket does not take now waits for the next `flush`."""

    def __init__(self, send: Callable[[bytes], int]) -> None:
        self._send = send
        self._unsent = b""
        self.is_begun = False
        """A part of what waits may be sent: nobody else may write to the socket now."""

    def put(self, content: bytes) -> None:
        self._unsent += content

    def flush(self) -> None:
        """Raises OSError when the connection is gone."""
        try:
            while self._unsent:
                taken = self._send(self._unsent)
                if taken <= 0:
                    return
                self._unsent = self._unsent[taken:]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        finally:
            self.is_begun = bool(self._unsent)

    @property
    def is_waiting(self) -> bool:
        return bool(self._unsent)


def published(publications: Sequence[Publication], *, is_5: bool) -> bytes:
    """A PUBLISH for each: QoS 0, not retained, without properties (MQTT 5, 3.3)."""
    packets = []
    for topic, payload in publications:
        name = topic.encode()
        body = len(name).to_bytes(2) + name + (b"\x00" if is_5 else b"") + payload
        packets.append(bytes([_PUBLISH]) + _length(len(body)) + body)
    return b"".join(packets)


def _length(size: int) -> bytes:
    """Seven bits in a byte, the lowest first; the eighth says that more follow (MQTT 5, 1.5.5)."""
    digits = bytearray()
    while size > 0x7F:
        digits.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*digits, size])


def answers(tokens: list[int], *, qos: int = 1) -> bytes:
    """PUBACK for each message, in this order (PUBREC at QoS 2)."""
    packets = np.empty((len(tokens), 2), dtype=">u2")
    packets[:, 0] = _PUBACK if qos == 1 else _PUBREC
    packets[:, 1] = np.array(tokens, dtype=np.int64) & _PACKET_ID
    return packets.tobytes()
