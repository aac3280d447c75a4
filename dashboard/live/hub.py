"""Fans frames out to all browsers: each has a short queue of its own, so that a slow one holds back nobody else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

QUEUED_FRAMES = 2
"""A frame replaces the one before it, so that more than two waiting ones are only late ones."""

Queue = asyncio.Queue[bytes | None]


class Hub:
    """Lives on one event loop. None in a queue ends its reader."""

    def __init__(self) -> None:
        self._queues: set[Queue] = set()
        self._is_closed = False
        self.dropped = 0
        """Frames that slow browsers never saw."""

    def __len__(self) -> int:
        return len(self._queues)

    @contextmanager
    def subscribed(self) -> Iterator[Queue]:
        """A queue that receives every frame published meanwhile."""
        queue: Queue = asyncio.Queue(QUEUED_FRAMES)
        self._queues.add(queue)
        if self._is_closed:
            queue.put_nowait(None)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def publish(self, frame: bytes) -> None:
        for queue in self._queues:
            self._put(queue, frame)

    def close(self) -> None:
        """End all readers, and those who come later: the process is stopping."""
        self._is_closed = True
        for queue in self._queues:
            self._put(queue, None)

    def _put(self, queue: Queue, item: bytes | None) -> None:
        if queue.full():
            queue.get_nowait()
            self.dropped += 1
        queue.put_nowait(item)
