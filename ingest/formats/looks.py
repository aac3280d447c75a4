"""What bytes that are no JSON look like, in words that say what to do. Asked only after decoding has failed."""

import codecs

MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which some editors and frameworks put in front of a text."""
_JSON_BEGINS = frozenset({b"{", b"["})
_ADVICE = "looks like {}; {}"
_LOOKED_AT = 512
"""Bytes of a text from the first strange one on: all of a large payload would cost many milliseconds."""
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"x\x9c": "zlib", b"x\xda": "zlib", b"x\x01": "zlib"}
_WIDE = {  # the longer ones first: a mark of UTF-32 begins with one of UTF-16
    **{b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"},
    **{b"{\0\0\0": "UTF-32", b"[\0\0\0": "UTF-32", b"\0\0\0{": "UTF-32", b"\0\0\0[": "UTF-32"},
    **{b"{\0": "UTF-16", b"[\0": "UTF-16", b"\0{": "UTF-16", b"\0[": "UTF-16"},
}


def is_marked(payload: bytes) -> bool:
    """A byte order mark with JSON behind it. No binary format of ours begins like this."""
    return payload[:3] == MARK and payload[3:].lstrip()[:1] in _JSON_BEGINS


def why_no_json(payload: bytes, exc: Exception) -> str:
    """What the parser says, with what the bytes look like; `exc` is a DecodeError or a UnicodeDecodeError."""
    if type(exc) is not UnicodeDecodeError:
        if payload[:1] in _JSON_BEGINS and payload[1:2] != b"\0":
            return str(exc)  # most of all bad messages: cut off on the way
        look = packed_or_wide(payload)
        return str(exc) if look is None else f"{exc}; {look}"
    try:
        payload.decode()
    except UnicodeDecodeError as place:  # the parser's own counts from the beginning of a string inside
        look = _ADVICE.format(_code_page(payload[place.start : place.start + _LOOKED_AT]), "send it as UTF-8")
        return f"not UTF-8: byte 0x{payload[place.start]:02x} (byte {place.start}); {look}"
    return str(exc)


def packed_or_wide(payload: bytes) -> str | None:
    """None for what looks like neither; the words name what it is and what to do."""
    packed = _named(payload, _PACKED)
    if packed is not None:
        return _ADVICE.format(packed, "send it uncompressed")
    wide = _named(payload, _WIDE)
    return None if wide is None else _ADVICE.format(wide, "send it as UTF-8")


def _named(payload: bytes, names: dict[bytes, str]) -> str | None:
    return next((name for begin, name in names.items() if payload.startswith(begin)), None)


def _code_page(payload: bytes) -> str:
    """Chinese letters take two bytes, both of them beyond ASCII nearly always; Latin ones with accents stand alone."""
    try:
        codecs.getincrementaldecoder("gb18030")().decode(payload)  # the last letter may be cut in half
    except UnicodeDecodeError:
        return "Latin-1 (Windows-1252)"
    runs = "".join("x" if byte >= 0x80 else " " for byte in payload).split()
    last_is_whole = payload[-1:].isascii()
    whole = runs if last_is_whole else runs[:-1] or runs
    return "GBK (GB 18030)" if all(len(run) % 2 == 0 for run in whole) else "Latin-1 (Windows-1252)"
