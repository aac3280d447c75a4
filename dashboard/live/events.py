"""Reads and writes server-sent events, the format between engine, web process and browser."""

from collections.abc import AsyncIterator

from domain.errors import Temporary

MOST_BYTES = 32 * 1024 * 1024
"""Of one event; an engine that sends more is not speaking our language."""


def event(content: bytes, *, id_: int) -> bytes:
    """One event; `content` is JSON and therefore has no line break."""
    return b"id: %d\ndata: %s\n\n" % (id_, content)


def comment(text: str) -> bytes:
    """Keeps a connection alive without meaning anything."""
    return f": {text}\n\n".encode()


async def contents(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes | None]:
    """The `data` of each event in order; None for a comment: nothing new, but the other side lives.

    Splits bytes, not lines of text: JSON may hold U+2028, which Python takes for a line break and the format does not.
    """
    rest = b""
    async for chunk in chunks:
        rest += chunk.replace(b"\r\n", b"\n")
        if len(rest) > MOST_BYTES:
            raise Temporary(f"an event of more than {MOST_BYTES} bytes; is this the engine's address?")
        *blocks, rest = rest.split(b"\n\n")
        for block in blocks:
            lines = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
            yield b"\n".join(lines) if lines else None
