"""Events survive being cut into pieces anywhere, as networks do."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import events
from domain.errors import Temporary


def read(pieces: list[bytes]) -> list[bytes | None]:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def scene() -> list[bytes | None]:
        return [content async for content in events.contents(chunks())]

    return asyncio.run(scene())


@given(st.lists(st.text(), max_size=5), st.integers(min_value=1, max_value=7))
def test_what_is_written_is_read_however_it_is_cut(texts: list[str], length: int) -> None:
    written = [json.dumps(text, ensure_ascii=False).encode() for text in texts]
    sent = b"".join(events.event(content, id_=n) for n, content in enumerate(written))
    assert read([sent[at : at + length] for at in range(0, len(sent), length)]) == written


def test_a_line_separator_inside_json_ends_no_event() -> None:
    content = json.dumps("a\u2028b\x85c", ensure_ascii=False).encode()
    assert read([events.event(content, id_=1)]) == [content]


def test_a_comment_is_a_sign_of_life() -> None:
    assert read([events.comment("still here")]) == [None]


def test_an_endless_event_is_given_up() -> None:
    with pytest.raises(Temporary):
        read([b"x" * 1024 * 1024] * 33)
