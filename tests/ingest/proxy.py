"""A network that breaks: passes bytes to a broker and cuts each connection after so many of them, without a goodbye."""

import random
import selectors
import socket
import struct
import threading
from contextlib import suppress

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST and throws away what is on the way, as a broken line does."""


class CuttingProxy:
    """Use as a context. Cuts as soon as a connection has brought `shortest` to `longest` bytes, `cuts` times in all."""

    def __init__(self, broker_port: int, *, shortest: int, longest: int, cuts: int) -> None:
        self._broker_port = broker_port
        self._range = shortest, longest
        self._dice = random.Random(11)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.cuts_left = cuts

    @property
    def port(self) -> int:
        port: int = self._server.getsockname()[1]
        return port

    def __enter__(self) -> "CuttingProxy":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with suppress(OSError), client, socket.create_connection(("127.0.0.1", self._broker_port)) as broker:
                self._pass(client, broker)

    def _pass(self, client: socket.socket, broker: socket.socket) -> None:
        """Until one side hangs up, or the cut."""
        left = self._dice.randint(*self._range)
        with selectors.DefaultSelector() as waiting:
            waiting.register(client, selectors.EVENT_READ, broker)
            waiting.register(broker, selectors.EVENT_READ, client)
            while True:
                for key, _ in waiting.select():
                    source: socket.socket = key.fileobj  # type: ignore[assignment]  # registered above
                    content = source.recv(65536)
                    if not content:
                        return
                    if source is broker and self.cuts_left:
                        if left <= len(content):
                            self._cut(client, broker, content[:left])
                            return
                        left -= len(content)
                    key.data.sendall(content)

    def _cut(self, client: socket.socket, broker: socket.socket, last: bytes) -> None:
        """The last bytes end anywhere, mostly within a packet."""
        self.cuts_left -= 1
        client.sendall(last)
        for one in (client, broker):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
