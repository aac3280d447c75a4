"""The stream of pictures: the newest wins, silence is broken by a heartbeat, the end comes to everybody."""

import asyncio
import threading
from collections.abc import AsyncIterator

from citybrain.edge.stream import PictureStream


async def soon(events: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(events), 60.0)


def test_a_new_follower_sees_the_picture_of_now_at_once() -> None:
    async def story() -> None:
        stream = PictureStream()
        stream.publish(b'{"n": 1}')
        assert await soon(stream.follow()) == b'id: 1\ndata: {"n": 1}\n\n'

    asyncio.run(story())


def test_a_follower_hears_of_the_next_picture_from_another_thread() -> None:
    async def story() -> None:
        stream = PictureStream()
        events = stream.follow()
        await soon(events)
        waiting = asyncio.ensure_future(soon(events))
        await asyncio.sleep(0)
        threading.Thread(target=stream.publish, args=(b"2",)).start()
        assert await waiting == b"id: 1\ndata: 2\n\n"

    asyncio.run(story())


def test_a_slow_follower_sees_the_newest_and_none_in_between() -> None:
    async def story() -> None:
        stream = PictureStream()
        events = stream.follow()
        await soon(events)
        for number in range(100):
            stream.publish(b"%d" % number)
        assert await soon(events) == b"id: 100\ndata: 99\n\n"

    asyncio.run(story())


def test_followers_do_not_take_from_each_other() -> None:
    async def story() -> None:
        stream = PictureStream()
        followers = [stream.follow() for _ in range(3)]
        for events in followers:
            await soon(events)
        waiting = [asyncio.ensure_future(soon(events)) for events in followers]
        await asyncio.sleep(0)
        stream.publish(b"news")
        assert await asyncio.gather(*waiting) == [b"id: 1\ndata: news\n\n"] * 3

    asyncio.run(story())


def test_silence_is_broken_by_a_comment() -> None:
    async def story() -> None:
        events = PictureStream(heartbeat_s=0.01).follow()
        await soon(events)
        assert await soon(events) == b": still here\n\n"

    asyncio.run(story())


def test_closing_ends_those_that_wait_and_those_that_come() -> None:
    async def story() -> None:
        stream = PictureStream()
        events = stream.follow()
        await soon(events)
        waiting = asyncio.ensure_future(anext(events, None))
        await asyncio.sleep(0)
        threading.Thread(target=stream.close).start()
        assert await asyncio.wait_for(waiting, 60.0) is None
        assert [event async for event in stream.follow()] == []

    asyncio.run(story())


def test_publishing_to_nobody_keeps_the_latest() -> None:
    stream = PictureStream()
    stream.publish(b"1")
    stream.publish(b"2")
    assert stream.latest == b"2"
