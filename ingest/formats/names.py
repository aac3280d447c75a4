"""Device names as networks spell them, folded to one spelling."""

import base64
import binascii
import re
from functools import lru_cache

from domain.errors import Unusable
from domain.messages import Reason

_EUI = re.compile(r"[0-9A-Fa-f]{2}(?:([-:]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){6}")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f#+]")
_LONGEST = 200


@lru_cache(maxsize=200_000)
def folded(name: str) -> str:
    """An EUI-64 (16 hex digits, with or without - or :) in lower case without separators; other names as they are."""
    return re.sub(r"[-:]", "", name).lower() if _EUI.fullmatch(name) else name


def device_name(name: object) -> str:
    """The folded name. Raises Unusable(WRONG_SHAPE) for an empty or absurd one."""
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
        raise Unusable(Reason.WRONG_SHAPE, f"no device name: {str(name)[:60]!r}")
    text = str(name).strip()
    if len(text) > _LONGEST or _FORBIDDEN.search(text):
        raise Unusable(
            Reason.WRONG_SHAPE, f"{text[:60]!r} cannot name a device; control characters, # and + are refused"
        )
    return folded(text)


def eui(text: str) -> str:
    """An EUI-64 in hex or in base64 of 8 bytes, as some marshalers write it. Raises Unusable(WRONG_SHAPE)."""
    if _EUI.fullmatch(text):
        return folded(text)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 8:
        raise Unusable(Reason.WRONG_SHAPE, f"{text[:60]!r} is no EUI-64; it has 16 hex digits")
    return raw.hex()
