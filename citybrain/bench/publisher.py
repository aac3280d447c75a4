"""A load generator that costs little: MQTT 3.1.1 PUBLISH packets at QoS 1, written in blocks over a plain socket."""

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WINDOW = 500
"""Messages on the way without an answer."""
BLOCK = 50
KEEPALIVE_S = 60
_CONNACK_BYTES = 4
_PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the load goes, and with which account of the broker."""

    port: int
    username: str
    password: str


def publish(account: Account, messages: Sequence[tuple[str, bytes]]) -> float:
    """Publish all of them; returns the seconds until the broker had answered the last. Raises OSError."""
    with socket.create_connection(("127.0.0.1", account.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(_connect(account))
        if _exactly(connection, _CONNACK_BYTES)[3] != 0:
            raise OSError("the broker refuses the load generator's account")
        began = time.monotonic()
        answered = 0
        for sent, block in _blocks(messages):
            connection.sendall(block)
            while sent - answered > WINDOW:
                answered += len(_exactly(connection, _PUBACK_BYTES * BLOCK)) // _PUBACK_BYTES
        _exactly(connection, _PUBACK_BYTES * (len(messages) - answered))
        took = time.monotonic() - began
        connection.sendall(b"\xe0\x00")
        return took


def _blocks(messages: Sequence[tuple[str, bytes]]) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(messages), BLOCK):
        chosen = messages[start : start + BLOCK]
        packets = (_publish(topic, body, 1 + (start + i) % 65535) for i, (topic, body) in enumerate(chosen))
        yield start + len(chosen), b"".join(packets)


def _connect(account: Account) -> bytes:
    flags = 0xC2  # username, password, clean session
    variable = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", KEEPALIVE_S)
    body = variable + _text("citybrain-bench-load") + _text(account.username) + _text(account.password)
    return b"\x10" + _length(len(body)) + body


def _publish(topic: str, payload: bytes, identifier: int) -> bytes:
    body = _text(topic) + struct.pack(">H", identifier) + payload
    return b"\x32" + _length(len(body)) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _length(count: int) -> bytes:
    """MQTT's variable length: seven bits a byte, low ones first."""
    encoded = bytearray()
    while True:
        count, digit = divmod(count, 128)
        encoded.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(encoded)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            raise OSError("the broker closed the load generator's connection")
        received += chunk
    return bytes(received)
