"""MQTT 3.1.1 packets of a load generator that costs little: written in blocks over a plain socket."""

import socket
import struct
from dataclasses import dataclass

KEEPALIVE_S = 60
CONNACK_BYTES = 4
PUBACK_BYTES = 4
DISCONNECT = b"\xe0\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the load goes, and with which account of the broker."""

    port: int
    username: str
    password: str


def connect(account: Account, *, name: str) -> bytes:
    flags = 0xC2  # username, password, clean session
    variable = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", KEEPALIVE_S)
    body = variable + _text(name) + _text(account.username) + _text(account.password)
    return b"\x10" + _length(len(body)) + body


def publish(topic: str, payload: bytes, *, number: int) -> bytes:
    """At QoS 1; identifiers go round."""
    body = _text(topic) + struct.pack(">H", 1 + number % 65535) + payload
    return b"\x32" + _length(len(body)) + body


def opened(account: Account, *, name: str) -> socket.socket:
    """A connection that the broker has accepted. Raises OSError."""
    connection = socket.create_connection(("127.0.0.1", account.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(connect(account, name=name))
    if exactly(connection, CONNACK_BYTES)[3] != 0:
        raise OSError("the broker refuses the load generator's account")
    return connection


def exactly(connection: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        received += some(connection, count - len(received))
    return bytes(received)


def some(connection: socket.socket, most: int) -> bytes:
    """What has come, at least a byte. Raises OSError when the broker has hung up."""
    chunk = connection.recv(most)
    if not chunk:
        raise OSError("the broker closed the load generator's connection")
    return chunk


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
