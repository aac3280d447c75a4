"""Bytes on their way to the broker: joined, and sent as the socket takes them."""

import ssl
from collections.abc import Callable

import numpy as np

from ingest.sessions.link import PACKET_ID_BITS

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


def answers(tokens: list[int], *, qos: int = 1) -> bytes:
    """PUBACK for each message, in this order (PUBREC at QoS 2)."""
    packets = np.empty((len(tokens), 2), dtype=">u2")
    packets[:, 0] = _PUBACK if qos == 1 else _PUBREC
    packets[:, 1] = np.array(tokens, dtype=np.int64) & _PACKET_ID
    return packets.tobytes()
