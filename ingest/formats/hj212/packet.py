"""One frame opened: its header, its content as text, and how far it can be trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.bounds import spelled
from ingest.formats.hj212.crc import Check, checked, checksum

_FRAME = re.compile(rb"##(\d{3,4})(.*&&)([0-9A-Fa-f]{4})\s*", re.DOTALL)
_CONTENT = re.compile(r"CP\s*=\s*&&")
_NO_NAME = frozenset({"", "null", "none", "nan"})
_MOST_PARTS = 999
_LONGEST_WORD = 64
"""Of QN, CN and PW: what goes beyond it is no word of the standard, and must not fill our memory."""
FIRST_ENCRYPTED_VERSION = 2
"""Version bits of Flag: 0 = 2005, 1 = 2017, 2 = 2025."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """`part` of `parts` counts from 1; a packet that is not split is part 1 of 1."""

    qn: str
    cn: str
    pw: str
    mn: str
    flag: int
    part: int
    parts: int
    content: str
    """Between the two `&&`."""
    check: Check
    notices: tuple[str, ...]

    @property
    def version(self) -> int:
        return self.flag >> 2

    @property
    def wants_answer(self) -> bool:
        return bool(self.flag & 1)


def opened(frame: bytes) -> Packet:
    """The packet in a frame. Raises Unusable(WRONG_SHAPE) for a damaged one, naming both checksums."""
    match = _FRAME.fullmatch(frame)
    if match is None:
        raise _unusable(f"no HJ 212 frame (##, length, header, CP=&&…&&, CRC): '{spelled(frame[:60])}'")
    segment, given = match[2], int(match[3], 16)
    text = _text(segment)
    check = checked(segment, given)
    is_long_enough = int(match[1]) in (len(segment), len(text))
    if check is Check.WRONG or (check is Check.PLACEHOLDER and not is_long_enough):
        raise _unusable(
            f"CRC {match[3].decode()} on the wire, {checksum(segment):04X} computed"
            f" (length {match[1].decode()}, {len(segment)} bytes came); mend the station or its line"
        )
    notices = [] if check is Check.EXACT else [f"the checksum is {check}: kept as uncertain"]
    if not is_long_enough or len(match[1]) != 4:
        notices.append(f"length {match[1].decode()} for {len(segment)} bytes: the checksum vouches for the frame")
    return _packet(text, check, tuple(notices))


def _text(segment: bytes) -> str:
    try:
        return segment.decode()
    except UnicodeDecodeError:
        return segment.decode("gb18030", errors="replace")


def _packet(text: str, check: Check, notices: tuple[str, ...]) -> Packet:
    content = _CONTENT.search(text)
    if content is None:
        raise _unusable(f"no CP=&&…&& in {text[:60]!r}")
    inside = text[content.end() : -2]
    header = _fields(text[: content.start()])
    also = _fields(inside.partition("DataTime")[0])  # some put the request's number into the content
    parts = _count(header, "pnum", 1)
    part = _count(header, "pno", 1)
    if not 1 <= part <= parts <= _MOST_PARTS:
        raise _unusable(f"PNO={part} of PNUM={parts}; parts count from 1 to PNUM, at most {_MOST_PARTS}")
    return Packet(
        qn=(header.get("qn") or also.get("qn", ""))[:_LONGEST_WORD],
        cn=header.get("cn", "")[:_LONGEST_WORD],
        pw=header.get("pw", "")[:_LONGEST_WORD],
        mn=_name(header.get("mn", "")),
        flag=_count(header, "flag", 0),
        part=part,
        parts=parts,
        content=inside,
        check=check,
        notices=notices,
    )


def _fields(text: str) -> Mapping[str, str]:
    """Name in lower case → value; of two with the same name the first."""
    found: dict[str, str] = {}
    for item in re.split("[;,]", text):
        name, equals, value = item.partition("=")
        if equals:
            found.setdefault(name.strip().casefold(), value.strip())
    return found


def _name(mn: str) -> str:
    if mn.casefold() in _NO_NAME:
        raise _unusable(f"MN={mn!r} names no station; set it at the station")
    return mn


def _count(header: Mapping[str, str], name: str, default: int) -> int:
    text = header.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise _unusable(f"{name.upper()}={text[:20]!r} is no number")
    return int(text)


def _unusable(detail: str) -> Unusable:
    return Unusable(Reason.WRONG_SHAPE, detail)
