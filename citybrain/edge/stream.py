"""Fans the live picture out to whoever follows it: newest wins, a slow follower never holds the others."""

import asyncio
import threading
from collections.abc import AsyncIterator

HEARTBEAT_S = 10.0


class PictureStream:
    """The engine's thread publishes bytes; each follower on the event loop sees the newest one it has not seen."""

    def __init__(self, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._heartbeat_s = heartbeat_s
        self._lock = threading.Lock()
        self._latest: bytes = b"{}"
        self._counter = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event | None = None
        self._closed = False

    @property
    def latest(self) -> bytes:
        return self._latest

    def publish(self, picture: bytes) -> None:
        """From any thread."""
        with self._lock:
            self._latest, self._counter = picture, self._counter + 1
        self._wake()

    def close(self) -> None:
        """End every follower, so that the server can stop. From any thread."""
        self._closed = True
        self._wake()

    async def follow(self) -> AsyncIterator[bytes]:
        """Server-sent events: the picture now, then each newer one; a comment when nothing came for a while."""
        self._loop = asyncio.get_running_loop()
        if self._news is None:
            self._news = asyncio.Event()
        seen = -1
        while not self._closed:
            news = self._news
            if seen != self._counter:
                with self._lock:
                    seen, picture = self._counter, self._latest
                yield b"id: %d\ndata: %s\n\n" % (seen, picture)
                continue
            try:
                await asyncio.wait_for(news.wait(), self._heartbeat_s)
            except TimeoutError:
                yield b": still here\n\n"

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._renew)

    def _renew(self) -> None:
        waiting, self._news = self._news, asyncio.Event()
        if waiting is not None:
            waiting.set()
