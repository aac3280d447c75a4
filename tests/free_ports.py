"""A port for a server of a test."""

import random
import socket

from runtime.ports import is_taken


def free_port() -> int:
    """On loopback, below the range that outgoing connections are given ports from: nobody takes it before the server
    listens, nor while it is away for a test.
    """
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0 and not is_taken(port):
                return port
