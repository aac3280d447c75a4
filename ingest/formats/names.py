"""Device names as messages give them, folded to one spelling."""

import base64
import binascii

from domain.errors import Unusable
from domain.messages import Reason
from domain.names import folded, is_eui, why_no_name

__all__ = ["device_name", "eui", "folded"]


def device_name(name: object) -> str:
    """The folded name. Raises Unusable(WRONG_SHAPE) for an empty or absurd one."""
    text = str(name).strip()
    is_name = isinstance(name, str | int) and not isinstance(name, bool)
    reason = why_no_name(text) if is_name else f"no device name: {text[:60]!r}"
    if reason is not None:
        raise Unusable(Reason.WRONG_SHAPE, reason)
    return folded(text)


def eui(text: str) -> str:
    """An EUI-64 in hex or in base64 of 8 bytes, as some marshalers write it. Raises Unusable(WRONG_SHAPE)."""
    if is_eui(text):
        return folded(text)
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 8:
        raise Unusable(Reason.WRONG_SHAPE, f"{text[:60]!r} is no EUI-64; it has 16 hex digits")
    return raw.hex()
