"""One slow browser costs neither memory nor the others' time."""

import asyncio

from dashboard.live.hub import QUEUED_FRAMES, Hub
from dashboard.live.stream import frames


def test_a_slow_reader_keeps_only_the_newest_frames() -> None:
    async def scene() -> list[bytes | None]:
        hub = Hub()
        with hub.subscribed() as queue:
            for n in range(100):
                hub.publish(b"%d" % n)
            assert queue.qsize() == QUEUED_FRAMES
            return [queue.get_nowait() for _ in range(queue.qsize())]

    assert asyncio.run(scene()) == [b"98", b"99"]


def test_dropped_frames_are_counted() -> None:
    async def scene() -> int:
        hub = Hub()
        with hub.subscribed():
            for n in range(5):
                hub.publish(b"%d" % n)
        return hub.dropped

    assert asyncio.run(scene()) == 5 - QUEUED_FRAMES


def test_a_reader_who_leaves_is_forgotten() -> None:
    async def scene() -> int:
        hub = Hub()
        with hub.subscribed():
            pass
        return len(hub)

    assert asyncio.run(scene()) == 0


def test_a_stream_begins_with_the_picture_and_goes_on_with_news() -> None:
    async def scene() -> list[bytes]:
        hub = Hub()
        stream = frames(hub, first=lambda: b"{}", may_go_on=lambda: True)
        told = [await anext(stream)]
        hub.publish(b'{"n":1}')
        told.append(await anext(stream))
        return told

    assert asyncio.run(scene()) == [b"retry: 1500\nid: 0\ndata: {}\n\n", b'id: 1\ndata: {"n":1}\n\n']


def test_closing_the_hub_ends_streams_that_are_open_and_those_that_come_later() -> None:
    async def scene() -> list[int]:
        hub = Hub()
        early = frames(hub, first=lambda: b"{}", may_go_on=lambda: True)
        await anext(early)
        hub.close()
        late = frames(hub, first=lambda: b"{}", may_go_on=lambda: True)
        return [len([frame async for frame in stream]) for stream in (early, late)]

    assert asyncio.run(scene()) == [0, 1]


def test_a_stream_ends_when_its_session_does() -> None:
    async def scene() -> int:
        hub = Hub()
        stream = frames(hub, first=lambda: b"{}", may_go_on=lambda: False)
        count = 0
        async for _ in stream:
            count += 1
            hub.publish(b"{}")
        return count

    assert asyncio.run(scene()) == 1 + 20
