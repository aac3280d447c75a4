"""Cuts a stream or a message into frames; what lies between them is kept as it is, never skipped in silence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.formats.bounds import spelled

LONGEST = 16 * 1024
"""Bytes of one frame. The length field reaches to 9,999; Chinese text may be counted in characters."""

_START = re.compile(rb"##(\d{3,4})(?=\s*[A-Za-z]{2,4}\s*=)")
_CONTENT = re.compile(rb"CP\s*=\s*&&")
_CHECKSUM = re.compile(rb"[0-9A-Fa-f]{4}")
_LONGEST_START = 16
"""Where a start has not wholly arrived yet, it is within the last so many bytes."""
_END_BYTES = 4
"""Of the checksum, which the length field does not count."""
_SHOWN = 60
_BLANK = b"\r\n\t \0"


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame from `##` to its checksum, or bytes that are none."""

    content: bytes
    is_frame: bool


def cut(stream: bytes, *, is_all: bool) -> tuple[list[Piece], bytes]:
    """The pieces, and the rest that waits for more. `is_all`: nothing more will come, so there is no rest."""
    pieces: list[Piece] = []
    starts = [match.start() for match in _START.finditer(stream)]
    bounds = [*starts, len(stream)]
    head = stream[: bounds[0]]
    if not starts:
        return _headless(head, is_all=is_all)
    pieces.extend(_garbage(head))
    for index, begin in enumerate(starts):
        region = stream[begin : bounds[index + 1]]
        is_last = index == len(starts) - 1
        end = _end(region)
        if end is None and is_last and not is_all and len(region) <= LONGEST and not _is_over(region):
            return pieces, region
        pieces.extend(_pieces(region, end) if not is_last or is_all else _pieces(region[:end], end))
        if is_last and not is_all and end is not None:
            more, rest = _headless(region[end:], is_all=False)
            return [*pieces, *more], rest
    return pieces, b""


def why_none(content: bytes) -> str:
    """What is wrong with bytes that are no frame: cut off on the way, without an end, or something else."""
    begin = _START.match(content)
    if begin is None:
        return f"no HJ 212 frame: {len(content)} bytes, '{spelled(content[:_SHOWN])}'"
    announced, came = int(begin[1]), len(content) - begin.end()
    if came < announced + _END_BYTES:
        told = f"{announced} bytes announced and {_END_BYTES} of checksum behind them, {came} came"
        return f"the HJ 212 frame is cut off: {told}; send it whole: '{spelled(content[:_SHOWN])}'"
    told = f"{announced} bytes announced, {came} came, and no && with a checksum where they end"
    return f"no HJ 212 frame: {told}: '{spelled(content[:_SHOWN])}'"


def _headless(stream: bytes, *, is_all: bool) -> tuple[list[Piece], bytes]:
    """Bytes without a start: a start may still be on its way at their end."""
    if is_all:
        return list(_garbage(stream)), b""
    tail = stream.rfind(b"#", max(0, len(stream) - _LONGEST_START))
    if tail > 0 and stream[tail - 1 : tail] == b"#":
        tail -= 1
    waiting = stream[tail:] if tail >= 0 else b""
    return list(_garbage(stream[: len(stream) - len(waiting)])), waiting


def _pieces(region: bytes, end: int | None) -> Iterator[Piece]:
    """A region from one start to before the next."""
    if end is None:
        yield from _garbage(region)
        return
    yield Piece(region[:end], is_frame=True)
    yield from _garbage(region[end:])


def _garbage(content: bytes) -> Iterator[Piece]:
    if stripped := content.strip(_BLANK):
        yield Piece(stripped, is_frame=False)


def _end(region: bytes) -> int | None:
    """Behind the checksum: where the length says, or else behind the first `&&` after the content that has one."""
    begin = _START.match(region)
    if begin is None:
        return None
    if _closes(region, begin.end() + int(begin[1]) - 2):
        return begin.end() + int(begin[1]) + 4
    content = _CONTENT.search(region)
    at = content.end() if content else None
    while at is not None and (at := region.find(b"&&", at)) >= 0:
        if _closes(region, at):
            return at + 6
        at += 1
    return None


def _closes(region: bytes, at: int) -> bool:
    return at >= 0 and region[at : at + 2] == b"&&" and _CHECKSUM.fullmatch(region, at + 2, at + 6) is not None


def _is_over(region: bytes) -> bool:
    """Its line has ended without a checksum."""
    return b"\r\n" in region
