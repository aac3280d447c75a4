"""Names of devices as networks and files spell them, folded to one spelling."""

import re
from functools import lru_cache

LONGEST = 200
_EUI = re.compile(r"[0-9A-Fa-f]{2}(?:([-:]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){6}")
_EUI_LENGTHS = (16, 23)
"""Without and with separators: whatever has another length need not be looked at."""
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff#+]")
"""Wildcards of MQTT; control characters, turns of the direction of writing, and what no UTF-8 can say."""


def is_eui(text: str) -> bool:
    """Whether it is an EUI-64: 16 hex digits, with or without - or : between the bytes."""
    return len(text) in _EUI_LENGTHS and _EUI.fullmatch(text) is not None


def folded(name: str) -> str:
    """An EUI-64 in lower case without separators; other names as they are."""
    return _folded_eui(name) if len(name) in _EUI_LENGTHS else name


def why_no_name(text: str) -> str | None:
    """Why this cannot name a device, or None when it can."""
    if not text.strip():
        return f"no device name: {text[:60]!r}"
    if len(text) > LONGEST or _FORBIDDEN.search(text):
        return f"{text[:60]!r} cannot name a device; control characters, # and + are refused"
    return None


@lru_cache(maxsize=200_000)
def _folded_eui(name: str) -> str:
    return re.sub(r"[-:]", "", name).lower() if _EUI.fullmatch(name) else name
