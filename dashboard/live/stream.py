"""The stream that a browser reads: the picture now, then each newer one, for as long as its session lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable

from dashboard.live.events import comment, event
from dashboard.live.hub import Hub

HEARTBEAT_S = 10.0
RETRY_MS = 1500
CHECK_SESSION_EVERY = 20
"""Frames; and at each heartbeat."""


async def frames(hub: Hub, *, first: Callable[[], bytes], may_go_on: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Server-sent events. Ends when the hub closes, or at the first heartbeat after the session ended."""
    with hub.subscribed() as queue:
        number = 0
        yield f"retry: {RETRY_MS}\n".encode() + event(first(), id_=number)
        while True:
            try:
                content = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                is_check_due = True
                yield comment("still here")
            else:
                if content is None:
                    return
                number += 1
                is_check_due = number % CHECK_SESSION_EVERY == 0
                yield event(content, id_=number)
            if is_check_due and not may_go_on():
                return
