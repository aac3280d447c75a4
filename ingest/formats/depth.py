"""How deep a JSON text is nested, without building it."""

import re

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = bytes.maketrans(b"[]", b"{}")
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


def is_deeper(payload: bytes, limit: int) -> bool:
    """Whether well-formed JSON has more than `limit` levels of objects and arrays."""
    if payload.count(b"{") + payload.count(b"[") <= limit:
        return False
    rest = _STRINGS.sub(b"", payload).translate(_BRACKETS, _OTHERS)
    for _ in range(limit):
        if not rest:
            return False
        rest = rest.replace(b"{}", b"")  # takes the innermost level away
    return bool(rest)
