"""A listener that is no broker: answers each CONNECT as told, and hangs up."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_STAYS_S = 0.1


@contextmanager
def speaking(answer: Callable[[bytes], bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and what it has heard. After an answer it stays on the line for a moment."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer, suppress(OSError):
                    heard.append(peer.recv(1000))
                    if words := answer(heard[-1]):
                        peer.sendall(words)
                        peer.settimeout(_STAYS_S)
                        while peer.recv(1000):
                            pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
